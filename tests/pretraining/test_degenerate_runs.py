"""Runs that cannot work or whose numbers mislead: one sentence, before the work where that is possible."""

from __future__ import annotations

import math

import pytest
import torch

from elmo_core.exceptions import ConfigError, CorpusError, ElmoError, TrainingError
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.checkpoint import load_checkpoint
from elmo_core.pretraining.held_out import HeldOutText
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.pretraining.snapshot import read_snapshot
from elmo_core.pretraining.trainer import Trainer
from elmo_core.pretraining.word2vec import Word2VecSettings, train_word2vec
from elmo_core.text.vocabulary import SPECIALS, Vocabulary
from tests.pretraining.corpora import WORDS, small_settings, write_corpus
from tests.pretraining.runs import valid_of


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    return open_corpus(str(write_corpus(folder / "a.txt")), folder / "cache", tokenised=True)


@pytest.mark.parametrize("learning_rate", [1e3, 1e4, 1e6, 1e30])
def test_a_held_out_loss_beyond_any_number_ends_the_run(corpus, tmp_path, learning_rate):
    settings = small_settings(learning_rate=learning_rate, warm_up_steps=0, checkpoint_steps=1)
    with pytest.raises(TrainingError, match=r"(loss is|not finite).*lower learning_rate") as error:
        list(Trainer(settings, corpus, valid_of(corpus), tmp_path).run())
    assert "\n" not in str(error.value)


def test_the_last_good_checkpoint_is_kept(corpus, tmp_path):
    list(Trainer(small_settings(total_words=10 * 20), corpus, valid_of(corpus), tmp_path).run())
    bad = Trainer(small_settings(), corpus, valid_of(corpus), tmp_path, resume=True)
    with torch.no_grad():
        bad.model.softmax.bias[3:] = -1e6
        bad.model.softmax.bias[2] = 1e6
    with pytest.raises(TrainingError, match="lower learning_rate"):
        list(bad.run())
    assert load_checkpoint(tmp_path)[1]["step"] == 10
    assert math.isfinite(read_snapshot(tmp_path).about["perplexity"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_count": 10**6}, r"No word of the training text occurs 1,000,000 times.*Lower min_count"),
        ({"rows": 10**4}, "too few for 10000 parallel rows"),
        ({"unroll_steps": 10**6}, "One step reads rows x unroll_steps = 4 x 1,000,000 words, more than"),
        (
            {"softmax": "sampled", "n_sampled": 10**4},
            "n_sampled must be smaller than the vocabulary of 33 words",
        ),
    ],
)
def test_settings_that_do_not_fit_the_corpus(corpus, tmp_path, changes, message):
    with pytest.raises(ElmoError, match=message):
        Trainer(small_settings(**changes), corpus, valid_of(corpus), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("held_out", [[], [[]], [[], []]])
def test_an_empty_held_out_text(corpus, tmp_path, held_out):
    with pytest.raises(CorpusError, match="held-out text holds no token"):
        Trainer(small_settings(), corpus, held_out, tmp_path)


def test_vocabularies_that_cannot_serve(corpus, tmp_path):
    with pytest.raises(CorpusError, match="no word beside <S>, </S> and <UNK>"):
        Trainer(small_settings(), corpus, valid_of(corpus), tmp_path, vocabulary=Vocabulary(SPECIALS))
    other = Vocabulary([*SPECIALS, *sorted(WORDS)])
    with pytest.raises(ConfigError, match="warm_start is for the most frequent words"):
        Trainer(small_settings(warm_start=True), corpus, valid_of(corpus), tmp_path, vocabulary=other)


@pytest.mark.parametrize("value", [-1, -0.5, math.nan, math.inf])
@pytest.mark.parametrize(
    "name", ["learning_rate", "clip_norm", "weight_decay", "final_rate", "dropout", "total_words", "seed"]
)
def test_settings_out_of_range(name, value):
    with pytest.raises(ConfigError, match=name):
        PretrainConfig(**{name: value})


@pytest.mark.parametrize("name", ["dim", "epochs", "window", "negative", "learning_rate", "threads"])
@pytest.mark.parametrize("value", [0, -1, math.nan])
def test_settings_of_word2vec_out_of_range(name, value):
    with pytest.raises(ConfigError, match=name):
        Word2VecSettings(**{name: value})


@pytest.mark.parametrize("n_words", [0, 1, 3])
def test_word2vec_needs_a_word_beside_the_special_ones(corpus, n_words):
    with pytest.raises(CorpusError, match=r"none beside <S>, </S> and <UNK>.*4 words or more"):
        train_word2vec(corpus, n_words, Word2VecSettings(4))


def test_word2vec_refuses_rates_at_which_nothing_is_learned():
    with pytest.raises(ConfigError, match="at most 1 for word2vec, got 10000"):
        Word2VecSettings(4, learning_rate=1e4)


def test_the_share_of_unknown_words_stands_beside_the_perplexity(corpus, tmp_path, caplog):
    vocabulary = Vocabulary([*SPECIALS, *WORDS[:4]])
    settings = small_settings(total_words=10 * 20)
    trainer = Trainer(settings, corpus, valid_of(corpus), tmp_path / "run", vocabulary=vocabulary)
    assert "of the predictions are of words outside the vocabulary" in caplog.text
    row = list(trainer.run())[-1]
    assert trainer.unknown_share == pytest.approx(row.unknown_share, abs=1e-4) and row.unknown_share > 0.5
    assert "unknown_share" in (tmp_path / "run" / "history.csv").read_text().splitlines()[0]
    assert read_snapshot(tmp_path / "run").about["unknown_percent"] == pytest.approx(
        100 * row.unknown_share, abs=0.1
    )


def test_held_out_text_that_is_trained_on_is_warned_of(corpus, tmp_path, caplog):
    Trainer(small_settings(), corpus, valid_of(corpus), tmp_path / "a")
    assert "100% of the held-out sentences stand in the training text" in caplog.text
    caplog.clear()
    other = open_corpus(str(write_corpus(tmp_path / "b.txt", seed=9)), tmp_path / "cache", tokenised=True)
    Trainer(small_settings(), corpus, valid_of(other), tmp_path / "b")
    assert "held-out sentences" not in caplog.text


def test_the_share_of_held_out_sentences_in_the_corpus_is_counted_exactly(corpus):
    inside = [words for words in map(corpus.words, range(40)) if len(words) >= 4]
    outside = [[*reversed(words), words[0]] for words in inside]
    known = {tuple(corpus.words(index)) for index in range(corpus.n_sentences)}
    assert not known & set(map(tuple, outside))
    mixed = [*inside, *outside, ["ba"], ["never", "seen", "at", "all"]]
    share = HeldOutText(mixed, 10**6).share_in(corpus)
    assert share == pytest.approx(len(inside) / (len(inside) + len(outside) + 1))
    assert HeldOutText([["ba"]], 10).share_in(corpus) == 0
