"""Recipes are compared at equal compute, and every one of them is a valid setting."""

from __future__ import annotations

import dataclasses

import pytest

from bench import recipes
from bench.recipes import BASE, RECIPES, Recipe, as_table, words_at_equal_compute
from elmo_core.config import CharCNNConfig
from elmo_core.pretraining.cache import open_corpus
from tests.pretraining.corpora import write_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    return open_corpus(str(write_corpus(folder / "a.txt")), folder / "cache", tokenised=True)


@pytest.mark.parametrize("name", RECIPES)
def test_warm_up_and_run_are_the_same_number_of_words(name):
    recipe = RECIPES[name]
    config = recipe.settings(300_000)
    assert config.warm_up_steps * config.words_per_step == pytest.approx(128_000, rel=0.02)
    assert config.total_words == pytest.approx(300_000 * recipe.times, rel=0.005)
    assert config.total_steps >= 2 * config.checkpoint_steps


def test_the_same_shape_reads_the_same_words_and_a_dearer_one_fewer(corpus, monkeypatch):
    cnn = CharCNNConfig(embedding_dim=4, filters=((1, 4), (2, 8)), n_highway=1)
    small = dataclasses.replace(BASE.model, lstm_dim=32, projection_dim=16, char_cnn=cnn)
    monkeypatch.setattr(recipes, "BASE", dataclasses.replace(BASE, model=small, rows=4, n_sampled=8))
    three = Recipe({"model": dataclasses.replace(small, n_layers=3)})
    assert words_at_equal_compute(Recipe({"dropout": 0.1}), 100_000, corpus) == 100_000
    assert 50_000 < words_at_equal_compute(three, 100_000, corpus) < 95_000


def test_the_table_names_the_best_layer():
    row = {
        "recipe": "base", "words": "300000", "half": "700.4", "end": "500.6", "most frequent sense": "70.3",
        "layer 0": "40.0", "layer 1": "61.5", "layer 2": "", "context": "66.9", "seconds": "90",
    }  # fmt: skip
    assert "| base | 0.30 | 700 | 501 | 61.5 (1) | 66.9 | 1.5 |" in as_table([row])
