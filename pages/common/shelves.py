"""Results that can be looked up without computing them: the sample's for all sessions, a text's for its own.

Streamlit's caches cannot say whether a result is there, so they cannot draw one picture while a better one
is being computed beside the page.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

from pages.common import jobs
from pages.common.loaders import Source

_COMMON, _OWN = 120, 16
"""Results kept of the sample, which are small, and of a user's texts."""
_one_at_a_time = threading.Lock()  # two computations on the same cores finish later than one after the other

Report = Callable[[str, float], object]


class Shelf:
    """The results that were used last; any thread may ask."""

    def __init__(self, size: int) -> None:
        """Start empty."""
        self._size, self._lock = size, threading.Lock()
        self._results: OrderedDict[Hashable, Any] = OrderedDict()

    def find(self, key: Hashable) -> Any:
        """A result, or None."""
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
            return self._results.get(key)

    def keep(self, key: Hashable, result: Any) -> Any:
        """Keep a result, and hand it back."""
        with self._lock:
            self._results[key] = result
            while len(self._results) > self._size:
                self._results.popitem(last=False)
        return result


@st.cache_resource(show_spinner=False)
def _common() -> Shelf:
    return Shelf(_COMMON)


@st.cache_resource(show_spinner=False, scope="session")
def _own() -> Shelf:
    return Shelf(_OWN)


def shelf_of(source: Source) -> Shelf:
    """Where the results about a text are kept."""
    return _common() if source.is_sample else _own()


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
