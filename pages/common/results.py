"""Results that the pages keep: for all sessions, or for one session alone.

They stand outside Streamlit's caches, because one message from any visitor's browser (`clear_cache`) empties
those for everybody. What a function depends on is its key; arguments that start with an underscore are not
part of it. A result is computed once, however many sessions ask for it at the same time.

    @kept_for_all(2)
    def sample_space(model: str) -> TextSpace: ...

    table = session_results().get_or_compute(f"table {digest}", lambda: read_table(content, name))
"""

from __future__ import annotations

import inspect
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import streamlit as st

P = ParamSpec("P")
R = TypeVar("R")

_IN_SESSION = "_results"
_OF_NO_FUNCTION = 4


class ResultStore:
    """The results that were used last; any thread may ask."""

    def __init__(self, size: int) -> None:
        """Create an empty store.

        Args:
            size: most results kept.
        """
        self._size, self._lock = size, threading.Lock()
        self._results: OrderedDict[Hashable, Any] = OrderedDict()
        self._computing: dict[Hashable, threading.Lock] = {}

    def find(self, key: Hashable) -> Any:
        """Return a result, or None where there is none."""
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
            return self._results.get(key)

    def keep(self, key: Hashable, result: R) -> R:
        """Keep a result, and return it."""
        with self._lock:
            self._results[key] = result
            self._results.move_to_end(key)
            while len(self._results) > self._size:
                self._results.popitem(last=False)
        return result

    def get_or_compute(self, key: Hashable, work: Callable[[], R]) -> R:
        """Return a result, computed by `work` where there is none; an error of `work` is not kept."""
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                found: R = self._results[key]
                return found
            turn = self._computing.setdefault(key, threading.Lock())
        with turn:
            try:
                with self._lock:
                    if key in self._results:  # another thread has computed it meanwhile
                        found = self._results[key]
                        return found
                return self.keep(key, work())
            finally:
                with self._lock:
                    self._computing.pop(key, None)


def kept_for_all(size: int = 16) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function so that its last `size` results are kept for all sessions."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        store, key_of = ResultStore(size), _key_maker(function)

        @wraps(function)
        def kept(*args: P.args, **kwargs: P.kwargs) -> R:
            return store.get_or_compute(key_of(*args, **kwargs), lambda: function(*args, **kwargs))

        return kept

    return decorate


def kept_for_session(size: int = 4) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function so that its last `size` results are kept for the session that asked."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        key_of, name = _key_maker(function), f"{function.__module__}.{function.__qualname__}"

        @wraps(function)
        def kept(*args: P.args, **kwargs: P.kwargs) -> R:
            store = session_results(name, size)
            return store.get_or_compute(key_of(*args, **kwargs), lambda: function(*args, **kwargs))

        return kept

    return decorate


def session_results(name: str = "", size: int = _OF_NO_FUNCTION) -> ResultStore:
    """Return one of the stores of the running session, made on first use.

    Args:
        name: of the store; the one without a name takes results of any kind.
        size: most results kept.
    """
    stores: dict[str, ResultStore] = st.session_state.setdefault(_IN_SESSION, {})
    return stores.setdefault(name, ResultStore(size))


def _key_maker(function: Callable[..., Any]) -> Callable[..., tuple[tuple[str, Hashable], ...]]:
    """The arguments of a call that its result depends on, by name."""
    signature = inspect.signature(function)

    def key_of(*args: Any, **kwargs: Any) -> tuple[tuple[str, Hashable], ...]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return tuple((name, value) for name, value in bound.arguments.items() if not name.startswith("_"))

    return key_of
