"""UMAP as a process uses it: compiled once on a machine, and one map at a time.

umap-learn lets numba keep what it has compiled of the search for neighbours, but not of the layout, so that
each process compiled that anew for ten seconds. Here it is kept as well, in numba's own folder
(`NUMBA_CACHE_DIR`, else beside the library or in the user's cache).

Two maps at once take four times as long as two in turn. And where numba has no thread-safe layer it ends the
whole process as soon as two threads are in its parallel loops; pynndescent, which UMAP imports, takes the
OpenMP layer away from whoever asks for it by name.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from elmo_core.extras import extra

_LOOK_S = 0.3
_SLOW_TO_COMPILE = {
    "umap.umap_": ("smooth_knn_dist", "compute_membership_strengths"),
    "umap.layouts": ("_nb_optimize_layout_euclidean_single_epoch",),
}
"""Functions of umap-learn by module. Not the parallel layout: it comes from the same function, by which
numba names what it keeps, and a layout with a seed never uses it."""
_lock = threading.Lock()


@cache
def umap_class() -> type[Any]:
    """Return UMAP, whose compiled functions are kept between processes.

    Raises:
        MissingExtraError: umap-learn is not installed.
    """
    with extra("maps"):
        from umap import UMAP

    for module, names in _SLOW_TO_COMPILE.items():
        for name in names:
            with suppress(AttributeError, RuntimeError):  # another version, or nowhere to write
                getattr(sys.modules[module], name).enable_caching()
    found: type[Any] = UMAP
    return found


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
