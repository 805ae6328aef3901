"""Scores of predicted classes with intervals, paired tests, and the confusion matrix with its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.learning.results import Difference, Scores
from elmo_core.measuring.chance import N_DRAWS, p_value
from elmo_core.measuring.intervals import N_SAMPLES, Estimate, over_samples


@dataclass(frozen=True)
class TextScores(Scores):
    """How well classes were predicted; the main measure is macro-F1, the mean over classes that occur."""

    accuracy: Estimate

    @property
    def macro_f1(self) -> Estimate:
        """The main measure."""
        return self.value


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


@dataclass(frozen=True, eq=False)
class Confusion:
    """Which class was taken for which."""

    classes: tuple[str, ...]
    counts: np.ndarray
    """int64 (K, K): true class by predicted class."""
    rows: dict[tuple[int, int], tuple[int, ...]]
    """The rows in each cell that is not empty."""


def score(gold: np.ndarray, predicted: np.ndarray, n_classes: int, seed: int = 0) -> TextScores:
    """Score predictions, with intervals by the bootstrap over rows.

    Args:
        gold: int (n,), the true classes.
        predicted: int (n,).
        n_classes: K.
        seed: of the bootstrap.
    """
    kinds, counts = np.unique(gold * n_classes + predicted, return_counts=True)
    true, guess = kinds // n_classes, kinds % n_classes
    n = len(gold)
    drawn = np.random.default_rng(seed).multinomial(n, counts / n, size=N_SAMPLES)
    f1 = over_samples(macro_f1(gold, predicted, n_classes), _sampled_f1(true, guess, drawn, n_classes))
    accuracy = over_samples(float((gold == predicted).mean()), drawn @ (true == guess) / n)
    return TextScores("macro-F1", f1, n, accuracy)


def macro_f1(gold: np.ndarray, predicted: np.ndarray, n_classes: int) -> float:
    """Mean F1 of the classes that occur."""
    return float(shuffled_f1(gold[None], predicted, n_classes)[0])


def shuffled_f1(golds: np.ndarray, predicted: np.ndarray, n_classes: int) -> np.ndarray:
    """Macro-F1 of the same predictions against shuffles of one list of true classes: (S,).

    Args:
        golds: int (S, n); each row holds every class equally often.
        predicted: int (n,).
        n_classes: K.
    """
    draws, rows = np.nonzero(golds == predicted)
    cells = draws * n_classes + predicted[rows]
    right = np.bincount(cells, minlength=len(golds) * n_classes).reshape(-1, n_classes)
    occurs = sum(np.bincount(one, minlength=n_classes) for one in (golds[0], predicted))
    return _mean_f1(right, np.broadcast_to(occurs, right.shape))


def compare(
    gold: np.ndarray, predicted: np.ndarray, other: np.ndarray, n_classes: int, seed: int = 0
) -> Difference:
    """Compare predictions with those of another method, row by row.

    The interval is that of the paired bootstrap. The p-value is by randomisation, which claims a difference
    between two methods that do not differ in at most 5% of cases, for any number of rows.

    Args:
        gold: int (n,), the true classes.
        predicted: int (n,).
        other: int (n,), of the method it is compared with.
        n_classes: K.
        seed: of the bootstrap and of the randomisation.
    """
    n = len(gold)
    kinds, counts = np.unique((gold * n_classes + predicted) * n_classes + other, return_counts=True)
    true, own, others = kinds // n_classes**2, kinds // n_classes % n_classes, kinds % n_classes
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(n, counts / n, size=N_SAMPLES)
    differences = _sampled_f1(true, own, drawn, n_classes) - _sampled_f1(true, others, drawn, n_classes)
    value = macro_f1(gold, predicted, n_classes) - macro_f1(gold, other, n_classes)
    swapped = rng.binomial(counts, 0.5, size=(N_DRAWS, len(counts)))
    null = _swapped_f1(true, own, others, counts, swapped, n_classes)
    return Difference(over_samples(value, differences), p_value(abs(value), np.abs(null)))


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


def _mean_f1(right: np.ndarray, occurs: np.ndarray) -> np.ndarray:
    """Mean over the classes (last axis) that occur, as truth or as prediction, of 2 right / occurrences."""
    f1 = np.divide(2 * right, occurs, out=np.zeros(right.shape), where=occurs > 0)
    return np.asarray(f1.sum(axis=-1) / np.maximum((occurs > 0).sum(axis=-1), 1))


def _sampled_f1(true: np.ndarray, guess: np.ndarray, drawn: np.ndarray, n_classes: int) -> np.ndarray:
    """Macro-F1 of samples, given as counts (S, kinds) of kinds of rows."""
    right = _by_class(drawn * (true == guess), true, n_classes)
    return _mean_f1(right, _by_class(drawn, true, n_classes) + _by_class(drawn, guess, n_classes))


def _swapped_f1(
    true: np.ndarray,
    own: np.ndarray,
    others: np.ndarray,
    counts: np.ndarray,
    swapped: np.ndarray,
    n_classes: int,
) -> np.ndarray:
    """Differences of macro-F1 (S,) where two methods have exchanged `swapped` (S, kinds) of their rows."""
    kept = counts - swapped
    truth = _by_class(counts[None], true, n_classes)
    f1 = []
    for first, second in ((kept, swapped), (swapped, kept)):
        right = _by_class(first * (own == true) + second * (others == true), true, n_classes)
        guesses = _by_class(first, own, n_classes) + _by_class(second, others, n_classes)
        f1.append(_mean_f1(right, truth + guesses))
    return np.asarray(f1[0] - f1[1])


def _by_class(counts: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Sums (S, K) over the kinds (S, kinds) of each class."""
    from scipy.sparse import csr_array

    n = len(codes)
    members = csr_array((np.ones(n, dtype=np.int64), (codes, np.arange(n))), shape=(n_classes, n))
    return np.asarray((members @ counts.T).T)
