"""The words of a text in one space, static or contextual: nearest words, with percentiles that compare.

A cosine of 0.6 is much in one space and nothing in another. Beside every cosine stands the share of random
pairs of words of the same space that are less alike.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from elmo_core.contrast.text_space import TextSpace
from elmo_core.geometry.clustering import unit_rows
from elmo_core.geometry.neighbours import percentiles, random_pairs
from elmo_core.static.vectors import StaticVectors

MIN_USES = 1
"""Words used less often are no candidates."""


@dataclass(frozen=True)
class WordNeighbour:
    """A word that is near."""

    word: str
    cosine: float
    percentile: float
    """Share of random pairs of words whose cosine is lower; ties count half."""


@dataclass(frozen=True, eq=False)
class WordSpace:
    """V words with one direction each."""

    name: str
    words: tuple[str, ...]
    """Case-folded."""
    units: np.ndarray
    """float32 (V, D)."""
    seed: int = 42
    """Seed of the random pairs."""

    @cached_property
    def random_cosines(self) -> np.ndarray:
        """Cosines of random pairs of different words, ascending: float32 (m,)."""
        first, second = random_pairs(len(self.words), self.seed)
        return np.sort((self.units[first] * self.units[second]).sum(axis=1))

    @cached_property
    def rows(self) -> dict[str, int]:
        """Row of each word."""
        return {word: row for row, word in enumerate(self.words)}

    def near(self, unit: np.ndarray, n: int, without: Collection[str] = ()) -> tuple[WordNeighbour, ...]:
        """The n words nearest to a direction (D,), some left out."""
        cosines = self.units @ unit
        cosines[[self.rows[word] for word in without if word in self.rows]] = -np.inf
        nearest = np.argsort(-cosines, kind="stable")[:n]
        nearest = nearest[np.isfinite(cosines[nearest])]
        shares = percentiles(cosines[nearest], self.random_cosines)
        return tuple(
            WordNeighbour(self.words[row], float(cosines[row]), float(share))
            for row, share in zip(nearest, shares, strict=True)
        )


def candidates(text: TextSpace, static: StaticVectors, *, min_uses: int = MIN_USES) -> dict[str, str]:
    """Words that both worlds know: case-folded -> as the static vectors spell them.

    Args:
        text: where they are used.
        static: where they have a vector.
        min_uses: see `MIN_USES`.
    """
    found = {}
    for word, rows in text.rows_by_word.items():
        spelling = static.spelling_of(text.spellings[word]) if len(rows) >= min_uses else None
        if spelling:
            found[word] = spelling
    return found


def static_space(static: StaticVectors, words: dict[str, str]) -> WordSpace:
    """The static vectors of some words, given as `candidates` gives them."""
    return WordSpace(static.name, tuple(words), static.units_of(list(words.values())))


def contextual_space(text: TextSpace, weights: Sequence[float], words: Sequence[str], name: str) -> WordSpace:
    """The average of all uses of each word in a mix of layers.

    Args:
        text: the uses.
        weights: weights of the layers.
        words: case-folded, all of them used in the text.
        name: name of the mix.
    """
    vectors = text.view(weights)
    means = np.stack([vectors[text.rows_by_word[word]].mean(axis=0) for word in words])
    return WordSpace(name, tuple(words), unit_rows(means))
