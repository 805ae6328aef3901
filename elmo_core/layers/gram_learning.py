"""Grouping and learning from inner products alone, for many mixtures at once."""

from __future__ import annotations

import numpy as np

from elmo_core.layers.gram_matrices import LayerGrams

RIDGE = 0.1
"""Penalty of the probe, as a share of the mean eigenvalue of the centred Gram matrix."""
_N_STARTS, _MOST_STEPS = 4, 15


def group_rows(grams: LayerGrams, weights: np.ndarray, k: int, *, seed: int) -> np.ndarray:
    """Spherical k-means (Dhillon and Modha 2001) in each of G mixtures, from sums of cosines.

    Args:
        grams: inner products of n vectors with each other.
        weights: (G, L).
        k: groups, at most n.
        seed: seed of the first centroids, which are vectors; the same ones in every mixture.

    Returns:
        int64 (G, n), the best of several starts.
    """
    g, n = len(weights), grams.pairs[0].shape[0]
    order = np.random.default_rng(seed)
    first = np.stack([np.eye(n)[order.permutation(n)[:k]].T for _ in range(_N_STARTS)])  # (S, n, k)
    member = np.broadcast_to(first, (g, _N_STARTS, n, k)).astype(np.float32)
    labels = np.zeros((g, _N_STARTS, n), dtype=np.int64)
    cosines = np.zeros((g, _N_STARTS, n, k), dtype=np.float32)
    for _ in range(_MOST_STEPS):
        wide = member.transpose(0, 2, 1, 3).reshape(g, n, _N_STARTS * k)
        sums = grams.summed_cosines(weights, wide).reshape(g, n, _N_STARTS, k).transpose(0, 2, 1, 3)
        cosines = _to_centroids(sums, member)
        nearest = cosines.argmax(axis=3)
        if (nearest == labels).all():
            break
        labels = nearest
        moved = np.eye(k, dtype=np.float32)[labels]  # (G, S, n, k)
        is_empty = ~moved.any(axis=2, keepdims=True)
        member = np.where(is_empty, member, moved)
    best = cosines.max(axis=3).sum(axis=2).argmax(axis=1)
    return np.asarray(labels[np.arange(g), best])


def nearest_groups(
    inside: LayerGrams, across: LayerGrams, weights: np.ndarray, labels: np.ndarray, k: int
) -> np.ndarray:
    """Put other vectors into groups that are there: int64 (G, m).

    Args:
        inside: products of the n grouped vectors with themselves.
        across: products of the m others with these.
        weights: (G, L).
        labels: (G, n) groups.
        k: how many.
    """
    member = np.eye(k, dtype=np.float32)[labels]  # (G, n, k)
    own = inside.summed_cosines(weights, member)
    lengths = np.sqrt(np.maximum((own * member).sum(axis=1), 1e-12))  # |s| of each group, (G, k)
    sums = across.summed_cosines(weights, member) / lengths[:, None]
    sums[np.broadcast_to(~member.any(axis=1)[:, None], sums.shape)] = -np.inf
    return np.asarray(sums.argmax(axis=2))


def ridge_predictions(inside: np.ndarray, across: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Classes that ridge regression on one column for each class predicts, from cosines alone.

    Args:
        inside: (n, n), of the vectors learned from.
        across: (m, n), of the others with these.
        codes: (n,) classes.

    Returns:
        int64 (m,).
    """
    means = inside.mean(axis=0)
    centred = inside - means - means[:, None] + means.mean()
    others = across - across.mean(axis=1, keepdims=True) - means + means.mean()
    targets = np.eye(int(codes.max()) + 1, dtype=np.float32)[codes]
    shares = targets.mean(axis=0)
    penalty = RIDGE * max(float(np.trace(centred)) / len(centred), 1e-6)
    from scipy.linalg import solve

    centred[np.diag_indices(len(centred))] += penalty
    duals = solve(centred, targets - shares, assume_a="pos", check_finite=False, overwrite_a=True)
    return np.asarray((others @ duals + shares).argmax(axis=1))


def _to_centroids(sums: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Sums of cosines (..., n, k) with groups -> cosines with their centroids."""
    squares = (sums * member).sum(axis=-2, keepdims=True)
    return np.asarray(sums / np.sqrt(np.maximum(squares, 1e-12)))
