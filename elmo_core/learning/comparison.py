"""The comparison engine: methods on the same test items, within a time limit."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Generic

import numpy as np

from elmo_core.learning.epochs import Epoch
from elmo_core.learning.methods import AnyMethod, Budget, Outcome
from elmo_core.learning.results import ResultT, SkippedMethod
from elmo_core.learning.task import Task
from elmo_core.learning.time_budget import (
    READING,
    USUAL_RATE,
    StepProgress,
    affordable_vectors,
    expected_steps,
    splits_in_time,
)
from elmo_core.measuring.splitting import Split, rows_beside_training
from elmo_core.progress import Report

_BASELINE_SHARE = 0.25
"""Share of the time that a method without a biLM may take."""


class Comparison(Generic[ResultT]):
    """A comparison of the methods of a task.

    Attributes:
        task: what is learned; it holds the layers of the items once they are read.
        splits: what is learned from and tested on; fewer items than asked for where time is short.
    """

    def __init__(
        self,
        task: Task[Any, ResultT],
        *,
        first: Comparison[ResultT] | None = None,
        report: Report | None = None,
        on_epoch: Callable[[str, Epoch], None] | None = None,
    ) -> None:
        """Split the items.

        Args:
            task: what to learn, with the methods to compare.
            first: a comparison of the same items with another model, which is done. Then only the methods
                on the model run, named after it, on the same test items and against the same baselines.
            report: called with the progress; an error it raises stops the work.
            on_epoch: called with the method's name after each epoch of a method that learns in epochs.
        """
        self.task = task
        self.splits: list[Split] = first.splits if first else task.splits()
        self._end = time.monotonic() + task.time_limit_s
        self._progress, self._on_epoch = StepProgress(report), on_epoch
        self._outcomes: dict[str, list[Outcome]] = {}
        self._baselines: list[ResultT] = first._baselines if first else []
        self._note: str = first._note if first else ""
        self._second = task.elmo.name if first else ""

    @property
    def left_s(self) -> float:
        """Seconds until the time is up."""
        return self._end - time.monotonic()

    def results(self) -> Iterator[ResultT | SkippedMethod]:
        """Run the methods without a biLM, read the items, then run the others.

        Yields:
            The result of each method as soon as it is ready, or why it was skipped.

        Raises:
            TrainingError: a method cannot learn from these items.
        """
        task = self.task
        methods = [method for method in task.methods if method.needs_model or not self._second]
        on_bilm = [method for method in methods if method.needs_model]
        rate = self._fit_to_time() if on_bilm else USUAL_RATE
        self._progress.expect(expected_steps(task, methods, rate, len(self.splits), task.time_limit_s))
        for method in methods:
            if not method.needs_model:
                yield self._run(method, _BASELINE_SHARE * task.time_limit_s, "")
        if not on_bilm:
            return
        rows, note = affordable_vectors(rate, task.lengths, self.splits, self.left_s, task.seed)
        if rows is None:
            yield from (SkippedMethod(self._named(method), note) for method in on_bilm)
            return
        self._progress.start(READING)
        keep_tokens = any(method.needs_tokens for method in on_bilm)
        task.embed(rows, keep_tokens=keep_tokens, report=self._progress)
        for index, method in enumerate(on_bilm):
            n_left = sum(not other.is_beyond_limit for other in on_bilm[index:])
            share = 1 if method.is_open_ended else max(n_left - 1, 1)
            left_s = math.inf if method.is_beyond_limit else max(self.left_s, 0.0)
            yield self._run(method, left_s / share, note)

    def _fit_to_time(self) -> float:
        """Leave out items where all would take too long; return the seconds for one character."""
        rate = self.task.measured_rate()
        if not self._second:
            self.splits, self._note = splits_in_time(self.task, self.splits, rate)
        return rate

    def _named(self, method: AnyMethod) -> str:
        """The name of a method in the results."""
        return f"{method.name}, {self._second}" if self._second else method.name

    def _run(self, method: AnyMethod, seconds: float, note: str) -> ResultT | SkippedMethod:
        """Run one method on all splits.

        Args:
            method: what to run.
            seconds: for all splits together.
            note: which items were left out before.
        """
        obstacle = self._obstacle(method)
        if obstacle:
            return SkippedMethod(self._named(method), obstacle)
        started = time.monotonic()
        outcomes: list[Any] = []
        weights: list[tuple[float, ...]] = []
        for index, split in enumerate(self.splits):
            self._progress.start(method.name, index, len(self.splits))
            if method.needs_model:
                split = replace(split, train=self.task.read_part(split.train))
            earlier = {name: done[index] for name, done in self._outcomes.items()}
            on_epoch = partial(self._on_epoch, self._named(method)) if self._on_epoch else None
            budget = Budget(seconds / len(self.splits), self._progress, on_epoch, earlier)
            outcome = method.run(self.task, split, budget)
            if outcome.estimator and method.needs_model:
                weights.append(outcome.estimator.layer_weights_)
            # one of several estimators serves nothing but the methods that build on it
            is_kept = len(self.splits) == 1 or any(other.base == method.name for other in self.task.methods)
            outcomes.append(outcome if is_kept else replace(outcome, estimator=None))
        self._outcomes[method.name] = outcomes
        found = self._judged(method, outcomes, time.monotonic() - started, note or outcomes[-1].note)
        return replace(found, layer_weights=tuple(np.mean(weights, axis=0).tolist()) if weights else None)

    def _obstacle(self, method: AnyMethod) -> str:
        """Say why a method cannot be run now; empty if it can."""
        if method.base and method.base not in self._outcomes:
            return f"it builds on {method.base}, which was left out"
        if not method.is_beyond_limit and method.least_cost(self.task) * len(self.splits) > self.left_s:
            return "the time was up; allow more"
        return method.obstacle(self.task)

    def _judged(self, method: AnyMethod, outcomes: list[Any], seconds: float, note: str) -> ResultT:
        """Score the outcomes of a method, also against each baseline that was run before."""
        found = self.task.result(method, self.splits, outcomes)
        notes = ", ".join(part for part in (note, self._note) if part)
        result = replace(
            found,
            method=self._named(method),
            model=self._second,
            seconds=seconds,
            n_train=outcomes[-1].n_train,
            n_folds=len(self.splits),
            n_beside_training=rows_beside_training(self.splits, self.task.together),
            against={baseline.method: found.compare(baseline) for baseline in self._baselines},
            note=f"{notes} to keep to the time limit" if notes else "",
        )
        if not method.needs_model and method.name not in result.TRIVIAL:
            self._baselines.append(result)
        return result
