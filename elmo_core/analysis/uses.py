"""Every use of one word in a text: the rows of a concordance, and the dots of a map."""

from __future__ import annotations

import difflib
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.text.tokenisation import tokenise

MAX_USES = 1000
"""More uses than this are sampled (seeded); `Uses.found` keeps the true number."""

_SPELLING = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(frozen=True)
class Use:
    """One use of a word in its sentence."""

    id: int
    """Number of the use among all uses shown."""
    sentence: int
    """Number of its sentence in the text."""
    position: int
    """Which token of the sentence it is."""
    tokens: tuple[str, ...]
    """The whole sentence."""
    label: str | None
    """Its gold sense, where one is known."""
    left: str
    """The text before it, up to the use itself."""
    right: str
    """The text after it."""

    @property
    def word(self) -> str:
        """The word as it is spelt here."""
        return self.tokens[self.position]

    @property
    def text(self) -> str:
        """The whole sentence as it was written."""
        return f"{self.left}{self.word}{self.right}".strip()


@dataclass(frozen=True)
class Uses:
    """The uses of one word, in the order of the text."""

    word: str
    """The word as it was asked for."""
    found: int
    """How many uses the text holds; more than `len(uses)` when they were sampled."""
    uses: tuple[Use, ...]

    @property
    def labels(self) -> tuple[str | None, ...]:
        """The gold sense of each use, None where it is not known."""
        return tuple(use.label for use in self.uses)


def find_uses(
    sentences: Sequence[str | Sequence[str]],
    word: str,
    labels: Sequence[str | None] | None = None,
    *,
    max_uses: int = MAX_USES,
    seed: int = 42,
) -> Uses:
    """Find every use of a word: whole tokens, upper and lower case alike.

    Args:
        sentences: N sentences, each a string or a list of tokens.
        word: one token.
        labels: N gold senses of the word in these sentences, None where it is not known.
        max_uses: keep a seeded sample of this many.
        seed: of that sample.

    Raises:
        InputError: the word is empty, or more than one token, so that no single token can match it.
    """
    wanted = _one_token(word)
    places = [
        (index, position, tokens, left, right)
        for index, sentence in enumerate(sentences)
        for position, tokens, left, right in _places(sentence, wanted)
    ]
    kept = sorted(random.Random(seed).sample(range(len(places)), min(max_uses, len(places))))
    uses = [
        Use(number, index, position, tokens, labels[index] if labels is not None else None, left, right)
        for number, (index, position, tokens, left, right) in enumerate(places[place] for place in kept)
    ]
    return Uses(word.strip(), len(places), tuple(uses))


def gather_vectors(uses: Uses, layers: Sequence[np.ndarray]) -> np.ndarray:
    """Take each use's vectors out of those of its sentence.

    Args:
        uses: n uses.
        layers: for each use the (L, T, D) vectors of its sentence.

    Returns:
        (L, n, D).
    """
    return np.stack([array[:, use.position] for use, array in zip(uses.uses, layers, strict=True)], axis=1)


def nearest_words(sentences: Sequence[str], word: str, n: int = 5) -> tuple[tuple[str, int], ...]:
    """Words of a text that are spelt most like one that is not in it, each with its number of uses."""
    wanted = word.strip().casefold()
    vocabulary = [spelling for spelling in count_words(sentences) if abs(len(spelling) - len(wanted)) <= 3]
    near = difflib.get_close_matches(wanted, vocabulary, n=2 * n, cutoff=0.5)
    counted = [(spelling, find_uses(sentences, spelling, max_uses=0).found) for spelling in near]
    return tuple((spelling, count) for spelling, count in counted if count)[:n]


def frequent_words(sentences: Sequence[str], n: int = 10) -> tuple[str, ...]:
    """The most frequent words of a text, those of three letters or fewer and function words left out."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    counts = count_words(sentences)
    telling = [word for word, _ in counts.most_common() if len(word) > 3 and word not in ENGLISH_STOP_WORDS]
    return tuple(telling[:n])


def count_words(sentences: Sequence[str]) -> Counter[str]:
    """Count the case-folded words of a text: runs of letters, hyphens inside them included."""
    counts: Counter[str] = Counter()
    for sentence in sentences:
        counts.update(_SPELLING.findall(sentence.casefold()))
    return counts


def _one_token(word: str) -> str:
    """The case-folded token that a use must equal."""
    tokens = tokenise(word)
    if not tokens:
        raise InputError("Type a word to see its uses.")
    if len(tokens) > 1:
        found = " | ".join(tokens)
        raise InputError(
            f"A use is one token; {word.strip()!r} is {len(tokens)} ({found}). Choose one of them."
        )
    return tokens[0].casefold()


def _places(sentence: str | Sequence[str], wanted: str) -> Iterator[tuple[int, tuple[str, ...], str, str]]:
    """Yield (position, tokens, text before, text after) of every match in one sentence."""
    if not isinstance(sentence, str):
        tokens = tuple(sentence)
        text = " ".join(tokens)
    elif wanted in sentence.casefold():  # spares the other sentences of a long text their tokenisation
        tokens, text = tuple(tokenise(sentence)), sentence
    else:
        return
    spans = _spans(text, tokens) or _spans(text := " ".join(tokens), tokens) or []
    for position, (token, (start, end)) in enumerate(zip(tokens, spans, strict=True)):
        if token.casefold() == wanted:
            yield position, tokens, text[:start], text[end:]


def _spans(sentence: str, tokens: Sequence[str]) -> list[tuple[int, int]] | None:
    """Where each token stands in the sentence; None if the tokeniser changed a character."""
    spans, cursor = [], 0
    for token in tokens:
        start = sentence.find(token, cursor)
        if start < 0:
            return None
        cursor = start + len(token)
        spans.append((start, cursor))
    return spans
