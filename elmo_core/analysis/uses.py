"""Every use of one word in a text: the rows of a concordance, and the dots of a map."""

from __future__ import annotations

import difflib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.analysis.queries import WORD, forms, parse_query
from elmo_core.tables.records import Progress
from elmo_core.text.tokenisation import tokenise

MAX_USES = 1000
"""More uses than this are sampled (seeded); `Uses.found` keeps the true number."""

_REMEMBERED = 20_000  # sentences whose tokens are kept until the uses are chosen
_REPORTED = 2_000  # sentences between two reports of progress
_FEW_FORMS = 20  # so many are looked for one by one; more are words of the vocabulary, looked up at once


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
    inflections: bool = False,
    progress: Progress | None = None,
) -> Uses:
    """Find every use of a word, of several, or of all that a pattern matches: whole tokens, in any case.

    Args:
        sentences: N sentences, each a string or a list of tokens.
        word: `bank`, `bank, shore` or `/bank.*/`, see `elmo_core.analysis.queries`.
        labels: N gold senses of the word in these sentences, None where it is not known.
        max_uses: keep a seeded sample of this many.
        seed: of that sample.
        inflections: whether other forms of the word count as well (English: banks for bank).
        progress: told the share of the sentences looked at; an error it raises stops the search.

    Raises:
        InputError: the query is empty or makes no sense, so that no single token can match it.
    """
    query = parse_query(word)
    vocabulary = _spellings(sentences) if query.needs_vocabulary or inflections else ()
    search = _Search(sentences, forms(query, vocabulary, inflections=inflections))
    places = []
    for index in range(len(sentences)):
        places += [(index, position) for position in search.positions(index)]
        if progress and index % _REPORTED == 0:
            progress(index / len(sentences))
    kept = sorted(random.Random(seed).sample(range(len(places)), min(max_uses, len(places))))
    uses = [
        search.use(number, *places[place], labels[places[place][0]] if labels is not None else None)
        for number, place in enumerate(kept)
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
        counts.update(WORD.findall(sentence.casefold()))
    return counts


def _spellings(sentences: Sequence[str | Sequence[str]]) -> set[str]:
    """Every case-folded word of strings, every token of token lists."""
    texts = [sentence for sentence in sentences if isinstance(sentence, str)]
    lists = [sentence for sentence in sentences if not isinstance(sentence, str)]
    return {*count_words(texts), *(token.casefold() for tokens in lists for token in tokens)}


class _Search:
    """Finds words in sentences, and tokenises those sentences alone that hold one."""

    def __init__(self, sentences: Sequence[str | Sequence[str]], wanted: frozenset[str]) -> None:
        self._sentences, self._wanted = sentences, wanted
        self._tokens: dict[int, tuple[str, ...]] = {}

    def positions(self, index: int) -> list[int]:
        """Where the words stand in one sentence."""
        sentence = self._sentences[index]
        if isinstance(sentence, str) and not self._mentions(sentence.casefold()):
            return []
        tokens = self._tokens_of(index)
        found = [position for position, token in enumerate(tokens) if token.casefold() in self._wanted]
        if found and len(self._tokens) < _REMEMBERED:
            self._tokens[index] = tokens
        return found

    def use(self, number: int, index: int, position: int, label: str | None) -> Use:
        """One use with its context."""
        sentence, tokens = self._sentences[index], self._tokens_of(index)
        text = sentence if isinstance(sentence, str) else " ".join(tokens)
        spans = _spans(text, tokens) or _spans(text := " ".join(tokens), tokens) or []
        start, end = spans[position]
        return Use(number, index, position, tokens, label, text[:start], text[end:])

    def _tokens_of(self, index: int) -> tuple[str, ...]:
        sentence = self._sentences[index]
        if not isinstance(sentence, str):
            return tuple(sentence)
        return self._tokens.get(index) or tuple(tokenise(sentence))

    def _mentions(self, folded: str) -> bool:
        if len(self._wanted) <= _FEW_FORMS:
            return any(form in folded for form in self._wanted)
        return not self._wanted.isdisjoint(WORD.findall(folded))


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
