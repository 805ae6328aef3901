"""Which words of a text mean most by their context: those whose uses differ most from their static vector.

A static vector is one direction for all uses of a word. So the measure is how far the uses of a word spread
in a contextual layer: their mean cosine with each other (self-similarity, Ethayarajh 2019), from the mean
of the text so that 0 is what unrelated tokens have. Beside it stands what as many uses of *different* words
drawn at random have, and how many of the static vector's nearest words are also near its uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.contrast.text_space import TextSpace
from elmo_core.contrast.word_spaces import WordSpace
from elmo_core.measuring.intervals import Estimate, over_samples

MIN_USES = 5
N_RESAMPLES = 200
_NEIGHBOURS = 10
_MOST_USES = 60  # of a word, whose nearest words are looked up


@dataclass(frozen=True)
class Sensitivity:
    """How much the uses of one word differ."""

    word: str
    """Its most frequent spelling."""
    n: int
    """Its uses."""
    self_similarity: float
    """Mean cosine of its uses with each other."""
    low: float
    """Lower end of the 95% interval, by resampling uses."""
    high: float
    """Upper end of it."""
    kept_neighbours: float | None
    """Of the static vector's nearest words, the mean share that is also nearest to a use; None where the
    static vectors do not know the word."""


@dataclass(frozen=True)
class SensitivityRanking:
    """Words of a text, the most context-sensitive first.

    They are in order of the upper end of their interval: a word of few uses comes first only where these
    few leave no doubt.
    """

    words: tuple[Sensitivity, ...]
    unrelated: float
    """Mean cosine of tokens of different words: the lowest value to expect."""
    n_words: int
    """Different words of the text; the others are used too rarely."""
    min_uses: int


def rank_by_context(
    text: TextSpace,
    weights: Sequence[float],
    static: WordSpace,
    contextual: WordSpace,
    *,
    min_uses: int = MIN_USES,
    without: frozenset[str] = frozenset(),
    seed: int = 42,
) -> SensitivityRanking:
    """Rank the words of a text.

    Args:
        text: their uses.
        weights: weights of the layers.
        static: words by their static vectors.
        contextual: the same words by their average use in this mix of layers.
        min_uses: rarer words are not ranked.
        without: case-folded words to leave out, such as function words.
        seed: seed of the resamples and of the random pairs.
    """
    units = text.directions(weights)
    generator = np.random.default_rng(seed)
    found = []
    for word, rows in text.rows_by_word.items():
        if len(rows) >= min_uses and word not in without:
            own = units[rows]
            alike = _self_similarity(own, generator)
            some = own if len(own) <= _MOST_USES else generator.choice(own, _MOST_USES, replace=False)
            kept = _kept_neighbours(word, some, static, contextual)
            found.append(
                Sensitivity(text.spellings[word], len(rows), alike.value, alike.low, alike.high, kept)
            )
    found.sort(key=lambda one: one.high)
    return SensitivityRanking(
        tuple(found), _unrelated(units, text, generator), len(text.rows_by_word), min_uses
    )


def _self_similarity(units: np.ndarray, generator: np.random.Generator) -> Estimate:
    """Mean cosine of n different uses (n, D) with each other, and its 95% interval.

    With s the sum of c copies of each unit vector, the pairs of different uses have cosines that sum to
    |s|^2 - sum c^2: a resample never compares a use with itself.
    """
    n = len(units)
    counts = np.concatenate([np.ones((1, n)), generator.multinomial(n, np.full(n, 1 / n), N_RESAMPLES)])
    sums = counts @ units  # (1 + resamples, D)
    squares = np.square(counts).sum(axis=1)
    means = (np.square(sums).sum(axis=1) - squares) / np.maximum(n * n - squares, 1)
    return over_samples(float(means[0]), means[1:])


def _kept_neighbours(word: str, units: np.ndarray, static: WordSpace, contextual: WordSpace) -> float | None:
    """Mean share of the static nearest words that are also nearest to each use (n, D)."""
    row = static.rows.get(word)
    if row is None or len(static.words) <= _NEIGHBOURS:
        return None
    cosines = np.concatenate([static.units[row : row + 1] @ static.units.T, units @ contextual.units.T])
    cosines[:, row] = -np.inf
    nearest = np.argpartition(-cosines, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS]
    return float(np.isin(nearest[1:], nearest[0]).mean())


def _unrelated(units: np.ndarray, text: TextSpace, generator: np.random.Generator) -> float:
    """Mean cosine of random tokens of different words."""
    first, second = generator.integers(len(units), size=(2, 20_000))
    differ = np.array([text.tokens[a] != text.tokens[b] for a, b in zip(first, second, strict=True)])
    return float((units[first] * units[second]).sum(axis=1)[differ].mean()) if differ.any() else 0.0
