"""How many rows fit into the time: measured on a sample before the work begins."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from elmo_core.measuring.splitting import Split

_WARMING, _MEASURED = 1_000, 12_000
"""Characters, of the texts that are embedded before the measurement and for it."""
_SMALL, _USUAL_RATE = 60_000, 4e-5
"""Characters that are embedded within seconds anywhere, and seconds for one of them: not worth measuring."""
_SHARE = 0.55
"""Of the time that is left, for vectors; the rest is for learning."""
_TEST_SHARE = 0.15
"""Of the whole time, for the vectors of test rows."""


def affordable_rows(rows: np.ndarray, lengths: np.ndarray, most: float, seed: int) -> tuple[np.ndarray, str]:
    """A random part of some rows whose lengths add up to `most`, and what to say if it is not all of them.

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
    """Seconds that the vectors of one character take; a usual value where there are few.

    Args:
        embed: computes the vectors of some rows.
        lengths: (n,), of the texts, in characters.
        seed: of the choice of the sample.
    """
    if lengths.sum() <= _SMALL:
        return _USUAL_RATE
    order = np.random.default_rng(seed).permutation(len(lengths))
    sizes = np.cumsum(lengths[order])
    n_warm, n_all = (int(np.searchsorted(sizes, most)) + 1 for most in (_WARMING, _WARMING + _MEASURED))
    embed(order[:n_warm])  # the first call also loads the tokeniser
    sample = order[n_warm:n_all] if len(order) > n_warm else order
    started = time.monotonic()
    embed(sample)
    return float((time.monotonic() - started) / lengths[sample].sum())


def affordable_tests(
    split: Split, lengths: np.ndarray, rate: float, limit_s: float, seed: int
) -> tuple[Split, str]:
    """A split whose test rows take no more than a part of the time; and what to say if they are fewer."""
    most = _TEST_SHARE * limit_s / rate
    test, _ = affordable_rows(split.test, lengths[split.test], most, seed)
    if len(test) == len(split.test):
        return split, ""
    return Split(split.train, test), f"tested on {len(test):,} of {len(split.test):,} rows"


def affordable_folds(
    splits: list[Split], lengths: np.ndarray, rate: float, limit_s: float, seed: int
) -> tuple[list[Split], str]:
    """Folds over as many rows as fit into the time; and what to say if they are fewer."""
    everything = np.arange(len(lengths))
    kept, _ = affordable_rows(everything, lengths, _SHARE * limit_s / rate, seed)
    if len(kept) == len(everything):
        return splits, ""
    parts = [Split(np.intersect1d(one.train, kept), np.intersect1d(one.test, kept)) for one in splits]
    return parts, f"ran on {len(kept):,} of {len(everything):,} rows"


def affordable_vectors(
    rate: float, lengths: np.ndarray, splits: list[Split], left_s: float, seed: int
) -> tuple[np.ndarray | None, str]:
    """Rows whose vectors can be computed in time: all test rows, and as many others as fit.

    Args:
        rate: seconds for the vectors of one character.
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
        return None, f"the vectors of these texts take longer than the time limit; allow {needed:.0f} s more"
    kept, note = affordable_rows(others, lengths[others], spare, seed)
    return np.sort(np.concatenate([test, kept])), note
