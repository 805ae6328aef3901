"""Scores with intervals, paired tests, and the confusion matrix with its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.measuring.intervals import Estimate

N_SAMPLES = 2000


@dataclass(frozen=True)
class Scores:
    """How well classes were predicted."""

    macro_f1: Estimate
    """Mean of the F1 of all classes that occur."""
    accuracy: Estimate
    n: int


@dataclass(frozen=True)
class ClassScore:
    """How well one class was predicted."""

    name: str
    precision: float
    recall: float
    f1: float
    n: int
    """Rows that are of this class."""
    n_predicted: int


@dataclass(frozen=True)
class Difference:
    """A method against another one on the same rows."""

    macro_f1: Estimate
    """Of the difference of both."""
    p_value: float
    """Two-sided, by the paired bootstrap of the difference of macro-F1."""
    mcnemar_p: float
    """Exact test of McNemar on the rows where just one of them is right."""


@dataclass(frozen=True, eq=False)
class Confusion:
    """Which class was taken for which."""

    classes: tuple[str, ...]
    counts: np.ndarray
    """int64 (K, K): true class by predicted class."""
    rows: dict[tuple[int, int], tuple[int, ...]]
    """The rows in each cell that is not empty."""


def score(gold: np.ndarray, predicted: np.ndarray, n_classes: int, seed: int = 0) -> Scores:
    """Score predictions, with intervals by the bootstrap over rows.

    Args:
        gold: int (n,), the true classes.
        predicted: int (n,).
        n_classes: K.
        seed: of the bootstrap.
    """
    cells = _cells(gold, predicted, n_classes)  # (K, K)
    rng = np.random.default_rng(seed)
    n = len(gold)
    # to draw n rows is to draw the counts of the cells
    drawn = rng.multinomial(n, cells.ravel() / n, size=N_SAMPLES).reshape(-1, n_classes, n_classes)
    f1 = _estimate(float(_macro_f1(cells)), _macro_f1(drawn))
    return Scores(f1, _estimate(float(_accuracy(cells)), _accuracy(drawn)), n)


def macro_f1(gold: np.ndarray, predicted: np.ndarray, n_classes: int) -> float:
    """Mean F1 of the classes that occur."""
    return float(_macro_f1(_cells(gold, predicted, n_classes)))


def compare(
    gold: np.ndarray, predicted: np.ndarray, other: np.ndarray, n_classes: int, seed: int = 0
) -> Difference:
    """Compare predictions with those of another method, row by row.

    Args:
        gold: int (n,), the true classes.
        predicted: int (n,).
        other: int (n,), of the method it is compared with.
        n_classes: K.
        seed: of the bootstrap.
    """
    n = len(gold)
    kinds, counts = np.unique((gold * n_classes + predicted) * n_classes + other, return_counts=True)
    true, own, others = kinds // n_classes**2, kinds // n_classes % n_classes, kinds % n_classes
    drawn = np.random.default_rng(seed).multinomial(n, counts / n, size=N_SAMPLES)
    differences = _sampled_f1(true, own, drawn, n_classes) - _sampled_f1(true, others, drawn, n_classes)
    cells = (_cells(gold, one, n_classes) for one in (predicted, other))
    value = float(np.subtract(*map(_macro_f1, cells)))
    beyond = min((differences <= 0).mean(), (differences >= 0).mean())
    p_value = min(1.0, 2 * float(max(beyond, 1 / N_SAMPLES)))
    won = int(((predicted == gold) & (other != gold)).sum())
    lost = int(((predicted != gold) & (other == gold)).sum())
    return Difference(_estimate(value, differences), p_value, _mcnemar(won, lost))


def confusion(
    gold: np.ndarray, predicted: np.ndarray, classes: Sequence[str], rows: Sequence[int]
) -> Confusion:
    """Count which class was taken for which.

    Args:
        gold: int (n,), the true classes.
        predicted: int (n,).
        classes: K names.
        rows: what to call the n rows.
    """
    found: dict[tuple[int, int], list[int]] = {}
    for true, guess, row in zip(gold.tolist(), predicted.tolist(), rows, strict=True):
        found.setdefault((true, guess), []).append(row)
    counts = _cells(gold, predicted, len(classes))
    return Confusion(tuple(classes), counts, {cell: tuple(members) for cell, members in found.items()})


def class_scores(found: Confusion) -> tuple[ClassScore, ...]:
    """Precision, recall and F1 of each class; 0 where there is nothing to divide by."""
    right = np.diag(found.counts)
    true, guessed = found.counts.sum(axis=1), found.counts.sum(axis=0)
    return tuple(
        ClassScore(
            name,
            float(right[k] / max(guessed[k], 1)),
            float(right[k] / max(true[k], 1)),
            float(2 * right[k] / max(true[k] + guessed[k], 1)),
            int(true[k]),
            int(guessed[k]),
        )
        for k, name in enumerate(found.classes)
    )


def _cells(gold: np.ndarray, predicted: np.ndarray, n_classes: int) -> np.ndarray:
    return np.bincount(gold * n_classes + predicted, minlength=n_classes**2).reshape(n_classes, n_classes)


def _macro_f1(cells: np.ndarray) -> np.ndarray:
    """Macro-F1 of confusion matrices (..., K, K)."""
    right = np.diagonal(cells, axis1=-2, axis2=-1)
    return _mean_f1(right, cells.sum(axis=-1) + cells.sum(axis=-2))


def _mean_f1(right: np.ndarray, occurs: np.ndarray) -> np.ndarray:
    """Mean over the classes (last axis) that occur, as truth or as prediction, of 2 right / occurrences."""
    f1 = np.divide(2 * right, occurs, out=np.zeros(right.shape), where=occurs > 0)
    return np.asarray(f1.sum(axis=-1) / np.maximum((occurs > 0).sum(axis=-1), 1))


def _accuracy(cells: np.ndarray) -> np.ndarray:
    return np.asarray(np.trace(cells, axis1=-2, axis2=-1) / cells.sum(axis=(-2, -1)))


def _sampled_f1(true: np.ndarray, guess: np.ndarray, drawn: np.ndarray, n_classes: int) -> np.ndarray:
    """Macro-F1 of samples, given as counts (S, kinds) of kinds of rows."""
    truth, guesses = np.eye(n_classes)[true], np.eye(n_classes)[guess]
    return _mean_f1(drawn @ (truth * guesses), drawn @ (truth + guesses))


def _estimate(value: float, sampled: np.ndarray) -> Estimate:
    low, high = np.quantile(sampled, (0.025, 0.975))
    return Estimate(value, min(float(low), value), max(float(high), value))


def _mcnemar(won: int, lost: int) -> float:
    """Two-sided binomial test that both methods win equally often."""
    from scipy.stats import binomtest

    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0
