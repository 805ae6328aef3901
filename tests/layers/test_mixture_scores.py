"""Scores of mixtures from Gram matrices against those of the mixed vectors themselves."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from elmo_core.exceptions import InputError
from elmo_core.geometry.clustering import unit_rows
from elmo_core.geometry.separation import separation
from elmo_core.geometry.shared_frame import shared_frame
from elmo_core.layers.gram_learning import group_rows, nearest_groups, ridge_predictions
from elmo_core.layers.gram_matrices import MOST_VECTORS, LayerGrams, layer_grams
from elmo_core.layers.labelled import Labelled, label_vectors
from elmo_core.layers.mixture import mixture_grid
from elmo_core.layers.scores import SCORES, score_mixtures, with_mixtures

GRID = mixture_grid(3)


def planted(n: int = 90, n_labels: int = 3, strength: float = 1.2, seed: int = 0) -> Labelled:
    """Labels that layer 0 knows nothing of, layer 1 a little and layer 2 much."""
    generator = np.random.default_rng(seed)
    codes = np.arange(n) % n_labels
    centres = generator.standard_normal((n_labels, 40))
    noise = generator.standard_normal((3, n, 40)) + 0.4
    layers = noise + np.array([0, 0.3, 1])[:, None, None] * strength * centres[codes]
    return label_vectors(layers.astype(np.float32), [f"label {code}" for code in codes])


@pytest.fixture(scope="module")
def data() -> Labelled:
    return planted()


@pytest.fixture(scope="module")
def grams(data: Labelled) -> LayerGrams:
    return layer_grams(data.layers)


def mixed(data: Labelled, weights: np.ndarray) -> np.ndarray:
    return np.tensordot(weights.astype(np.float64), data.layers.astype(np.float64), axes=1)


def test_cosines_of_a_mixture_are_those_of_its_vectors(data: Labelled, grams: LayerGrams):
    member = np.eye(4)[np.arange(len(data)) % 4][None]
    sums = grams.summed_cosines(GRID, member)
    lengths = grams.lengths(GRID)
    for row, weights in enumerate(GRID):
        vectors = mixed(data, weights)
        size = np.linalg.norm(vectors, axis=1)
        cosines = vectors @ vectors.T / np.outer(size, size)
        np.testing.assert_allclose(lengths[row], size, rtol=1e-5)
        np.testing.assert_allclose(grams.cosines(weights), cosines, atol=1e-5)
        np.testing.assert_allclose(sums[row] / len(data), cosines @ member[0] / len(data), atol=1e-5)
        left, right = np.array([0, 3, 5]), np.array([7, 3, 2])
        paired = grams.paired_cosines(weights[None], left, right)[0]
        np.testing.assert_allclose(paired, cosines[left, right], atol=1e-5)


def test_a_part_of_the_products_is_that_of_the_vectors(data: Labelled, grams: LayerGrams):
    rows, columns = np.array([3, 1, 8]), np.array([2, 3, 40, 41])
    part = grams.take(rows, columns)
    np.testing.assert_allclose(
        part.cosines(GRID[30]), grams.cosines(GRID[30])[np.ix_(rows, columns)], atol=1e-6
    )


def test_the_projected_mix_is_the_mix_of_projections(data: Labelled):
    views = np.concatenate([data.layers, np.stack([mixed(data, weights) for weights in GRID])])
    frame = shared_frame(views, 3)
    expected = np.tensordot(GRID, frame.coordinates[:3], axes=1)
    np.testing.assert_allclose(frame.coordinates[3:], expected, atol=1e-5)


def test_separation_is_that_of_the_mixed_vectors(data: Labelled, grams: LayerGrams):
    found = score_mixtures(data, GRID, "separation", grams=grams)
    for row in range(0, len(GRID), 7):
        vectors = mixed(data, GRID[row]).astype(np.float32)
        assert found.values[row] == pytest.approx(separation(vectors, data.labels, n_shuffles=2).accuracy)


def test_equal_vectors_tie_in_every_mixture():
    one = np.random.default_rng(0).standard_normal((3, 1, 16)).astype(np.float32)
    data = label_vectors(np.repeat(one, 12, axis=1), ["a", "b"] * 6)
    assert score_mixtures(data, GRID, "separation").values == pytest.approx(0.5)


def test_silhouettes_are_those_of_the_groups_joined(data: Labelled, grams: LayerGrams):
    inside, across = np.arange(50), np.arange(50, 90)
    weights = GRID[[0, 20, 65]]
    first = grams.take(inside)
    groups = group_rows(first, weights, 3, seed=0)
    joined = nearest_groups(first, grams.take(across, inside), weights, groups, 3)
    for row, own in enumerate(weights):
        units = unit_rows(mixed(data, own))
        centroids = unit_rows(np.stack([units[:50][groups[row] == at].sum(axis=0) for at in range(3)]))
        assert (joined[row] == (units[50:] @ centroids.T).argmax(axis=1)).all()
    found = score_mixtures(data, GRID[:1], "silhouette", grams=grams)
    assert found.n == len(data)
    units = unit_rows(mixed(data, GRID[0]))
    known = silhouette_samples(1 - np.clip(units @ units.T, -1, 1), data.codes, metric="precomputed")
    assert found.values[0] == pytest.approx(known.mean(), abs=0.1)  # the planted groups are what is found


def test_ridge_from_cosines_is_ridge_on_vectors(data: Labelled):
    units = unit_rows(data.layers[2]).astype(np.float64)
    train, test, codes = units[:60], units[60:], data.codes
    guessed = ridge_predictions(
        (train @ train.T).astype(np.float32), (test @ train.T).astype(np.float32), codes[:60]
    )
    centred = train - train.mean(axis=0)
    targets = np.eye(3)[codes[:60]]
    penalty = 0.1 * np.trace(centred @ centred.T) / 60
    weights = np.linalg.solve(
        centred.T @ centred + penalty * np.eye(40), centred.T @ (targets - targets.mean(axis=0))
    )
    expected = ((test - train.mean(axis=0)) @ weights + targets.mean(axis=0)).argmax(axis=1)
    assert (guessed == expected).all()


@pytest.mark.parametrize("score", list(SCORES))
def test_each_score_finds_the_layer_that_knows(data: Labelled, grams: LayerGrams, score: str):
    found = score_mixtures(data, GRID, score, grams=grams)
    corner = {layer: found.values[int(np.flatnonzero(GRID[:, layer] == 1)[0])] for layer in (0, 2)}
    assert corner[2] > found.null_mean + 3 * found.null_sd
    assert corner[0] < found.null_mean + 4 * found.null_sd
    estimate = found.estimate(found.best)
    assert estimate.low <= found.values.max() <= estimate.high


@pytest.mark.parametrize("score", list(SCORES))
def test_labels_at_random_gain_nothing_by_choosing(score: str):
    generator = np.random.default_rng(3)
    layers = generator.standard_normal((3, 120, 30)).astype(np.float32)
    data = label_vectors(layers, [f"{code}" for code in generator.integers(2, size=120)])
    found = score_mixtures(data, GRID, score)
    uniform = int(np.abs(GRID - 1 / 3).sum(axis=1).argmin())
    assert found.held_out_gain(uniform).low < 0.02


def test_a_mixture_more_has_the_same_cases(data: Labelled, grams: LayerGrams):
    found = score_mixtures(data, GRID, "pairs", grams=grams)
    more = with_mixtures(found, data, grams, GRID[[5]])
    assert more.n == found.n
    assert (more.cases[-1] == found.cases[5]).all()


def test_too_much_and_too_little_is_said():
    with pytest.raises(InputError, match=f"at most {MOST_VECTORS:,} vectors"):
        layer_grams(np.zeros((3, MOST_VECTORS + 1, 2), np.float32))
    with pytest.raises(InputError, match="at least 8 instances"):
        score_mixtures(planted(6), GRID, "probe")
    with pytest.raises(InputError, match="at least two labels"):
        label_vectors(np.zeros((1, 3, 2)), ["a", "a", None])
