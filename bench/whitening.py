"""Within-class whitening of a layer with word types as classes, learned from text without labels.

Uses of one word vary most in directions that say little about its sense (position, syntax, the neighbouring
word). These directions are estimated by the covariance around each word's own mean, over the words of any
text, and whitening scales them to equal variance.
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
        """Return the matrix by which centred vectors are multiplied: float32 (D, D).

        Args:
            shrinkage: 0 = every direction gets variance 1, 1 = only a common factor changes.
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
        InputError: no word is frequent enough in the text, or its uses do not differ (layer 0).
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
    # n - 1 instead of n, because the mean of a word comes from its own uses
    weight = np.sqrt(counts / np.maximum(counts - 1, 1))[codes][counted]
    apart = (wide - (sums / counts[:, None])[codes])[counted] * weight[:, None]  # (M, D)
    variances, directions = np.linalg.eigh(apart.T @ apart / len(apart))
    if variances[-1] <= 1e-12:
        raise InputError("The uses of a word have one vector in this layer; take one that knows the context.")
    return Whitening(
        vectors.mean(axis=0, dtype=np.float64).astype(np.float32), np.maximum(variances, 0), directions
    )
