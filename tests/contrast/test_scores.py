"""Scores of static and contextual vectors on the same questions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from elmo_core.contrast.scores import (
    analogies,
    odd_one_out,
    same_sense,
    word_similarity,
)
from elmo_core.plots.contrast import plot_scores
from elmo_core.static.vectors import StaticVectors

WORDS = ("man", "woman", "king", "queen", "apple")
MATRIX = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 1, 1], [-1, -1, 0.2]], dtype=np.float32)
VECTORS = StaticVectors("toy", WORDS, MATRIX)


def test_word_similarity_is_spearmans_with_its_coverage():
    draw = np.random.default_rng(3)
    vectors = StaticVectors("v", [f"w{i}" for i in range(40)], draw.standard_normal((40, 5)))
    pairs = [(f"w{2 * i}", f"w{2 * i + 1}", float(draw.integers(5))) for i in range(20)]
    cosines = [float(vectors.cosines_with(vectors[a])[vectors.row_of(b)]) for a, b, _ in pairs]
    score = word_similarity(vectors, [*pairs, ("w1", "unknown", 3.0)])
    assert score.value == pytest.approx(spearmanr(cosines, [gold for _, _, gold in pairs]).statistic)
    assert score.low < score.value < score.high
    assert score.coverage == "20 of 21 known" and score.chance == 0


def test_too_few_known_pairs_give_no_number():
    score = word_similarity(VECTORS, [("man", "woman", 1.0), ("x", "y", 2.0)])
    assert score.value is None and score.coverage == "1 of 2 known"
    assert not plot_scores([score]).data[0].x


def test_analogies_and_odd_words():
    found = analogies(VECTORS, [("man", "woman", "king", "queen"), ("man", "x", "king", "queen")])
    assert (found.value, found.n_known, found.n_all) == (1.0, 1, 2)
    assert found.chance == pytest.approx(1 / 2)
    odd = odd_one_out(VECTORS, [("king", "queen", "apple"), ("apple", "king", "queen"), ("a", "b", "c")])
    assert odd.value == 0.5 and odd.chance == pytest.approx(1 / 3) and odd.coverage == "2 of 3 known"


def test_pairs_of_uses_are_scored_by_the_area_under_the_curve():
    draw = np.random.default_rng(1)
    gold = draw.random(200) < 0.4
    cosines = gold * 0.3 + draw.random(200)
    score = same_sense("layer", [*cosines.tolist(), None], [*gold.tolist(), True])
    assert score.value == pytest.approx(roc_auc_score(gold, cosines))
    assert score.low < score.value < score.high and score.coverage == "200 of 201 known"


def test_one_vector_for_all_uses_stays_exactly_at_chance():
    score = same_sense("static", [1.0 - 1e-8, 1.0, 1.0, 1.0], [True, False, True, False])
    assert (score.value, score.low, score.high, score.chance) == (0.5, 0.5, 0.5, 0.5)
    assert same_sense("static", [1.0], [True]).value is None
