"""Predictions -> the result of a method: scores, calibration, the test against TF-IDF."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elmo_core.learning.calibration import calibration
from elmo_core.learning.metrics import compare, score
from elmo_core.learning.results import MethodResult


def judge(
    method: str,
    classes: Sequence[str],
    rows: np.ndarray,
    gold: np.ndarray,
    probabilities: np.ndarray,
    *,
    tfidf: np.ndarray | None,
    seconds: float,
    n_train: int,
    seed: int,
) -> MethodResult:
    """Judge what a method has predicted.

    Args:
        method: its name.
        classes: K names.
        rows: int64 (n,), the test rows.
        gold: int64 (n,), their true classes.
        probabilities: (n, K).
        tfidf: int64 (n,), what TF-IDF has predicted for the same rows.
        seconds: that it took.
        n_train: rows it has learned from.
        seed: of the bootstrap.
    """
    predicted, k = probabilities.argmax(axis=1), len(classes)
    return MethodResult(
        method,
        tuple(classes),
        rows,
        gold,
        probabilities,
        score(gold, predicted, k, seed),
        calibration(probabilities, gold),
        seconds,
        n_train,
        seed,
        against_tfidf=None if tfidf is None else compare(gold, predicted, tfidf, k, seed),
    )


def spread(probabilities: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Probabilities (n, K) of all classes from those (n, k) of the classes that occurred in training."""
    found = np.zeros((len(probabilities), n_classes))
    found[:, codes] = probabilities
    return found
