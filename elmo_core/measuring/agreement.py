"""Agreement of two labellings of the same items, from their contingency table: many tables in one call.

The numbers are those of `sklearn.metrics`, which checks its input anew for each pair of labellings: for the
hundreds of shuffles and resamples behind one sense card, the checks took most of the time.
"""

from __future__ import annotations

import numpy as np


def contingency(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Count how many items have each pair of labels.

    Args:
        first: int (..., n): labels of n items, once for each table.
        second: int (..., n): their other labels; broadcast against the first.

    Returns:
        int64 (..., a, b), for the a and b labels that occur in all tables together. A table has rows or
        columns of zeros where one of these does not occur in it.
    """
    rows, columns = (np.unique(labels, return_inverse=True) for labels in (first, second))
    codes = rows[1].reshape(first.shape) * len(columns[0]) + columns[1].reshape(second.shape)  # (..., n)
    n_cells, flat = len(rows[0]) * len(columns[0]), codes.reshape(-1, codes.shape[-1])  # (T, n)
    cells = flat + n_cells * np.arange(len(flat))[:, None]
    counts = np.bincount(cells.reshape(-1), minlength=n_cells * len(flat))
    return counts.reshape(*codes.shape[:-1], len(rows[0]), len(columns[0]))


def adjusted_rand_index(tables: np.ndarray) -> np.ndarray:
    """Return the Rand index less what chance gives, 1 where the labellings are the same.

    Source: Hubert and Arabie (1985), from counts of pairs as in scikit-learn.

    Args:
        tables: (..., a, b), see `contingency`; with at least one item.

    Returns:
        float64 (...).
    """
    n = tables.sum(axis=(-2, -1)).astype(np.float64)
    together = np.square(tables, dtype=np.float64).sum(axis=(-2, -1))
    in_first, in_second = (
        np.square(tables.sum(axis=axis), dtype=np.float64).sum(axis=-1) for axis in (-1, -2)
    )
    both = together - n  # ordered pairs that are together in both labellings, then in one alone, then in none
    first_alone, second_alone = in_first - together, in_second - together
    neither = n**2 - both - first_alone - second_alone - n
    over = 2 * (both * neither - first_alone * second_alone)
    under = (both + first_alone) * (first_alone + neither) + (both + second_alone) * (second_alone + neither)
    is_same = (first_alone == 0) & (second_alone == 0)
    return np.where(is_same, 1.0, over / np.where(is_same, 1.0, under))


def v_measure(tables: np.ndarray) -> np.ndarray:
    """Return the harmonic mean of homogeneity and completeness, 1 where the labellings are the same.

    Source: Rosenberg and Hirschberg (2007).

    Args:
        tables: (..., a, b), see `contingency`; with at least one item.

    Returns:
        float64 (...).
    """
    shares = tables / tables.sum(axis=(-2, -1), keepdims=True)
    first, second = _entropy(shares.sum(axis=-1)), _entropy(shares.sum(axis=-2))
    shared = np.maximum(first + second - _entropy(shares.reshape(*shares.shape[:-2], -1)), 0)
    homogeneity = np.divide(shared, first, out=np.ones_like(shared), where=first > 0)
    completeness = np.divide(shared, second, out=np.ones_like(shared), where=second > 0)
    total = homogeneity + completeness
    return np.asarray(2 * homogeneity * completeness / np.where(total > 0, total, 1.0))


def _entropy(shares: np.ndarray) -> np.ndarray:
    """Entropy in nats over the last axis."""
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-(shares * logs).sum(axis=-1))
