"""Would more data help? The score by the number of training items, always on the same test items."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from elmo_core.learning.methods import AnyMethod, Budget
from elmo_core.learning.results import Scores
from elmo_core.learning.task import Task
from elmo_core.measuring.intervals import Estimate
from elmo_core.measuring.splitting import Split
from elmo_core.progress import Report, part_of

_CLOSE = 0.01
"""A gain below this, from 0 to 1, is hardly worth more data."""


@dataclass(frozen=True)
class Point:
    """What was reached with so many training items."""

    n_train: int
    scores: Scores


@dataclass(frozen=True)
class Trend:
    """What one more doubling of the training items would bring, if it went on as before."""

    per_doubling: Estimate
    """Gain of the main measure (0 to 1) by the last doubling, with its 95% interval."""
    sentence: str


def learning_curve(
    task: Task[Any, Any], method: AnyMethod, split: Split, *, report: Report | None = None
) -> Iterator[Point]:
    """Learn from growing parts of the training items, each within the next.

    Args:
        task: what is learned; its items are read where the method needs their layers.
        method: what learns.
        split: what to learn from and what to test on.
        report: called with the progress; an error it raises stops the work.

    Raises:
        InputError: there are too few training items.
    """
    parts = list(task.growing_parts(split.train))
    total = sum(map(len, parts))
    done = 0
    for rows in parts:
        title = f"learning from {len(rows):,} {task.ITEM}s"
        own = part_of(report, done / total, (done + len(rows)) / total, title)
        part = Split(rows, split.test)
        outcome = method.run(task, part, Budget(math.inf, own))
        yield Point(len(rows), task.score([part], [outcome]))
        done += len(rows)


def trend(points: Sequence[Point], item: str) -> Trend:
    """Say what the last doubling has brought.

    Args:
        points: at least one, in rising order.
        item: what was learned from, such as "text".
    """
    if len(points) < 2:
        nothing = Estimate(0.0, -1.0, 1.0)
        return Trend(nothing, f"There are too few {item}s to say whether more would help.")
    before, after = points[-2].scores.value, points[-1].scores.value
    doublings = max(math.log2(points[-1].n_train / points[-2].n_train), 1e-6)
    gain = (after.value - before.value) / doublings
    widths = [(score.high - score.low) / 2 for score in (before, after)]
    # on the same test items errors go together, so that the width for independent scores is an upper bound
    half = math.hypot(*widths) / doublings
    estimate = Estimate(float(gain), float(gain - half), float(gain + half))
    return Trend(estimate, _sentence(estimate, points[-1], item))


def _sentence(gain: Estimate, last: Point, item: str) -> str:
    numbers = (
        f"the last doubling (to {last.n_train:,} {item}s) brought {100 * gain.value:+.1f} points of "
        f"{last.scores.measure} (95% interval {100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
    )
    if gain.low > 0:
        return f"More data would help: {numbers}."
    if gain.high < _CLOSE:
        return f"More data of this kind would hardly help: {numbers}."
    return f"More data may or may not help: {numbers}."
