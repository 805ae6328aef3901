"""The curve is measured at each doubling, goes on after an interruption, and stands in the card."""

from __future__ import annotations

import dataclasses

from bench.model_card import card
from bench.score_curve import as_table, points, recipe
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.trainer import Trainer
from elmo_core.weights.tiny import tiny_model
from tests.pretraining.corpora import small_settings, write_corpus
from tests.pretraining.runs import valid_of

ROW = {"model": "from scratch", "words": "250880", "perplexity": "900.4", "senses: layer 1": "60.26"}
FINISHED = {"model": "finished", "words": "18688000", "perplexity": "110.2", "senses: layer 1": "83.2"}


def test_points_double_and_an_interrupted_run_starts_at_the_last(tmp_path):
    cache = open_corpus(str(write_corpus(tmp_path / "a.txt")), tmp_path / "cache", tokenised=True)
    settings = small_settings()
    step = settings.words_per_step
    settings = dataclasses.replace(settings, checkpoint_steps=2, total_words=8 * step)

    def trainer():
        return Trainer(settings, cache, valid_of(cache), tmp_path / "run", resume=True)

    interrupted = points(trainer())
    assert [next(interrupted)[0] for _ in range(2)] == [2 * step, 4 * step]
    assert [words for words, _ in points(trainer())] == [4 * step, 8 * step]


def test_the_recipe_is_the_shipped_one_at_a_held_rate():
    config = recipe(250_000, 2)
    assert config.model.lstm_dim == 512
    assert (config.dtype, config.warm_start) == ("float32", False)
    assert config.total_steps == 4 * config.checkpoint_steps == 392


def test_the_table_orders_by_words():
    table = as_table([FINISHED, ROW]).splitlines()
    assert table[0] == "| million words | from scratch, 0.25 | finished, 18.69 |"
    assert table[2:] == ["| perplexity | 900 | 110 |", "| senses: layer 1 | 60.3 | 83.2 |"]


def test_a_card_has_the_curve_where_it_was_measured(tmp_path):
    stored = tiny_model()
    stored.about.update({"words_seen": 1, "corpus_tokens": 2})
    (tmp_path / "model.safetensors").touch()
    assert "words seen\n\nFrom" not in card(stored, tmp_path, {})
    assert "| perplexity | 900 |" in card(stored, tmp_path, {"curve": [ROW]})
