"""The centre of context vectors: the mean over all places beside the same neighbour.

What stands right before or after a word moves a context vector most: after `in` the model expects a
place or a year, whatever the rest of the sentence is about, and the uses of a word with one sense fall
apart by such neighbours. So each half is taken from the mean of that half over all other places of
the text beside the same token; for a token that is rare here, this mean is drawn to the mean of all places.
A vector that has read both sides at once is taken from the mean of all places alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elmo_core.text.characters import SENTENCE_END, SENTENCE_START

PRIOR_PLACES = 20
"""Places beside a token from which on its own mean counts for more than that of all places. In mixtures of
two words of one sense, this and 50 found the words better than 5, and far better than one mean for all."""
_LEAST_PLACES = 3
"""A token beside fewer places is not remembered."""


def neighbours(tokens: Sequence[str], span: range) -> tuple[str, str]:
    """The case-folded tokens before and after some tokens in a row, or the sentence's boundaries."""
    before = tokens[span.start - 1].casefold() if span.start else SENTENCE_START
    after = tokens[span.stop].casefold() if span.stop < len(tokens) else SENTENCE_END
    return before, after


class ContextCentres:
    """Means of the forward and of the backward half by neighbour, gathered sentence by sentence."""

    def __init__(self, width: int, n_parts: int = 2) -> None:
        """Start with nothing, for two halves of `width`, or for one vector that has read both sides."""
        self._has_sides = n_parts == 2
        self._sums: tuple[dict[str, np.ndarray], dict[str, np.ndarray]] = ({}, {})
        self._counts: tuple[dict[str, int], dict[str, int]] = ({}, {})
        self._total = np.zeros((n_parts, width), dtype=np.float32)
        self._n_places = 0

    def add(self, tokens: Sequence[str], places: Sequence[int], parts: np.ndarray) -> None:
        """Count in places of one sentence.

        Args:
            tokens: T tokens.
            places: k positions; those of the word whose uses are compared are not among them.
            parts: float32 (k, n_parts, P), what is expected in each of these places.
        """
        for position, part in zip(places if self._has_sides else (), parts, strict=False):
            for side, token in enumerate(neighbours(tokens, range(position, position + 1))):
                counts, sums = self._counts[side], self._sums[side]
                counts[token] = counts.get(token, 0) + 1
                sums[token] = sums[token] + part[side] if token in sums else part[side].copy()
        self._total += parts.sum(axis=0)
        self._n_places += len(places)

    def forget_rare(self) -> None:
        """Drop tokens beside too few places to matter, once all sentences are in."""
        for counts, sums in zip(self._counts, self._sums, strict=True):
            for token in [token for token, count in counts.items() if count < _LEAST_PLACES]:
                del counts[token], sums[token]

    def of(self, tokens: Sequence[str], span: range) -> np.ndarray:
        """The centre of each part of the place that some tokens take: float32 (n_parts, P)."""
        mean = self._total / max(self._n_places, 1)
        if not self._has_sides:
            return mean
        found = np.empty_like(mean)
        for side, token in enumerate(neighbours(tokens, span)):
            count = self._counts[side].get(token, 0)
            own = self._sums[side][token] if count else 0.0
            found[side] = (own + PRIOR_PLACES * mean[side]) / (count + PRIOR_PLACES)
        return found
