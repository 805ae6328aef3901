"""Requests of several threads, joined: what arrives while the model works is computed together afterwards.

The first thread to come works for itself; those that come meanwhile wait, and one of them then works for
all of these in one call. No request waits for others: alone, it costs what it did before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(eq=False)
class _Request(Generic[Item, Result]):
    items: Sequence[Item]
    results: list[Result] = field(default_factory=list)
    failure: BaseException | None = None
    is_done: bool = False


class Joined(Generic[Item, Result]):
    """A function of many items, called by many threads and run for one group of them at a time."""

    def __init__(self, function: Callable[[list[Item]], list[Result]], most_items: int) -> None:
        """Wrap a function.

        Args:
            function: gives one result for each item, in order, whatever stands beside it.
            most_items: of one call, unless a single request holds more.
        """
        self._function, self._most_items = function, most_items
        self._changed = threading.Condition()
        self._waiting: list[_Request[Item, Result]] = []
        self._is_busy = False
        self.n_calls = 0
        """Calls of the function so far."""

    def __call__(self, items: Sequence[Item]) -> list[Result]:
        """Return the results of some items; an error of the function is raised in all joined requests."""
        own: _Request[Item, Result] = _Request(items)
        with self._changed:
            self._waiting.append(own)
        while group := self._turn(own):
            self._work(group)
        if own.failure is not None:
            raise own.failure
        return own.results

    def _turn(self, own: _Request[Item, Result]) -> list[_Request[Item, Result]]:
        """Wait until a request is done, then nothing; or until nobody works, then what comes first."""
        with self._changed:
            self._changed.wait_for(lambda: own.is_done or not self._is_busy)
            if own.is_done:
                return []
            self._is_busy = True
            n_items, end = len(self._waiting[0].items), 1
            for request in self._waiting[1:]:
                n_items += len(request.items)
                if n_items > self._most_items:
                    break
                end += 1
            group, self._waiting = self._waiting[:end], self._waiting[end:]
            return group

    def _work(self, group: list[_Request[Item, Result]]) -> None:
        self.n_calls += 1
        try:
            results = iter(self._function([item for request in group for item in request.items]))
            for request in group:
                request.results = [next(results) for _ in request.items]
        except BaseException as failure:
            for request in group:
                request.failure = failure
            if not isinstance(failure, Exception):
                raise
        finally:
            with self._changed:
                for request in group:
                    request.is_done = True
                self._is_busy = False
                self._changed.notify_all()
