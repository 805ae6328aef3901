"""Groups by cosine, and their silhouettes against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from elmo_core.geometry.clustering import (
    by_falling_size,
    closeness,
    density_groups,
    silhouettes,
    spherical_kmeans,
    unit_rows,
)


def bundles(sizes: list[int], spread: float = 0.3, dim: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around the first axes, and which axis each is around."""
    generator = np.random.default_rng(0)
    codes = np.repeat(range(len(sizes)), sizes)
    return unit_rows(
        np.eye(dim)[codes] + spread * generator.standard_normal((len(codes), dim)) / dim**0.5
    ), codes


@pytest.mark.parametrize("sizes", [[20, 20], [40, 8], [15, 10, 5], [9, 8, 7, 6, 5]])
def test_bundles_are_found_and_numbered_by_size(sizes: list[int]):
    units, codes = bundles(sizes)
    assert spherical_kmeans(units, len(sizes), seed=1).tolist() == by_falling_size(codes).tolist()


def test_the_same_seed_gives_the_same_groups():
    units = unit_rows(np.random.default_rng(0).standard_normal((80, 12)))
    first = spherical_kmeans(units, 4, seed=7)
    assert (first == spherical_kmeans(units, 4, seed=7)).all()
    assert set(first) == {0, 1, 2, 3}


def test_equal_vectors_make_one_group():
    assert spherical_kmeans(np.tile(unit_rows(np.ones((1, 4))), (12, 1)), 3, seed=0).max() == 0


def test_lengths_below_one_do_not_matter_to_zero_rows():
    assert unit_rows(np.array([[0.0, 0.0], [3.0, 4.0]])).tolist() == [
        [0.0, 0.0],
        pytest.approx([0.6, 0.8]),
    ]


def test_density_leaves_strays_out():
    units, codes = bundles([30, 20], spread=0.15)
    strays = unit_rows(-np.eye(16)[8:12])
    labels = density_groups(np.concatenate([units, strays]), 5)
    assert adjusted_rand_score(codes, labels[:50]) == 1
    assert (labels[50:] == -1).all()
    assert labels[0] == 0


@pytest.mark.parametrize("sizes", [[20, 10], [12, 12, 1]])
def test_silhouettes_are_those_of_scikit_learn(sizes: list[int]):
    units, codes = bundles(sizes, spread=1.0)
    expected = silhouette_samples(units, codes, metric="cosine")
    np.testing.assert_allclose(silhouettes(units, codes), expected, atol=1e-5)


def test_silhouettes_without_two_groups_are_zero():
    units, _ = bundles([6])
    assert silhouettes(units, np.zeros(6, dtype=int)).tolist() == [0.0] * 6


def test_uses_of_no_group_have_no_silhouette():
    units, codes = bundles([10, 10], spread=1.0)
    labels = np.where(np.arange(20) % 5 == 0, -1, codes)
    values = silhouettes(units, labels)
    kept = labels >= 0
    assert np.isnan(values[~kept]).all()
    np.testing.assert_allclose(values[kept], silhouettes(units[kept], labels[kept]))


def test_closeness_is_that_of_the_closest_pair():
    units = unit_rows(np.array([[1.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 1]]))
    assert closeness(units, np.array([0, 0, 1, 1, 2])) == pytest.approx(0.5**0.5)
    assert closeness(units, np.zeros(5, dtype=int)) == 1
