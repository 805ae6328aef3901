"""One UMAP at a time in a process, whoever asks for it.

Two at once take four times as long as two in turn. And where numba has no thread-safe layer it ends the
whole process as soon as two threads are in its parallel loops; pynndescent, which UMAP imports, takes the
OpenMP layer away from whoever asks for it by name.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOOK_S = 0.3
_lock = threading.Lock()


@contextmanager
def umap_lock(tick: Callable[[], object] | None = None) -> Iterator[None]:
    """Wait until no other thread is in UMAP; inside, UMAP's notes on what is wanted here are silent.

    Args:
        tick: called while it waits; an error it raises ends the waiting.
    """
    while not _lock.acquire(timeout=_LOOK_S):
        if tick:
            tick()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="n_jobs value")  # a seed means one thread; it is wanted
            warnings.filterwarnings("ignore", message="precomputed_knn")  # no new points will be asked for
            yield
    finally:
        _lock.release()
