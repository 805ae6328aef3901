"""UMAP as a library: in turn, since two threads in it at once can end the whole process; compiled once."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

from elmo_core.exceptions import CancelledError
from elmo_core.geometry.nearest import nearest_neighbours
from elmo_core.geometry.projection import MapSettings, lay_out
from elmo_core.geometry.shared_frame import shared_frame
from elmo_core.geometry.umap_library import umap_lock

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


_DRAWN_ELSEWHERE = """
import sys
import numpy as np
from elmo_core.geometry.shared_frame import shared_frame
points = np.random.default_rng(0).standard_normal((1, 40, 6)).astype(np.float32)
print(shared_frame(points, 1, "umap").coordinates.tobytes().hex())
umap, layouts = sys.modules["umap.umap_"], sys.modules["umap.layouts"]
slow = umap.smooth_knn_dist, umap.compute_membership_strengths
slow += (layouts._nb_optimize_layout_euclidean_single_epoch,)
print(*(sum(function.stats.cache_misses.values()) for function in slow))
"""


def test_another_process_compiles_nothing_and_draws_the_same():
    points = np.random.default_rng(0).standard_normal((1, 40, 6)).astype(np.float32)
    here = shared_frame(points, 1, "umap").coordinates
    command = [sys.executable, "-c", _DRAWN_ELSEWHERE]
    drawn, compiled = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert drawn == here.tobytes().hex()
    assert compiled == "0 0 0"
