"""UMAP in turn: two threads in it at once can end the whole process."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from elmo_core.exceptions import CancelledError
from elmo_core.geometry.nearest import nearest_neighbours
from elmo_core.geometry.projection import MapSettings, lay_out
from elmo_core.geometry.shared_frame import shared_frame
from elmo_core.geometry.umap_lock import umap_lock

POINTS = np.random.default_rng(0).standard_normal((40, 6)).astype(np.float32)


def test_the_maps_of_both_pages_wait_for_each_other_and_can_be_cancelled_while_they_do():
    drawn: list[str] = []
    other = threading.Thread(
        target=lambda: drawn.append(shared_frame(POINTS[None], 1, "umap").method), daemon=True
    )

    def cancelled(doing: str, share: float) -> None:
        raise CancelledError("no longer wanted")

    with umap_lock():
        other.start()
        with pytest.raises(CancelledError):
            nearest = nearest_neighbours(POINTS, 10)
            lay_out(POINTS, nearest, POINTS[:, :2], MapSettings(), report=cancelled)
        assert other.is_alive() and not drawn
    other.join(120)
    assert drawn == ["umap"]
