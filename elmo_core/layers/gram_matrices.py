"""The six layer-pair Gram matrices of n vectors, out of which every mixture's cosines come.

The Gram matrix of a mixture sum_j s_j h_j is sum_jk s_j s_k <h_j, h_k>: once the products of all pairs of
layers are known, no mixture touches the D dimensions again, and sums of cosines over groups for all
mixtures together are one matrix product for each pair of layers.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError

MOST_VECTORS = 5000
"""Most vectors of one set; six matrices of this size take 600 MB."""
_COLUMNS_AT_ONCE = 1 << 24


@dataclass(frozen=True, eq=False)
class LayerGrams:
    """Inner products of n vectors with m others (mostly themselves) in all pairs of L layers."""

    n_layers: int
    pairs: tuple[np.ndarray, ...]
    """float32 (n, m) for every pair j <= k: <h_j, h_k>, and for j < k its mirror image added."""
    squares: np.ndarray
    """float64 (P, n): product of each row with itself."""
    others: np.ndarray
    """float64 (P, m): product of each column with itself."""

    def take(self, rows: np.ndarray, columns: np.ndarray | None = None) -> LayerGrams:
        """The products of some rows with some columns; None = with themselves."""
        across = rows if columns is None else columns
        pairs = tuple(np.ascontiguousarray(pair[np.ix_(rows, across)]) for pair in self.pairs)
        return LayerGrams(self.n_layers, pairs, self.squares[:, rows], self.others[:, across])

    def lengths(self, weights: np.ndarray) -> np.ndarray:
        """Length of each row in each mixture (G, L): float64 (G, n)."""
        return np.asarray(np.sqrt(np.maximum(_coefficients(weights) @ self.squares, 0)))

    def cosines(self, weights: Sequence[float] | np.ndarray) -> np.ndarray:
        """Cosine of each row with each column in one mixture: float32 (n, m); 0 with a vector of zeros."""
        coefficients = _coefficients(np.asarray(weights, dtype=np.float64)[None])[0]
        mixed = np.zeros_like(self.pairs[0])
        for coefficient, pair in zip(coefficients.astype(np.float32), self.pairs, strict=True):
            if coefficient:
                mixed += coefficient * pair
        rows, columns = self._inverse_lengths(np.asarray(weights)[None])
        return np.asarray(mixed * rows[0][:, None] * columns[0])

    def summed_cosines(self, weights: np.ndarray, member: np.ndarray) -> np.ndarray:
        """Sums of each row's cosines over groups of columns, for many mixtures at once.

        Args:
            weights: (G, L).
            member: (G or 1, m, k): how much each column counts in each group.

        Returns:
            float32 (G, n, k).
        """
        n, m, k = *self.pairs[0].shape, member.shape[-1]
        rows, columns = self._inverse_lengths(weights)
        coefficients = _coefficients(weights).astype(np.float32)
        found = np.empty((len(weights), n, k), dtype=np.float32)
        step = max(1, _COLUMNS_AT_ONCE // (k * max(n, m)))
        for start in range(0, len(weights), step):
            part = slice(start, start + step)
            scaled = member[part if len(member) > 1 else slice(None)] * columns[part, :, None]  # (g, m, k)
            g = len(scaled)
            right = np.ascontiguousarray(scaled.transpose(1, 0, 2).reshape(m, g * k), dtype=np.float32)
            total = np.zeros((n, g, k), dtype=np.float32)
            for index, pair in enumerate(self.pairs):
                total += coefficients[part, index, None] * (pair @ right).reshape(n, g, k)
            found[part] = total.transpose(1, 0, 2) * rows[part, :, None]
        return found

    def paired_cosines(self, weights: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Cosines of p pairs (row, column) in many mixtures (G, L): float64 (G, p)."""
        rows, columns = self._inverse_lengths(weights)
        products = np.stack([pair[left, right] for pair in self.pairs]).astype(np.float64)  # (P, p)
        return np.asarray(_coefficients(weights) @ products * rows[:, left] * columns[:, right])

    def _inverse_lengths(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """1 / length of rows and columns: float32 (G, n) and (G, m); 0 for a vector of zeros."""
        coefficients = _coefficients(np.asarray(weights, dtype=np.float64))
        lengths = (np.sqrt(np.maximum(coefficients @ part, 0)) for part in (self.squares, self.others))
        rows, columns = (
            np.divide(1, length, out=np.zeros_like(length), where=length > 1e-12).astype(np.float32)
            for length in lengths
        )
        return rows, columns


def layer_grams(layers: np.ndarray) -> LayerGrams:
    """Multiply all pairs of layers, once.

    Args:
        layers: (L, n, D).

    Raises:
        InputError: there are more vectors than `MOST_VECTORS`.
    """
    if layers.shape[1] > MOST_VECTORS:
        raise InputError(
            f"A grid of mixtures is scored on at most {MOST_VECTORS:,} vectors; there are "
            f"{layers.shape[1]:,}. Take a sample."
        )
    values = np.ascontiguousarray(layers, dtype=np.float32)
    pairs, squares = [], []
    for j, k in itertools.combinations_with_replacement(range(len(values)), 2):
        product = values[j] @ values[k].T
        pairs.append(product if j == k else product + product.T)
        own = np.einsum("nd,nd->n", values[j], values[k], dtype=np.float64)
        squares.append(own if j == k else 2 * own)
    stacked = np.stack(squares)
    return LayerGrams(len(values), tuple(pairs), stacked, stacked)


def _coefficients(weights: np.ndarray) -> np.ndarray:
    """Weight of each pair of layers in each mixture: (G, L) to (G, P)."""
    pairs = itertools.combinations_with_replacement(range(weights.shape[1]), 2)
    return np.stack([weights[:, j] * weights[:, k] for j, k in pairs], axis=1)
