"""Results about a text: looked up, computed at once, or by a job that the page waits for.

That a result can be looked up lets a page draw one picture while a better one is being computed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any

from pages.common import jobs
from pages.common.loaders import Source
from pages.common.results import ResultStore, session_results

_COMMON, _OWN = 120, 16
"""Results kept of the sample, which are small, and of a user's texts."""
_one_at_a_time = threading.Lock()  # two computations on the same cores finish later than one after the other

Report = Callable[[str, float], object]


_SHARED = ResultStore(_COMMON)


def shelf_of(source: Source) -> ResultStore:
    """Return where the results about a text are kept: the sample's for all sessions, a text's for its own."""
    return _SHARED if source.is_sample else session_results(__name__, _OWN)


def computed(
    source: Source,
    key: tuple[Hashable, ...],
    work: Callable[[Report], Any],
    *,
    owner: str = "",
    title: str = "",
    is_long: bool = False,
) -> Any:
    """A result about a text: from its shelf, computed at once, or by a job that the page waits for.

    Args:
        source: the text.
        key: what the result depends on besides the text.
        work: told a function to which it reports what it does and the share done.
        owner: prefix of the job's keys.
        title: of the job.
        is_long: whether it takes more than a moment.
    """
    shelf, full_key = shelf_of(source), (source.key, *key)
    found = shelf.find(full_key)
    if found is not None:
        return found
    if is_long:
        return jobs.awaited(owner, repr(full_key), title, lambda job: shelf.keep(full_key, work(job.report)))
    with _one_at_a_time:
        found = shelf.find(full_key)  # another session may have computed it meanwhile
        return found if found is not None else shelf.keep(full_key, work(lambda doing, share: None))
