"""Would more sentences help? The score for growing parts of the training sentences, on the same test ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from elmo_core.embedder import Elmo
from elmo_core.learning.tags.comparison import TagComparisonSettings, TagTask, tagger_of
from elmo_core.learning.tags.scores import TagScores, score_tags
from elmo_core.learning.text_layers import Report

SHARES = (0.1, 0.25, 0.5, 1.0)
_LEAST = 10


@dataclass(frozen=True)
class TagPoint:
    """What so many training sentences give."""

    n_train: int
    scores: TagScores


def tag_learning_curve(
    elmo: Elmo,
    task: TagTask,
    method: str,
    settings: TagComparisonSettings,
    *,
    shares: tuple[float, ...] = SHARES,
    report: Report | None = None,
) -> Iterator[TagPoint]:
    """Learn from growing random parts, each within the next one.

    Args:
        elmo: the model that the task was prepared with.
        task: see `prepare_task`.
        method: one with a tagger, such as "learned mix".
        settings: see there; its seed also orders the sentences.
        shares: of the training sentences.
        report: told how far it is; an error it raises stops the work.
    """
    n = len(task.train)
    order = np.random.default_rng(settings.seed).permutation(n)
    sizes = sorted({min(n, max(_LEAST, round(share * n))) for share in shares})
    for at, size in enumerate(sizes):
        rows = np.sort(order[:size])
        tags = [task.train.tags[int(row)] for row in rows]
        if len({tag for own in tags for tag in own}) < 2:
            continue
        done = sum(sizes[:at]) / sum(sizes)
        own = None if report is None else _part(report, size, done, size / sum(sizes))
        tagger = tagger_of(method, elmo, settings, task.static).fit(
            task.train_data.take(rows), tags, report=own
        )
        predicted = tagger.predict(task.test_data)
        yield TagPoint(size, score_tags(task.test.tags, predicted, is_spans=task.test.is_spans))


def _part(report: Report, size: int, first: float, length: float) -> Report:
    return lambda doing, share: report(f"{size:,} sentences, {doing}", first + length * share)
