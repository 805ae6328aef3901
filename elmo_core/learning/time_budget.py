"""The time of a comparison: what its steps take, how many items fit into it, and how far it has come."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from elmo_core.learning.methods import AnyMethod
from elmo_core.learning.task import Task
from elmo_core.measuring.splitting import Split
from elmo_core.progress import Report

READING = "reading the texts"
_LEAST = 0.1
"""Seconds of any step."""
_WARMING, _MEASURED = 1_000, 12_000
"""Characters of the texts that are embedded before the measurement and for it."""
_PARTS = 3
"""Parts of these that are measured, of which the quickest counts: other programs may hold up one of them."""
_SMALL, USUAL_RATE = 60_000, 4e-5
"""Characters that take seconds on any machine, so that no measurement pays off, and the usual seconds for
one of them."""
_SHARE = 0.55
"""Share of the remaining time for the layers; the rest is for learning."""
_TEST_SHARE = 0.15
"""Share of the whole time for the layers of test items."""


def expected_steps(
    task: Task[Any, Any], methods: Sequence[AnyMethod], rate: float, n_splits: int, limit_s: float
) -> dict[str, float]:
    """Estimate the seconds of each step, in the order of the steps; rough, as they depend on the machine.

    Args:
        task: what is learned.
        methods: to be compared.
        rate: seconds that the layers of one character take.
        n_splits: splits that each method runs on.
        limit_s: seconds in all; open-ended methods take what the others leave, and methods beyond the limit
            come on top.
    """
    steps: dict[str, float] = {}
    reading = min(rate * float(task.lengths.sum()), _SHARE * limit_s)  # more is left out
    for method in methods:
        if method.needs_model:
            steps.setdefault(READING, reading)
        steps[method.name] = (method.cost(task) + reading * method.passes(task)) * n_splits + _LEAST
    beyond = [method.name for method in methods if method.is_beyond_limit]
    for method in methods:
        if method.is_open_ended:
            others = sum(steps[one] for one in steps if one not in (method.name, *beyond))
            steps[method.name] = min(steps[method.name], max(limit_s - others, _LEAST))
    return steps


def splits_in_time(task: Task[Any, Any], splits: list[Split], rate: float) -> tuple[list[Split], str]:
    """Leave out test items whose layers would take too long, and say how many are left.

    Args:
        task: what is learned.
        splits: of its items.
        rate: seconds that the layers of one character take.
    """
    limit, lengths = task.time_limit_s, task.lengths
    if task.has_given_splits or math.isinf(limit):
        return splits, ""
    if len(splits) > 1:
        return _affordable_folds(splits, lengths, rate, limit, task.seed)
    split, note = _affordable_tests(splits[0], lengths, rate, limit, task.seed)
    return [split], note


def affordable_rows(rows: np.ndarray, lengths: np.ndarray, most: float, seed: int) -> tuple[np.ndarray, str]:
    """Draw rows whose lengths add up to `most`, and say how many were drawn if not all.

    Args:
        rows: int64 (n,).
        lengths: (n,), of their texts.
        most: characters.
        seed: of the choice.
    """
    if lengths.sum() <= most:
        return rows, ""
    order = np.random.default_rng(seed).permutation(len(rows))
    n_kept = max(int(np.searchsorted(np.cumsum(lengths[order]), most)), min(100, len(rows)))
    note = f"learned from {n_kept:,} of {len(rows):,} rows"
    return np.sort(rows[order[:n_kept]]), note


def measured_rate(embed: Callable[[np.ndarray], object], lengths: np.ndarray, seed: int) -> float:
    """Measure the seconds that the layers of one character take; a usual value for few characters.

    Args:
        embed: computes the layers of some rows.
        lengths: (n,), of the texts, in characters.
        seed: of the choice of the sample.
    """
    if lengths.sum() <= _SMALL:
        return USUAL_RATE
    order = np.random.default_rng(seed).permutation(len(lengths))
    sizes = np.cumsum(lengths[order])
    n_warm, n_all = (int(np.searchsorted(sizes, most)) + 1 for most in (_WARMING, _WARMING + _MEASURED))
    embed(order[:n_warm])  # the first call also loads the tokeniser
    sample = order[n_warm : max(n_all, n_warm + 1)] if len(order) > n_warm else order
    rates = []
    for part in np.array_split(sample, min(_PARTS, len(sample))):
        started = time.monotonic()
        embed(part)
        rates.append((time.monotonic() - started) / lengths[part].sum())
    return float(min(rates))


def _affordable_tests(
    split: Split, lengths: np.ndarray, rate: float, limit_s: float, seed: int
) -> tuple[Split, str]:
    """Draw test rows whose layers take no more than their share of the time."""
    most = _TEST_SHARE * limit_s / rate
    test, _ = affordable_rows(split.test, lengths[split.test], most, seed)
    if len(test) == len(split.test):
        return split, ""
    return Split(split.train, test), f"tested on {len(test):,} of {len(split.test):,} rows"


def _affordable_folds(
    splits: list[Split], lengths: np.ndarray, rate: float, limit_s: float, seed: int
) -> tuple[list[Split], str]:
    """Restrict folds to as many rows as fit into the time."""
    everything = np.arange(len(lengths))
    kept, _ = affordable_rows(everything, lengths, _SHARE * limit_s / rate, seed)
    if len(kept) == len(everything):
        return splits, ""
    parts = [Split(np.intersect1d(one.train, kept), np.intersect1d(one.test, kept)) for one in splits]
    return parts, f"ran on {len(kept):,} of {len(everything):,} rows"


def affordable_vectors(
    rate: float, lengths: np.ndarray, splits: list[Split], left_s: float, seed: int
) -> tuple[np.ndarray | None, str]:
    """Select the rows whose layers can be computed in time: all test rows, and as many others as fit.

    Args:
        rate: seconds that the layers of one character take.
        lengths: (n,), of the texts, in characters.
        splits: whose test rows cannot be left out.
        left_s: seconds until the whole work must be done.
        seed: of the choice.

    Returns:
        The rows in rising order, and what to say about them; None where not even the test rows fit.
    """
    test = np.unique(np.concatenate([split.test for split in splits]))
    wanted = np.unique(np.concatenate([test, *(split.train for split in splits)]))
    budget = _SHARE * left_s / rate
    if lengths[wanted].sum() <= budget or (len(test) == len(wanted) and budget > 0.7 * lengths[wanted].sum()):
        return wanted, ""
    others = np.setdiff1d(wanted, test)
    spare = budget - lengths[test].sum()
    if spare <= 0 or not len(others):
        needed = lengths[wanted].sum() * rate / _SHARE
        return None, f"the layers of these texts take longer than the time limit; allow {needed:.0f} s more"
    kept, note = affordable_rows(others, lengths[others], spare, seed)
    return np.sort(np.concatenate([test, kept])), note


class StepProgress:
    """Converts the progress of each step into the progress of the whole."""

    def __init__(self, report: Report | None) -> None:
        """Start with no steps; until `expect` is called, the progress of the whole stays 0.

        Args:
            report: called with the current step and the share of the whole that is done.
        """
        self._report = report
        self._seconds: dict[str, float] = {}
        self._step, self._part, self._done = "", (0, 1), 0.0

    def expect(self, seconds: Mapping[str, float]) -> None:
        """Set the steps and the seconds of each."""
        self._seconds = dict(seconds)

    def start(self, step: str, part: int = 0, n_parts: int = 1) -> None:
        """Begin a step, or one of its equal parts; all steps before it count as done."""
        names = list(self._seconds)
        before = names[: names.index(step)] if step in names else names
        self._done = sum(self._seconds[name] for name in before)
        self._step, self._part = step, (part, n_parts)
        self(step, 0.0)

    def __call__(self, doing: str, share: float) -> None:
        """Report the share of the current step that is done; called like a `Report`."""
        if self._report is None:
            return
        part, n_parts = self._part
        own = self._seconds.get(self._step, 0.0) * (part + share) / n_parts
        whole = sum(self._seconds.values())
        self._report(self._step or doing, min((self._done + own) / whole, 1.0) if whole else 0.0)
