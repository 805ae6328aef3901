"""The one store of results: of the sample for all visitors, of a visitor's own data for that visitor alone.

Results stand outside Streamlit's caches, because one message from any visitor's browser (`clear_cache`)
empties those for everybody. A result is computed once, however many sessions ask for it at the same time.

    results_about(is_sample=True).get_or_compute(("space", model), lambda: embed_text(...))

    @kept_for_all(2)
    def sample_space(model: str) -> TextSpace: ...
"""

from __future__ import annotations

import inspect
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from pages.common.chosen_model import model_name
from pages.common.visitors import current_visitor

P = ParamSpec("P")
R = TypeVar("R")

_OF_SAMPLES, _OWN = 256, 48
"""Most results kept about the samples, and about one visitor's data."""


class ResultStore:
    """The most recently used results; safe to use from any thread."""

    def __init__(self, size: int, *, is_shared: bool = False) -> None:
        """Create an empty store.

        Args:
            size: most results kept.
            is_shared: whether the results are the same for all visitors.
        """
        self.is_shared = is_shared
        self._size, self._lock = size, threading.Lock()
        self._results: OrderedDict[Hashable, Any] = OrderedDict()
        self._computing: dict[Hashable, threading.Lock] = {}

    def __contains__(self, key: Hashable) -> bool:
        """Return whether there is a result, even one that is None."""
        with self._lock:
            return key in self._results

    def everything(self) -> dict[Hashable, Any]:
        """Return all results by key, the least recently used first."""
        with self._lock:
            return dict(self._results)

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
                result: R = self._results[key]
                return result
            turn = self._computing.setdefault(key, threading.Lock())
        with turn:
            try:
                with self._lock:
                    if key in self._results:  # another thread has computed it meanwhile
                        result = self._results[key]
                        return result
                return self.keep(key, work())
            finally:
                with self._lock:
                    self._computing.pop(key, None)


_about_samples: dict[tuple[str, int], ResultStore] = {}
_changes: dict[str, int] = {}
_versions: Counter[str] = Counter()


def note_change(model: str, changed: int) -> None:
    """Note when the files of a model changed last.

    A name may be given to another model. What was found with the one before is then no longer found.
    """
    if _changes.setdefault(model, changed) != changed:
        _changes[model] = changed
        _about_samples.pop((model, _versions[model]), None)
        _versions[model] += 1


def results_about(*, is_sample: bool) -> ResultStore:
    """Return the store of results about a sample, or about the data of the running session's visitor.

    Each model has stores of its own.
    """
    if not is_sample:
        return visitor_results()
    key = model_name(), _versions[model_name()]
    return _about_samples.setdefault(key, ResultStore(_OF_SAMPLES, is_shared=True))


def visitor_results(name: str = "", size: int = _OWN) -> ResultStore:
    """Return a store of the running session's visitor for results of the session's model, made on first use.

    Args:
        name: of the store; the one without a name takes results of any kind.
        size: most results kept.
    """
    stores: dict[tuple[str, int, str], ResultStore] = current_visitor().state.setdefault("results", {})
    return stores.setdefault((model_name(), _versions[model_name()], name), ResultStore(size))


def kept_for_all(size: int = 16) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function so that its last `size` results are kept for all visitors.

    A result depends on all arguments but those whose names start with an underscore. An argument `model` is
    the name of one, and no result of an earlier model of that name is found.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        return _kept_in(ResultStore(size, is_shared=True).get_or_compute, function)

    return decorate


def kept_for_visitor(size: int = 4) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function like `kept_for_all`, with results that only the visitor who asked gets."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        name = f"{function.__module__}.{function.__qualname__}"
        return _kept_in(lambda key, work: visitor_results(name, size).get_or_compute(key, work), function)

    return decorate


def _kept_in(
    get_or_compute: Callable[[Hashable, Callable[[], R]], R], function: Callable[P, R]
) -> Callable[P, R]:
    signature = inspect.signature(function)

    @wraps(function)
    def kept(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        key = tuple((name, value) for name, value in bound.arguments.items() if not name.startswith("_"))
        version = _versions[bound.arguments.get("model", "")]
        return get_or_compute((*key, version), lambda: function(*args, **kwargs))

    return kept
