"""Scores of senses against a slow and plain computation of the same, and against known intervals."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core.exceptions import InputError
from elmo_core.geometry.separation import separation


def naive(vectors: np.ndarray, labels: list[str]) -> tuple[float, list[str]]:
    """Nearest centroid, one use of every sense left out at a time, centroids formed anew for each."""
    units = [vector / np.linalg.norm(vector) for vector in vectors.astype(np.float64)]
    senses = sorted(set(labels))
    members = {sense: [row for row, label in enumerate(labels) if label == sense] for sense in senses}
    right, nearest = 0, []
    for left_out, vector in enumerate(units):
        rank, cosines = members[labels[left_out]].index(left_out), {}
        for sense in senses:
            dropped = members[sense][rank % len(members[sense])]
            centroid = np.mean([units[row] for row in members[sense] if row != dropped], axis=0)
            cosines[sense] = centroid @ vector / np.linalg.norm(centroid)
        nearest.append(max(cosines, key=lambda sense: cosines[sense]))
        right += nearest[-1] == labels[left_out]
    return right / len(labels), nearest


@pytest.mark.parametrize(("n_senses", "distance"), [(2, 0.0), (2, 0.6), (3, 0.4), (5, 1.0)])
def test_the_same_as_a_plain_loop(n_senses: int, distance: float):
    generator = np.random.default_rng(n_senses)
    labels = [f"s{number}" for number in generator.integers(n_senses, size=60)]
    centres = generator.standard_normal((n_senses, 24))
    vectors = (
        generator.standard_normal((60, 24)) + distance * centres[[int(label[1]) for label in labels]] + 0.5
    )
    score = separation(vectors.astype(np.float32), labels, n_shuffles=2)
    accuracy, nearest = naive(vectors.astype(np.float32), labels)
    assert score.accuracy == pytest.approx(accuracy)
    assert list(score.nearest) == nearest
    assert score.chance == pytest.approx(max(labels.count(label) for label in labels) / 60)
    assert score.senses == tuple(sorted(set(labels)))


def test_shuffled_senses_are_the_mean_of_shuffled_scores():
    generator = np.random.default_rng(5)
    vectors, labels = generator.standard_normal((20, 6)), ["a", "b"] * 10
    score = separation(vectors, labels, n_shuffles=30, seed=7)
    order = np.random.default_rng(7)
    codes = np.array([0, 1] * 10)
    null = [naive(vectors, ["ab"[code] for code in order.permutation(codes)])[0] for _ in range(30)]
    assert score.shuffled_mean == pytest.approx(np.mean(null))
    assert score.shuffled_sd == pytest.approx(np.std(null, ddof=1))
    assert score.p_value == pytest.approx((1 + sum(value >= score.accuracy - 1e-9 for value in null)) / 31)


def test_separate_senses_beat_every_shuffle():
    vectors = np.repeat(np.eye(2), 20, axis=0) + 0.01 * np.random.default_rng(0).standard_normal((40, 2))
    score = separation(vectors, ["a"] * 20 + ["b"] * 20)
    assert score.accuracy == 1
    assert score.p_value == pytest.approx(1 / 201)
    assert 0.4 < score.shuffled_mean < 0.6
    assert score.low > score.chance


def test_equal_vectors_score_an_even_guess():
    """As the token vector of a word with one spelling does: every sense ties for the nearest."""
    vector = np.random.default_rng(0).standard_normal(64).astype(np.float32)
    score = separation(np.tile(vector, (46, 1)), ["a", "b"] * 23)
    assert score.accuracy == pytest.approx(0.5)
    assert (score.shuffled_mean, score.shuffled_sd, score.p_value) == (
        pytest.approx(0.5),
        pytest.approx(0),
        1.0,
    )
    assert set(score.nearest) == {None}


def test_one_spelling_more_in_each_sense_is_no_evidence():
    """As for the token vector of `light`, where one use of each sense begins its sentence."""
    lower, upper = np.random.default_rng(0).standard_normal((2, 64))
    vectors = np.tile(lower, (46, 1))
    vectors[[3, 30]] = upper
    score = separation(vectors, ["a"] * 23 + ["b"] * 23)
    assert score.accuracy == pytest.approx(0.5, abs=0.05)
    assert score.accuracy == pytest.approx(score.shuffled_mean, abs=0.05)


def test_lengths_do_not_matter():
    generator = np.random.default_rng(3)
    vectors, labels = generator.standard_normal((30, 8)), ["a", "b", "c"] * 10
    scaled = vectors * generator.uniform(0.1, 10, (30, 1))
    assert separation(vectors, labels, n_shuffles=5) == separation(scaled, labels, n_shuffles=5)


def test_uses_without_a_sense_and_lone_senses_are_not_scored():
    vectors = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1], [1, 1], [-1, 0]], dtype=float)
    score = separation(vectors, ["a", "a", "b", "b", "lone", None])
    assert (score.n, score.senses, score.accuracy) == (4, ("a", "b"), 1.0)
    assert score.nearest == ("a", "a", "b", "b", None, None)


def test_a_zero_vector_is_no_error():
    score = separation(
        np.array([[0, 0], [1, 0], [1, 0], [0, 1], [0, 1]], dtype=float), ["a", "a", "a", "b", "b"]
    )
    assert 0.5 < score.accuracy < 1


@pytest.mark.parametrize("labels", [[None] * 4, ["a"] * 4, ["a", "a", "a", "b"]])
def test_one_sense_cannot_be_scored(labels: list[str | None]):
    with pytest.raises(InputError, match="at least two senses with two uses each"):
        separation(np.eye(4), labels)
