"""Scores, intervals, paired tests, calibration and splits, against counts by hand and by scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from elmo_core.learning.calibration import calibration, fit_product, fit_temperature, softmax
from elmo_core.learning.inside.label_errors import find_label_errors
from elmo_core.learning.inside.learning_curve import Point, trend
from elmo_core.learning.texts.scores import TextScores, class_scores, compare, confusion, macro_f1, score
from elmo_core.measuring.intervals import Estimate
from elmo_core.measuring.splitting import stratified_folds, stratified_split

RNG = np.random.default_rng(1)
GOLD = RNG.integers(0, 3, 300)
GUESS = np.where(RNG.random(300) < 0.7, GOLD, RNG.integers(0, 3, 300))


def test_scores_agree_with_scikit_learn():
    found = score(GOLD, GUESS, 4)  # one class that never occurs
    assert found.macro_f1.value == pytest.approx(f1_score(GOLD, GUESS, average="macro"))
    assert found.accuracy.value == pytest.approx(accuracy_score(GOLD, GUESS))
    assert found.n == 300
    assert macro_f1(GOLD, GUESS, 4) == found.macro_f1.value


def test_interval_is_that_of_resampled_rows():
    found = score(GOLD, GUESS, 3)
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, 300, 300) for _ in range(600)]
    sampled = [f1_score(GOLD[part], GUESS[part], average="macro") for part in rows]
    low, high = np.quantile(sampled, (0.025, 0.975))
    assert found.macro_f1.low == pytest.approx(low, abs=0.012)
    assert found.macro_f1.high == pytest.approx(high, abs=0.012)
    half = 1.96 * np.sqrt(found.accuracy.value * (1 - found.accuracy.value) / 300)
    assert found.accuracy.high - found.accuracy.low == pytest.approx(2 * half, rel=0.1)


def test_a_better_method_is_told_from_an_equal_one():
    same = compare(GOLD, GUESS, GUESS, 3)
    assert (same.value.value, same.p_value) == (0.0, 1.0)
    better = np.where(RNG.random(300) < 0.5, GOLD, GUESS)
    found = compare(GOLD, better, GUESS, 3)
    expected = f1_score(GOLD, better, average="macro") - f1_score(GOLD, GUESS, average="macro")
    assert found.value.value == pytest.approx(expected)
    assert found.value.low > 0
    assert found.p_value < 0.01


def test_confusion_names_its_rows():
    found = confusion(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), ["a", "b"], [10, 20, 30, 40])
    assert found.counts.tolist() == [[1, 1], [0, 2]]
    assert found.rows == {(0, 0): (10,), (0, 1): (20,), (1, 1): (30, 40)}
    first, second = class_scores(found)
    assert (first.precision, first.recall, second.recall) == (1.0, 0.5, 1.0)
    assert second.f1 == pytest.approx(0.8)


def test_calibration_and_its_temperature():
    logits = RNG.normal(size=(4000, 3)) * 2
    true = np.array([RNG.choice(3, p=row) for row in softmax(logits)])
    assert calibration(softmax(logits), true).expected_error < 0.03
    over = calibration(softmax(3 * logits), true)
    assert over.expected_error > 0.1
    assert sum(one.n for one in over.bins) == 4000
    assert fit_temperature(3 * logits, true) == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize(("n", "n_classes"), [(8, 2), (40, 2), (30, 3)])
def test_texts_told_apart_without_a_mistake_do_not_make_probabilities_of_one(n, n_classes):
    """The probability of the right class is (m + 1) / (m + 2), for m texts of each class."""
    codes = np.arange(n) % n_classes
    logits = np.eye(n_classes)[codes]
    m = n // n_classes
    expected = (m + 1) / (m + 2)
    scaled = softmax(logits, fit_temperature(logits, codes)).max(axis=1)
    assert scaled.mean() == pytest.approx(expected, abs=1e-3)
    for prior in (0.0, 4.0):
        own, other = fit_product([logits, 3 * logits], codes, prior=prior)
        assert softmax(own * logits + other * 3 * logits).max(axis=1).mean() < expected + 1e-2


def test_splits_are_stratified_and_keep_pairs_together():
    codes = np.array([0] * 80 + [1] * 18 + [2] * 2)
    split = stratified_split(codes, 0.25, 0, [(0, 1), (1, 2), (3, 90)])
    assert sorted([*split.train, *split.test]) == list(range(100))
    assert {0, 1, 2} <= set(split.train) or {0, 1, 2} <= set(split.test)
    assert (codes[split.test] == 2).sum() == 1
    folds = stratified_folds(codes, 5, 0, [(0, 1), (1, 2), (3, 90)])
    assert sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(100))
    assert sum({0, 1, 2} <= set(fold.test.tolist()) for fold in folds) == 1
    assert all(15 <= (codes[fold.test] == 0).sum() <= 17 for fold in folds)


def test_planted_label_errors_come_first():
    gold = RNG.integers(0, 2, 200)
    probabilities = softmax(np.eye(2)[gold] * 3 + RNG.normal(size=(200, 2)) * 0.3)
    given = gold.copy()
    given[[5, 50, 150]] ^= 1
    suspects = find_label_errors(probabilities, given)
    assert {suspect.row for suspect in suspects[:3]} == {5, 50, 150}
    assert len(suspects) < 10
    assert suspects[0].p_given < suspects[0].p_likely


@pytest.mark.parametrize(
    ("values", "said"), [((0.5, 0.6), "would help"), ((0.8, 0.79), "hardly"), ((0.8,), "too few")]
)
def test_trend(values, said):
    points = [
        Point(100 * 2**i, TextScores("macro-F1", Estimate(v, v - 0.005, v + 0.005), 50, Estimate(v, v, v)))
        for i, v in enumerate(values)
    ]
    assert said in trend(points, "text").sentence
