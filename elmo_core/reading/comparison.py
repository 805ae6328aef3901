"""Two readings word by word: one text read by two models, or two texts read by one."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from itertools import zip_longest

import numpy as np

from elmo_core.encoders.likelihoods import SIDES, ReadSentence, Side
from elmo_core.reading.text import ReadText

_MOST_EXACT = 2_000  # tokens; in longer texts, frequent words do not help to find what is equal


@dataclass(frozen=True, eq=False)
class PairedReadings:
    """Two readings, and which words stand for each other."""

    first: ReadText
    second: ReadText
    pairs: tuple[tuple[int | None, int | None], ...]
    """Places among all tokens of either text, in order; None where the other text has more words."""

    def differences(self, side: Side) -> np.ndarray:
        """Bits of the second reading minus those of the first: float64 (pairs,).

        NaN where a word stands alone, or is outside the vocabulary of either model: its bits are then those
        of any unknown word.
        """
        row, known = SIDES.index(side), self._known
        return np.array(
            [
                self.second.bits[row, there] - self.first.bits[row, here]
                if here is not None and there is not None and known[0][here] and known[1][there]
                else np.nan
                for here, there in self.pairs
            ],
            dtype=np.float64,
        )

    def most_different(self, side: Side) -> list[int]:
        """Numbers of the pairs that have a difference, the largest one first."""
        sizes = np.abs(self.differences(side))
        order = np.argsort(-sizes, kind="stable").tolist()
        return [number for number in order if not np.isnan(sizes[number])]

    def words(self, number: int) -> tuple[str | None, str | None]:
        """Return the words of a pair."""
        here, there = self.pairs[number]
        return (
            None if here is None else self._words[0][here],
            None if there is None else self._words[1][there],
        )

    @property
    def has_one_vocabulary(self) -> bool:
        """Whether both models predict the same words."""
        first, second = (text.sentences[0].words for text in (self.first, self.second))
        return first is second or first == second

    @property
    def has_one_kind(self) -> bool:
        """Whether both models predict from the same sides: two biLMs, or two masked models."""
        return self.first.sides == self.second.sides

    @cached_property
    def n_shared(self) -> int:
        """Words that both models know."""
        return int((~np.isnan(self.differences("both"))).sum())

    def shared_perplexities(self) -> tuple[float, float] | None:
        """Perplexity of either reading on the words that both models know; None where these do not compare.

        Such a word is the same event to both, however many other words they predict, so these compare where
        the perplexities of whole texts do not. Mean of both directions; ends of sentences are left out. Of
        masked models it is the pseudo-perplexity. A model of each kind has none that compare.
        """
        if not self.n_shared or not self.has_one_kind:
            return None
        kept = [self.pairs[number] for number in self.most_different("both")]
        rows = [SIDES.index(side) for side in self.first.sides if side != "both"] or [SIDES.index("both")]
        found = []
        for text, places in zip((self.first, self.second), zip(*kept, strict=True), strict=True):
            means = text.bits[rows][:, list(places)].mean(axis=1, dtype=np.float64)
            found.append(float((2.0**means).mean()))
        return found[0], found[1]

    def say_vocabularies(self) -> str:
        """Say whether perplexities compare, and give those that do; empty where those of the texts do."""
        if not self.has_one_kind:
            return (
                "One of the models masks each word and reads all the others. Its perplexity, a "
                "pseudo-perplexity, does not compare with that of a model which reads one side of a word. "
                "Nor do bits, since one vocabulary is of words and the other of sub-words. Compare which "
                "words stand out to each."
            )
        if self.has_one_vocabulary:
            return ""
        sizes = [f"{len(text.sentences[0].words):,}" for text in (self.first, self.second)]
        parts, why = "words", "every other word counts as one unknown word, which is easy to predict"
        if "left" not in self.first.sides:
            parts, why = "sub-words", "the same word is one prediction to the one and several to the other"
        said = (
            f"The models predict {sizes[0]} and {sizes[1]} {parts}, so their perplexities of the whole text "
            f"do not compare: {why}."
        )
        shared = self.shared_perplexities()
        if shared is None:
            return f"{said} No word of the text is known to both."
        words = "1 word" if self.n_shared == 1 else f"{self.n_shared:,} words"
        return f"{said} On the {words} that both know, they are {shared[0]:,.1f} and {shared[1]:,.1f}."

    @cached_property
    def _known(self) -> tuple[np.ndarray, np.ndarray]:
        return _all_known(self.first.sentences), _all_known(self.second.sentences)

    @cached_property
    def _words(self) -> tuple[list[str], list[str]]:
        return _all_words(self.first), _all_words(self.second)


def compare(first: ReadText, second: ReadText) -> PairedReadings:
    """Pair the words of two readings: equal ones, and those that stand in the place of others.

    Args:
        first: one reading.
        second: of the same text by another model, or of another text.
    """
    here, there = _all_words(first), _all_words(second)
    if here == there:
        return PairedReadings(first, second, tuple((place, place) for place in range(len(here))))
    matcher = SequenceMatcher(None, here, there, autojunk=max(len(here), len(there)) > _MOST_EXACT)
    pairs: list[tuple[int | None, int | None]] = []
    for _, start, end, other_start, other_end in matcher.get_opcodes():
        pairs += zip_longest(range(start, end), range(other_start, other_end))
    return PairedReadings(first, second, tuple(pairs))


def _all_words(text: ReadText) -> list[str]:
    return [word for one in text.sentences for word in one.tokens]


def _all_known(sentences: tuple[ReadSentence, ...]) -> np.ndarray:
    return ~np.concatenate([one.is_unknown for one in sentences])
