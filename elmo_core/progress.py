"""Callbacks through which long work reports its progress, and through which a caller stops it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Report: TypeAlias = Callable[[str, float], object]
"""Called with a description of the current step and the share of the whole that is done, 0 to 1.

An error that it raises stops the work and reaches the caller.
"""

Progress: TypeAlias = Callable[[int, int], object]
"""Called with (units done, units in all), where callers need the count itself: tokens, bytes, words.

Where the total is not known before the end, both are the units done.

An error that it raises stops the work and reaches the caller.
"""


def part_of(report: Report | None, start: float, end: float, doing: str | None = None) -> Report | None:
    """Turn the progress of one part of some work into the progress of the whole.

    Args:
        report: callback of the whole; None = no reports, and None is returned.
        start: share of the whole at which the part begins.
        end: share of the whole at which it ends.
        doing: description to report; None = the part's own.

    Returns:
        A callback for the part.
    """
    if report is None:
        return None
    whole = report
    return lambda own, share: whole(doing or own, start + (end - start) * share)


def share_of(report: Report | None, doing: str) -> Progress | None:
    """Turn a count of units into a share.

    Args:
        report: callback that wants shares; None = no reports, and None is returned.
        doing: description to report.

    Returns:
        A callback that wants (units done, units in all).
    """
    if report is None:
        return None
    whole = report
    return lambda done, total: whole(doing, done / max(total, 1))
