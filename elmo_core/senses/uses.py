"""Every use of one word or phrase in a text: the rows of a concordance, and the dots of a map."""

from __future__ import annotations

import difflib
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from elmo_core.progress import Report
from elmo_core.senses.queries import PhraseFinder, forms, parse_query
from elmo_core.text.levelling import fold
from elmo_core.text.tokenisation import Phrase, tokenise, tokenise_with_places

MAX_USES = 1000
"""More uses than this are sampled (seeded); `Uses.found` keeps the true number."""

_REMEMBERED = 20_000  # sentences whose tokens are kept until the uses are chosen
_REPORTED = 2_000  # sentences between two reports of progress
_SHORT = 2  # letters; most words of so few are function words


@dataclass(frozen=True)
class Use:
    """One use of a word or phrase in its sentence."""

    id: int
    """Number of the use among all uses shown."""
    sentence: int
    """Number of its sentence in the text."""
    position: int
    """Its first token in the sentence."""
    tokens: tuple[str, ...]
    """The whole sentence."""
    label: str | None
    """Its gold sense, where one is known."""
    left: str
    """The text before it, up to the use itself."""
    right: str
    """The text after it."""
    length: int = 1
    """Number of its tokens."""
    spelling: str = ""
    """Its spelling in the text where that differs from its tokens, as with a curly apostrophe."""

    @property
    def span(self) -> range:
        """Positions of its tokens."""
        return range(self.position, self.position + self.length)

    @property
    def word(self) -> str:
        """The word as it is spelt here."""
        return self.spelling or " ".join(self.tokens[at] for at in self.span)

    @property
    def phrase(self) -> Phrase:
        """Its folded tokens, as it is compared with others."""
        return tuple(fold(self.tokens[at]) for at in self.span)

    @property
    def form(self) -> str:
        """The same as one string, which is a query for it too."""
        return " ".join(self.phrase)

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
    report: Report | None = None,
) -> Uses:
    """Find every use of a word, a phrase, several, or all that a pattern matches: whole tokens, in any case.

    Where two matches overlap (`York, New York`), the longer one counts.

    Args:
        sentences: N sentences, each a string or a list of tokens.
        word: `bank`, `New York`, `bank, shore` or `/bank.*/`, see `elmo_core.senses.queries`.
        labels: N labelled senses of the word in these sentences, None where one is not known.
        max_uses: keep a seeded sample of this many.
        seed: seed of that sample.
        inflections: whether other forms of the word count as well (English: banks for bank).
        report: progress callback.

    Raises:
        InputError: the query is empty or makes no sense, so that no token can match it.
    """
    query, search = parse_query(word), _Search(sentences)
    needs_vocabulary = query.needs_vocabulary or inflections
    vocabulary: set[str] = set()
    share = 0.5 if needs_vocabulary else 0.0
    for index in range(len(sentences) if needs_vocabulary else 0):
        vocabulary.update(search.tokens_of(index))
        if report and index % _REPORTED == 0:
            report("searching", share * index / len(sentences))
    search.look_for(forms(query, {*map(fold, vocabulary)}, inflections=inflections))
    places = []
    for index in range(len(sentences)):
        places += [(index, span) for span in search.spans(index)]
        if report and index % _REPORTED == 0:
            report("searching", share + (1 - share) * index / len(sentences))
    kept = sorted(random.Random(seed).sample(range(len(places)), min(max_uses, len(places))))
    uses = [
        search.use(number, *places[place], labels[places[place][0]] if labels is not None else None)
        for number, place in enumerate(kept)
    ]
    return Uses(word.strip(), len(places), tuple(uses))


def gather_vectors(uses: Uses, layers: Sequence[np.ndarray]) -> np.ndarray:
    """Take each use's vectors out of those of its sentence; a phrase has the mean of its tokens, by layer.

    Args:
        uses: n uses.
        layers: for each use the (L, T, D) vectors of its sentence.

    Returns:
        (L, n, D).
    """
    pairs = zip(uses.uses, layers, strict=True)
    return np.stack([vectors_at(array, use.span) for use, array in pairs], axis=1)


def vectors_at(layers: np.ndarray, span: range) -> np.ndarray:
    """The vectors (L, D) of some tokens in a row of a sentence (L, T, D): their mean, layer by layer."""
    if len(span) == 1:
        return layers[:, span.start]
    return np.asarray(layers[:, span.start : span.stop].mean(axis=1))


