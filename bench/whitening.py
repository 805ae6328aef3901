"""Directions in which uses of one word differ anyway, made equally long: learned from text without labels.

Uses of one word vary most in directions that say little of its sense (position, syntax, the neighbouring
word). Their covariance around each word's own mean, over the words of any text, tells these directions;
dividing by it is within-class whitening with word types in the place of classes, and needs no label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError

_FEWEST, _MOST = 3, 200
"""Uses of a word that counts: from fewer no mean can be told, and function words have no senses."""


@dataclass(frozen=True, eq=False)
class Whitening:
    """Centre and directions of one layer, for any shrinkage."""

    mean: np.ndarray
    """float32 (D,): of all tokens."""
    variances: np.ndarray
    """float64 (D,): within words, by direction."""
    directions: np.ndarray
    """float64 (D, D): one a column."""

    def matrix(self, shrinkage: float) -> np.ndarray:
        """What centred vectors are multiplied by: float32 (D, D).

        Args:
            shrinkage: 0 = every direction gets variance 1, 1 = nothing but a common factor is changed.
        """
        target = self.variances.mean()
        scale = 1 / np.sqrt((1 - shrinkage) * self.variances + shrinkage * target)
        return np.asarray((self.directions * scale) @ self.directions.T, dtype=np.float32)

    def apply(self, vectors: np.ndarray, shrinkage: float) -> np.ndarray:
        """Centre and whiten vectors (..., D)."""
        return np.asarray((vectors - self.mean) @ self.matrix(shrinkage))


def learn_whitening(tokens: Sequence[str], vectors: np.ndarray) -> Whitening:
    """Learn the whitening of one layer from the tokens of a text.

    Args:
        tokens: N tokens.
        vectors: float32 (N, D), their vectors in that layer.

    Raises:
        InputError: no word stands in the text often enough, or its uses do not differ (layer 0).
    """
    types, codes, counts = np.unique(np.asarray(tokens), return_inverse=True, return_counts=True)
    counted = ((counts >= _FEWEST) & (counts <= _MOST))[codes]
    if not counted.any():
        raise InputError(
            f"No word stands {_FEWEST} to {_MOST} times in these {len(types):,} types; give more text."
        )
    wide = vectors.astype(np.float64)
    sums = np.zeros((len(types), wide.shape[1]))
    np.add.at(sums, codes, wide)
    # n - 1 in the place of n: the mean of a word is one of its own uses'
    weight = np.sqrt(counts / np.maximum(counts - 1, 1))[codes][counted]
    apart = (wide - (sums / counts[:, None])[codes])[counted] * weight[:, None]  # (M, D)
    variances, directions = np.linalg.eigh(apart.T @ apart / len(apart))
    if variances[-1] <= 1e-12:
        raise InputError("The uses of a word have one vector in this layer; take one that knows the context.")
    return Whitening(
        vectors.mean(axis=0, dtype=np.float64).astype(np.float32), np.maximum(variances, 0), directions
    )
