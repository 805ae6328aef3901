"""Nearest centroids and mixtures of layers, chosen on training rows alone."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable

import numpy as np
from sklearn.model_selection import StratifiedKFold


def unit(vectors: np.ndarray) -> np.ndarray:
    """Scale vectors to length 1 along the last axis."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def mixtures(n_layers: int, steps: int = 10) -> list[tuple[float, ...]]:
    """Return all weights that are multiples of 1/steps and add up to 1."""
    grid = itertools.product(range(steps + 1), repeat=n_layers)
    return [tuple(part / steps for part in parts) for parts in grid if sum(parts) == steps]


def nearest_centroid(train: np.ndarray, gold: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Find the sense with the nearest centroid of unit vectors for each row of `test`.

    Cosines that are equal to five digits count as equal, because float32 rounds there; the sense that is more
    frequent in training then wins. Vectors without context always tie.
    """
    names, counts = np.unique(gold, return_counts=True)
    senses = names[np.argsort(-counts, kind="stable")]
    centroids = unit(np.stack([unit(train)[gold == sense].mean(axis=0) for sense in senses]))
    return np.asarray(senses[np.round(unit(test) @ centroids.T, 5).argmax(axis=1)])


def best_mixture(
    layers: np.ndarray, gold: np.ndarray, score: Callable[[np.ndarray], float]
) -> tuple[float, ...]:
    """Return the mixture of unit layers with the highest score; ties go to the one nearest to uniform."""
    options = mixtures(len(layers))
    scores = [score(np.tensordot(weights, layers, axes=1)) for weights in options]
    even = np.array([-np.square(weights).sum() for weights in options])
    return options[int(np.lexsort((even, np.round(scores, 6)))[-1])]


def cross_validated(vectors: np.ndarray, gold: np.ndarray) -> float:
    """Return the accuracy of the nearest centroid over five folds."""
    folds = min(5, min(Counter(gold.tolist()).values()))
    if folds < 2:
        return 0.0
    right = [
        nearest_centroid(vectors[a], gold[a], vectors[b]) == gold[b]
        for a, b in StratifiedKFold(folds, shuffle=True, random_state=0).split(vectors, gold)
    ]
    return float(np.concatenate(right).mean())
