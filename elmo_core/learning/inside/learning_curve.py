"""Would more data help? Macro-F1 by the number of training texts, each time on the same test texts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone

from elmo_core.exceptions import InputError
from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.metrics import Scores, score
from elmo_core.learning.text_layers import Report, TextLayers, part_of
from elmo_core.measuring.intervals import Estimate
from elmo_core.measuring.splitting import Split

_FRACTIONS = (1 / 8, 1 / 4, 1 / 2, 1.0)
_FEWEST = 2
"""Texts of each class in the smallest part."""


@dataclass(frozen=True)
class Point:
    """What was reached with so many texts."""

    n_train: int
    scores: Scores


@dataclass(frozen=True)
class Trend:
    """What one more doubling of the training texts would bring, if it went on as before."""

    per_doubling: Estimate
    """Gain of macro-F1 (0 to 1) by the last doubling, with the interval of a difference of two scores."""
    sentence: str


def learning_curve(
    classifier: ElmoClassifier,
    layers: TextLayers,
    codes: np.ndarray,
    split: Split,
    *,
    seed: int = 0,
    report: Report | None = None,
) -> Iterator[Point]:
    """Train on an eighth, a quarter, a half and all of the training texts, each part within the next.

    Args:
        classifier: the settings; it is not fitted itself.
        layers: of n texts.
        codes: int (n,), their classes.
        split: what to learn from and what to test on.
        seed: of the parts.
        report: told how far each training is.

    Yields:
        One point for each part that holds at least two texts of every class.

    Raises:
        InputError: not even the whole does.
    """
    order = _shuffled_by_class(codes, split.train, seed)
    n_classes = int(codes.max()) + 1
    n_points = 0
    test = layers.take(split.test)
    ends = np.cumsum(_FRACTIONS) / sum(_FRACTIONS)
    for fraction, end in zip(_FRACTIONS, ends.tolist(), strict=True):
        rows = np.concatenate([rows[: max(1, round(fraction * len(rows)))] for rows in order])
        if min(round(fraction * len(rows)) for rows in order) < _FEWEST:
            continue
        n_points += 1
        own = part_of(report, end - fraction / sum(_FRACTIONS), end)
        fitted = clone(classifier).fit(layers.take(rows), codes[rows], report=own)
        yield Point(
            len(rows), score(codes[split.test], fitted.predict(test).astype(np.int64), n_classes, seed)
        )
    if not n_points:
        raise InputError("A learning curve needs at least two training texts of every class.")


def trend(points: Sequence[Point]) -> Trend:
    """Say what the last doubling has brought.

    Args:
        points: at least one, in rising order.
    """
    if len(points) < 2:
        nothing = Estimate(0.0, -1.0, 1.0)
        return Trend(nothing, "There are too few texts to tell whether more would help.")
    before, after = points[-2].scores.macro_f1, points[-1].scores.macro_f1
    doublings = max(math.log2(points[-1].n_train / points[-2].n_train), 1e-6)
    gain = (after.value - before.value) / doublings
    widths = [(one.high - one.low) / 2 for one in (before, after)]
    # the same test texts: their errors go together, so that the width of independent ones is an upper bound
    half = math.hypot(*widths) / doublings
    estimate = Estimate(float(gain), float(gain - half), float(gain + half))
    return Trend(estimate, _sentence(estimate, points[-1].n_train))


def _sentence(gain: Estimate, n: int) -> str:
    told = f"the last doubling (to {n:,} texts) brought {100 * gain.value:+.1f} points of macro-F1"
    interval = f"95% interval {100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
    if gain.low > 0:
        return f"More data would help: {told} ({interval})."
    if gain.high < 0.01:
        return f"More data of this kind would hardly help: {told} ({interval})."
    return f"More data may or may not help: {told} ({interval})."


def _shuffled_by_class(codes: np.ndarray, rows: np.ndarray, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.permutation(rows[codes[rows] == code]) for code in np.unique(codes[rows])]
