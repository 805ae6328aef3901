"""Layers of texts within a budget of bytes; those that nobody has asked for longest go first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

_MOST_SHARE = 0.5
"""Of the budget, for one request: a whole corpus passing through would push out what is used again."""


@dataclass(frozen=True)
class CacheUse:
    """The fill level and the hits of a cache."""

    n_texts: int
    n_bytes: int
    budget: int
    n_found: int
    """Texts that were asked for and there."""
    n_missed: int
    """Texts that were asked for and had to be computed."""


class LayerCache:
    """Layers by content; any thread may ask. The arrays are handed out as they are, and cannot be written."""

    def __init__(self, budget: int) -> None:
        """Start empty.

        Args:
            budget: most bytes of all layers together; 0 keeps nothing.
        """
        self._budget, self._lock = budget, threading.Lock()
        self._layers: OrderedDict[Hashable, np.ndarray] = OrderedDict()
        self._n_bytes = self._n_found = self._n_missed = 0

    @property
    def use(self) -> CacheUse:
        """The current fill level and hits."""
        with self._lock:
            return CacheUse(
                len(self._layers), self._n_bytes, self._budget, self._n_found, self._n_missed
            )  # fmt: skip

    def find(self, key: Hashable) -> np.ndarray | None:
        """The layers (L, T, D) kept under a key."""
        with self._lock:
            found = self._layers.get(key)
            if found is None:
                self._n_missed += 1
            else:
                self._n_found += 1
                self._layers.move_to_end(key)
            return found

    def takes(self, n_bytes: int) -> bool:
        """Whether a request of this size is kept at all."""
        return n_bytes <= _MOST_SHARE * self._budget

    def keep(self, key: Hashable, layers: np.ndarray) -> None:
        """Keep layers, and let go of the least recently used ones that no longer fit."""
        if layers.nbytes > self._budget:
            return
        layers.flags.writeable = False
        with self._lock:
            before = self._layers.pop(key, None)
            self._n_bytes += layers.nbytes - (0 if before is None else before.nbytes)
            self._layers[key] = layers
            while self._n_bytes > self._budget:
                _, dropped = self._layers.popitem(last=False)
                self._n_bytes -= dropped.nbytes
