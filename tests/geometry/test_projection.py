"""Turning one layout onto another, and neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from elmo_core.geometry.nearest import euclidean_neighbours, nearest_neighbours, prepare
from elmo_core.geometry.projection import turned_onto


def test_turning_undoes_a_turn():
    generator = np.random.default_rng(0)
    frame = generator.standard_normal((50, 2))
    turn = np.array([[0.6, -0.8], [-0.8, -0.6]])  # a turn and a mirror
    placed, residual = turned_onto(3 * frame @ turn + 7, frame)
    np.testing.assert_allclose(placed, frame, atol=1e-9)
    assert residual == pytest.approx(0, abs=1e-9)
    assert turned_onto(generator.standard_normal((50, 2)), frame)[1] > 0.8


def test_neighbours_are_exact():
    units = prepare(np.random.default_rng(0).standard_normal((300, 12)).astype(np.float32) + 1, centred=True)
    found = nearest_neighbours(units, 7)
    expected = NearestNeighbors(n_neighbors=8, metric="cosine", algorithm="brute").fit(units)
    distances, rows = expected.kneighbors(units)
    assert (found.rows == rows[:, 1:]).all()
    np.testing.assert_allclose(1 - found.cosines, distances[:, 1:], atol=1e-5)


def test_euclidean_neighbours_leave_the_point_itself_out():
    points = np.random.default_rng(0).standard_normal((50, 4)).astype(np.float32)
    found = euclidean_neighbours(points, 5)
    true = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.testing.assert_allclose(found.distances, np.sort(true, axis=1)[:, 1:6], atol=1e-3)
    rows, distances = found.with_self(3)
    assert (rows[:, 0] == np.arange(50)).all() and not distances[:, 0].any()
    np.testing.assert_array_equal(rows[:, 1:], found.rows[:, :3])
