"""A look inside a comparison of classifiers: its best classifier, a learning curve, label errors."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.inside.label_errors import Suspect, find_label_errors, out_of_fold
from elmo_core.learning.inside.learning_curve import Point, learning_curve
from elmo_core.learning.texts.methods import HeadMethod
from elmo_core.learning.texts.results import LEARNED_WORDS, TextResult
from elmo_core.learning.texts.task import TextTask
from elmo_core.measuring.splitting import Split
from elmo_core.progress import Report, part_of

PROBE = LEARNED_WORDS
"""The method for learning curve and label errors: strong, and fast to fit."""


@dataclass(frozen=True, eq=False)
class Inspection:
    """What a look inside has found; rows are positions in the dataset."""

    rows: np.ndarray
    """int64 (m,): the texts that were read."""
    means: np.ndarray
    """float32 (m, D): their vectors, the mean over layers and tokens."""
    curve: tuple[Point, ...]
    suspects: tuple[Suspect, ...]
    left_out: tuple[str, ...]
    """What is missing and why, a sentence each."""
    best: TextResult
    """The best method on the biLM."""
    classifier: ElmoClassifier
    """Its classifier: that of the one split or, after a cross-validation, one trained on all rows."""
    n_learned: int
    """Rows it has learned from."""


def inspect(
    task: TextTask,
    split: Split,
    best: TextResult,
    *,
    penalty: float | None = None,
    end: float,
    report: Report | None = None,
) -> Inspection:
    """Look inside a comparison.

    Args:
        task: whose texts were read.
        split: to draw the learning curve on.
        best: the best method on the biLM.
        penalty: of the linear head on all training rows, where it is known.
        end: time (of `time.monotonic`) after which steps are left out; training beyond the limit moves it.
        report: called with the progress; an error it raises stops the work.
    """
    rows = task.read_part(np.arange(len(task.texts)))
    classifier, n_learned = best.classifier, best.n_train
    if classifier is None:
        labels = [task.classes[code] for code in task.codes[rows]]
        classifier = _head_method(task, best.method).classifier(task)
        told = part_of(report, 0.0, 0.25, "training on all texts")
        started = time.monotonic()
        classifier.fit(task.taken_layers(rows), labels, report=told)
        n_learned = len(rows)
        end += task.method(best.method).is_beyond_limit * (time.monotonic() - started)
    split = Split(task.read_part(split.train), split.test)
    curve, missing = _curve(task, split, end, part_of(report, 0.25, 0.6, "learning curve"))
    suspects = tuple[Suspect, ...]()
    layers = task.taken_layers(rows).without_tokens()
    if time.monotonic() < end:
        probe = _head_method(task, PROBE).classifier(task).set_params(penalty=penalty)
        found = out_of_fold(
            probe,
            layers,
            task.codes[rows],
            seed=task.seed,
            together=_among(task.together, rows),
            report=part_of(report, 0.6, 1.0, "label errors"),
        )
        wrong = find_label_errors(found, task.codes[rows])
        suspects = tuple(replace(suspect, row=int(rows[suspect.row])) for suspect in wrong)
    else:
        missing.append("There was no time left to look for label errors; allow more.")
    means = layers.means.mean(axis=1)
    return Inspection(rows, means, curve, suspects, tuple(missing), best, classifier, n_learned)


def _head_method(task: TextTask, name: str) -> HeadMethod:
    method = task.method(name)
    assert isinstance(method, HeadMethod), "only methods on the biLM are looked into"
    return method


def _among(pairs: Sequence[tuple[int, int]], rows: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of some rows (int64, in rising order) as pairs of positions among them."""
    at = {row: index for index, row in enumerate(rows.tolist())}
    return [(at[a], at[b]) for a, b in pairs if a in at and b in at]


def _curve(
    task: TextTask, split: Split, end: float, report: Report | None
) -> tuple[tuple[Point, ...], list[str]]:
    """The learning curve as far as there is time, and why it is not complete."""
    points: list[Point] = []
    try:
        for point in learning_curve(task, task.method(PROBE), split, report=report):
            points.append(point)
            if time.monotonic() > end:
                return tuple(points), ["There was no time left for the whole learning curve; allow more."]
    except InputError as error:
        return (), [str(error)]
    return tuple(points), []
