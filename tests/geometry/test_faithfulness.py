"""What a map keeps, against scikit-learn, and the nearest uses in every view."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from elmo_core.exceptions import InputError
from elmo_core.geometry import faithfulness as module
from elmo_core.geometry.faithfulness import faithfulness
from elmo_core.geometry.neighbours import N_PAIRS, nearest_uses


@pytest.mark.parametrize(("n", "k"), [(60, 10), (25, 5), (40, 7)])
def test_trustworthiness_and_continuity_are_those_of_scikit_learn(n: int, k: int):
    generator = np.random.default_rng(n)
    vectors = generator.standard_normal((n, 12))
    coordinates = vectors[:, :2] + 0.5 * generator.standard_normal((n, 2))
    found = faithfulness(vectors, coordinates, k)
    assert found.trustworthiness == pytest.approx(trustworthiness(vectors, coordinates, n_neighbors=k))
    assert found.continuity == pytest.approx(trustworthiness(coordinates, vectors, n_neighbors=k))


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch):
    points = np.random.default_rng(0).standard_normal((50, 6))
    whole = faithfulness(points, points[:, :2])
    monkeypatch.setattr(module, "_BLOCK_NUMBERS", 130)
    parts = faithfulness(points, points[:, :2])
    np.testing.assert_array_equal(whole.shares, parts.shares)
    np.testing.assert_array_equal(whole.true_neighbours, parts.true_neighbours)
    assert parts.trustworthiness == pytest.approx(whole.trustworthiness)


def test_a_true_map_is_fully_trusted():
    points = np.random.default_rng(0).standard_normal((30, 2))
    found = faithfulness(points, 3 * points)
    assert found.shares.tolist() == [1.0] * 30
    assert (found.trustworthiness, found.continuity) == (1, 1)


def test_a_misplaced_point_alone_is_not_trusted():
    generator = np.random.default_rng(0)
    points = np.concatenate([generator.standard_normal((20, 2)), generator.standard_normal((20, 2)) + 50])
    drawn = points.copy()
    drawn[0] = points[25] + 0.01
    found = faithfulness(points, drawn, 5)
    assert found.shares[0] == 0
    assert found.shares[1:20].min() >= 0.6
    assert set(found.true_neighbours[0]) <= set(range(20))


def test_few_points_have_fewer_neighbours():
    found = faithfulness(np.eye(4), np.eye(4)[:, :2])
    assert found.n_neighbours == 1
    with pytest.raises(InputError, match="at least 3 points; there are 2"):
        faithfulness(np.eye(2), np.eye(2))


def test_nearest_uses_of_every_view():
    views = np.zeros((2, 4, 3), dtype=np.float32)
    views[0] = [[1, 0, 0], [0.9, 0.1, 0], [0, 1, 0], [0, 0, 1]]
    views[1] = [[1, 0, 0], [0, 1, 0], [0, 0.1, 0.9], [5, 0.5, 0]]
    first, second = nearest_uses(views, ["layer 1", "layer 2"], 0, n=2)
    assert (first.view, second.view) == ("layer 1", "layer 2")
    assert [neighbour.row for neighbour in first.neighbours] == [1, 2]
    assert second.neighbours[0].row == 3
    assert first.neighbours[0].cosine == pytest.approx(0.9 / 0.82**0.5)
    # of six pairs the nearest is the most alike: five are less alike, and it ties with itself
    assert first.neighbours[0].percentile == pytest.approx(5.5 / 6)


def test_equal_vectors_are_as_near_as_any_pair():
    (found,) = nearest_uses(np.ones((1, 6, 4), dtype=np.float32), ["token vector"], 2, n=3)
    assert [neighbour.percentile for neighbour in found.neighbours] == [0.5] * 3
    assert 2 not in [neighbour.row for neighbour in found.neighbours]


def test_many_uses_are_compared_with_a_sample_of_pairs():
    views = np.random.default_rng(0).standard_normal((1, 300, 8)).astype(np.float32)
    assert N_PAIRS < 300 * 299 / 2
    (found,) = nearest_uses(views, ["a"], 7, n=5)
    assert all(neighbour.percentile > 0.95 for neighbour in found.neighbours)
    assert nearest_uses(views, ["a"], 7) == (found,)
    (all_of_them,) = nearest_uses(views[:, :3], ["a"], 0, n=9)
    assert len(all_of_them.neighbours) == 2