def nearest_words(sentences: Sequence[str], word: str, n: int = 5) -> tuple[tuple[str, int], ...]:
    """Words of a text that are spelt most like one that is not in it, each with its number of uses.

    Of a phrase, the first token that the text does not have is exchanged.
    """
    counts = count_words(sentences)
    phrase = parse_query(word).phrases[0]
    at = next((at for at, token in enumerate(phrase) if token not in counts), 0)
    like = [token for token in counts if abs(len(token) - len(phrase[at])) <= 3 and _is_word(token)]
    near = difflib.get_close_matches(phrase[at], like, n=2 * n, cutoff=0.5)
    if len(phrase) == 1:
        return tuple((token, counts[token]) for token in near)[:n]
    others = [" ".join([*phrase[:at], token, *phrase[at + 1 :]]) for token in near]
    counted = [(other, find_uses(sentences, other, max_uses=0).found) for other in others]
    return tuple((other, count) for other, count in counted if count)[:n]


def frequent_words(sentences: Sequence[str], n: int = 10) -> tuple[str, ...]:
    """The most frequent words of a text, without function words, parts (`'clock`), and one or two letters.

    Chinese characters are tokens of their own, so two in a row that recur count as a word.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    counts = count_words(sentences)
    pairs = _pairs_of_han(sentences) if any(map(_is_han, counts)) else Counter()
    if pairs:
        counts = Counter({**counts, **pairs})
        return tuple(word for word, _ in counts.most_common() if word in pairs or len(word) > _SHORT)[:n]
    telling = (
        word for word, _ in counts.most_common() if len(word) > _SHORT and word not in ENGLISH_STOP_WORDS
    )
    return tuple(word for word in telling if word[0].isalnum() and any(map(str.isalpha, word)))[:n]


def count_words(sentences: Iterable[str | Sequence[str]]) -> Counter[str]:
    """Count the folded tokens of a text, which are what queries and patterns are compared with."""
    counts: Counter[str] = Counter()
    for sentence in sentences:
        counts.update(tokenise(sentence) if isinstance(sentence, str) else sentence)
    folded: Counter[str] = Counter()
    for token, count in counts.items():
        folded[fold(token)] += count
    return folded


def _pairs_of_han(sentences: Iterable[str | Sequence[str]]) -> Counter[str]:
    """Count pairs of Chinese characters in a row that occur twice or more."""
    counts: Counter[str] = Counter()
    for sentence in sentences:
        tokens = tokenise(sentence) if isinstance(sentence, str) else sentence
        counts.update(a + b for a, b in pairwise(tokens) if _is_han(a) and _is_han(b))
    return Counter({pair: count for pair, count in counts.items() if count > 1})


def _is_han(token: str) -> bool:
    return len(token) == 1 and ("\u3400" <= token <= "\u9fff")


def _is_word(token: str) -> bool:
    return any(map(str.isalnum, token))


class _Search:
    """Finds phrases in sentences, and tokenises those sentences alone that may hold one."""

    def __init__(self, sentences: Sequence[str | Sequence[str]]) -> None:
        self._sentences = sentences
        self._tokens: dict[int, tuple[str, ...]] = {}
        self._finder = PhraseFinder(())

    def look_for(self, phrases: Iterable[Phrase]) -> None:
        """Set what is looked for."""
        self._finder = PhraseFinder(phrases)

    def spans(self, index: int) -> list[range]:
        """Where phrases stand in one sentence."""
        sentence = self._sentences[index]
        if isinstance(sentence, str) and not self._finder.may_be_in(fold(sentence)):
            return []
        return self._finder.in_tokens(self.tokens_of(index))

    def use(self, number: int, index: int, span: range, label: str | None) -> Use:
        """One use with its context, as the text spells it."""
        sentence = self._sentences[index]
        if isinstance(sentence, str):
            tokens, places = tokenise_with_places(sentence)
            start, end = places[span[0]][0], places[span[-1]][1]
            left, spelling, right = sentence[:start], sentence[start:end], sentence[end:]
        else:
            tokens, spelling = list(sentence), ""
            left = "".join(f"{token} " for token in tokens[: span.start])
            right = "".join(f" {token}" for token in tokens[span.stop :])
        return Use(number, index, span.start, tuple(tokens), label, left, right, len(span), spelling)

    def tokens_of(self, index: int) -> tuple[str, ...]:
        """The tokens of one sentence; those of the first ones are remembered."""
        sentence = self._sentences[index]
        if not isinstance(sentence, str):
            return tuple(sentence)
        tokens = self._tokens.get(index) or tuple(tokenise(sentence))
        if len(self._tokens) < _REMEMBERED:
            self._tokens[index] = tokens
        return tokens
