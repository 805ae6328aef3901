"""One plane for all layers."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core.exceptions import InputError
from elmo_core.geometry.projection import turned_onto
from elmo_core.geometry.shared_frame import shared_frame
from elmo_core.senses.study import view_names, with_uniform_mix

MOST_DRIFT = 0.25
"""Procrustes residual of equal views: 0.14 at most in ten that differed in the fifth digit."""


@pytest.fixture
def layers() -> np.ndarray:
    """Three layers of 40 uses that differ in two directions, each layer far from the others."""
    generator = np.random.default_rng(1)
    plane = generator.standard_normal((3, 40, 2)) * [5, 2]
    directions = np.linalg.qr(generator.standard_normal((16, 2)))[0]
    offsets = 100 * generator.standard_normal((3, 1, 16))
    return (plane @ directions.T + offsets + 0.01 * generator.standard_normal((3, 40, 16))).astype(np.float32)


def test_pca_is_the_svd_of_all_centred_layers(layers: np.ndarray):
    frame = shared_frame(with_uniform_mix(layers), 3)
    centred = layers.astype(np.float64) - layers.mean(axis=1, keepdims=True, dtype=np.float64)
    axes = np.linalg.svd(centred.reshape(120, 16), full_matrices=False)[2][:2]
    expected = centred @ axes.T
    for axis in range(2):  # up to the sign of an axis
        sign = np.sign((frame.coordinates[:3, :, axis] * expected[..., axis]).sum())
        np.testing.assert_allclose(sign * frame.coordinates[:3, :, axis], expected[..., axis], atol=1e-3)
    assert frame.method == "pca"
    assert frame.coordinates.dtype == np.float32


def test_a_mix_lies_at_the_mix_of_the_dots(layers: np.ndarray):
    coordinates = shared_frame(with_uniform_mix(layers), 3).coordinates
    np.testing.assert_allclose(coordinates[3], coordinates[:3].mean(axis=0), atol=1e-4)


def test_the_plane_says_how_much_it_shows(layers: np.ndarray):
    layers[0] = layers[0, :1]  # as token vectors: one spelling, one vector
    frame = shared_frame(with_uniform_mix(layers), 3)
    assert frame.kept[0] is None
    assert all(share is not None and share > 0.99 for share in frame.kept[1:])
    np.testing.assert_allclose(frame.coordinates[0], 0, atol=1e-4)


def test_uses_that_are_all_alike_lie_in_one_place():
    frame = shared_frame(np.ones((2, 5, 8)), 2)
    assert not frame.coordinates.any()
    assert frame.extent == ((0.0, 0.0), (0.0, 0.0))


def test_extent_covers_all_views(layers: np.ndarray):
    frame = shared_frame(layers, 3)
    (left, right), (bottom, top) = frame.extent
    assert (left, bottom) == tuple(frame.coordinates.reshape(-1, 2).min(axis=0))
    assert (right, top) == tuple(frame.coordinates.reshape(-1, 2).max(axis=0))


def test_few_uses_get_pca(layers: np.ndarray):
    frame = shared_frame(layers[:, :29], 3, "umap")
    assert frame.method == "pca"


def test_each_umap_starts_where_the_one_before_it_ended(layers: np.ndarray):
    """Three equal views: each lies nearer to the one that it started from than to anything else."""
    shares: list[float] = []
    equal = np.repeat(layers[:1], 3, axis=0)
    frame = shared_frame(equal, 3, "umap", report=lambda doing, share: shares.append(share))
    assert (frame.method, frame.coordinates.shape, frame.kept) == ("umap", (3, 40, 2), (None,) * 3)
    assert shares == sorted(shares) and shares[-1] == 1
    for first, second in zip(frame.coordinates[:-1], frame.coordinates[1:], strict=True):
        assert turned_onto(first, second)[1] < MOST_DRIFT
    np.testing.assert_allclose(frame.coordinates.mean(axis=1), 0, atol=1e-3)  # turned about the centre


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_uses_are_refused(n: int):
    with pytest.raises(InputError, match=f"at least 3 uses; there (is|are) {n}"):
        shared_frame(np.ones((2, n, 4)), 2)


def test_names_of_views():
    assert view_names(3) == ("Layer 0 (token)", "Layer 1", "Layer 2", "Uniform mix")
    assert view_names(2) == ("Layer 0 (token)", "Layer 1", "Uniform mix")


def test_uniform_mix_is_the_mean(layers: np.ndarray):
    views = with_uniform_mix(layers)
    np.testing.assert_array_equal(views[:3], layers)
    np.testing.assert_allclose(views[3], (layers[0] + layers[1] + layers[2]) / 3, rtol=1e-5)
