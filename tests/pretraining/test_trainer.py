"""The loop: it learns, it says what is wrong, it writes what it learnt."""

from __future__ import annotations

import dataclasses

import pytest

from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.exceptions import ConfigError, TrainingError
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.evaluation import text_perplexity
from elmo_core.pretraining.optimisation import learning_rate
from elmo_core.pretraining.settings import SMALL, PretrainConfig
from elmo_core.pretraining.snapshot import read_snapshot
from elmo_core.pretraining.trainer import Trainer
from elmo_core.text.vocabulary import Vocabulary
from elmo_core.weights.folder import read_folder
from tests.pretraining.corpora import small_settings, write_corpus
from tests.pretraining.runs import train, valid_of


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    return open_corpus(str(write_corpus(folder / "a.txt")), folder / "cache", tokenised=True)


def test_toy_corpus_of_bilm_tf(fixtures_dir, tmp_path):
    """bilm-tf's own training test, whose bar is 20 (its untrained 32-word model has 32)."""
    text = fixtures_dir / "bilm_tf" / "train" / "data.txt"
    cache = open_corpus(str(text), tmp_path / "cache", tokenised=True)
    vocabulary = Vocabulary.read(text.with_name("vocab.txt"))
    filters = ((1, 8), (2, 8), (3, 16), (4, 32), (5, 64))
    cnn = CharCNNConfig(embedding_dim=4, filters=filters, n_highway=1)
    model = BiLMConfig(
        lstm_dim=16,
        projection_dim=8,
        cell_clip=3.0,
        projection_clip=3.0,
        char_cnn=cnn,
        n_words=32,
        has_softmax=True,
    )
    settings = PretrainConfig(
        model=model, rows=2, unroll_steps=10, optimiser="adagrad", learning_rate=0.2, loss_times_unroll=True,
        clip_norm=1.0, dropout=0.1, total_words=300 * 20, checkpoint_steps=300, log_steps=100,
        average_decay=0.0,
    )  # fmt: skip
    sentences = [line.split() for line in text.read_text().splitlines()]
    trainer = Trainer(settings, cache, sentences, tmp_path / "run", vocabulary=vocabulary)
    last = list(trainer.run())[-1]
    assert last.perplexity is not None
    assert last.perplexity <= 14.0


@pytest.mark.parametrize("optimiser", ["adamw", "adagrad"])
@pytest.mark.parametrize("softmax", ["sampled", "full"])
def test_it_learns(corpus, tmp_path, optimiser, softmax):
    recipe = (
        {"learning_rate": 0.03} if optimiser == "adamw" else {"learning_rate": 0.5, "loss_times_unroll": True}
    )
    recipe |= {"softmax": softmax, "n_sampled": 16, "total_words": 300 * 20, "dropout": 0.0}
    trainer, rows = train(corpus, tmp_path, optimiser=optimiser, **recipe)
    assert trainer.sampled == (softmax == "sampled")
    assert trainer.best < 24  # of 33 words; the unigram distribution alone reaches 27
    assert rows[-1].words == 6000


def test_a_loss_that_is_not_finite_stops_the_run(corpus, tmp_path):
    with pytest.raises(TrainingError, match=r"not finite|The loss is"):
        train(corpus, tmp_path, optimiser="adagrad", learning_rate=1e38, clip_norm=1e38)


def test_patience_ends_a_run_without_progress(corpus, tmp_path):
    trainer, _ = train(
        corpus, tmp_path, learning_rate=1e-12, average_decay=0.0, patience=2, total_words=10_000_000
    )
    assert trainer.step <= 40


def test_the_perplexity_of_a_model_is_that_of_its_own_weights(corpus, tmp_path):
    trainer, rows = train(corpus, tmp_path / "run", learning_rate=0.1, patience=3, total_words=10_000_000)
    measured = [row.perplexity for row in rows if row.perplexity is not None]
    assert measured[-1] > min(measured) == trainer.best  # it had got worse when it stopped
    trainer.write_model(tmp_path / "model")
    for stored in (read_folder(tmp_path / "model"), read_snapshot(tmp_path / "run")):
        assert stored.about["perplexity"] == pytest.approx(measured[-1], abs=0.005)


def test_the_written_model_is_the_averaged_one(corpus, tmp_path):
    trainer, rows = train(corpus, tmp_path / "run", learning_rate=0.02)
    trainer.write_model(tmp_path / "model")
    stored = read_folder(tmp_path / "model")
    assert stored.about["words_seen"] == 800
    found = text_perplexity(stored.model, stored.vocabulary, valid_of(corpus)[:10])
    expected = text_perplexity(trainer.exported_model(), trainer.vocabulary, valid_of(corpus)[:10])
    assert found.mean == pytest.approx(expected.mean, rel=2e-3)  # half precision on the disk
    assert rows[-1].perplexity == trainer.best or trainer.best < rows[-1].perplexity


def test_warm_start_gives_softmax_and_encoder_the_word_vectors(tmp_path):
    text = write_corpus(tmp_path / "a.txt", 800)
    cache = open_corpus(str(text), tmp_path / "cache", tokenised=True)
    trainer = Trainer(small_settings(warm_start=True), cache, valid_of(cache), tmp_path / "run")
    rows = trainer.model.softmax.weight.detach()
    frequent = trainer.model.softmax.bias.detach().exp()
    assert rows[3:].norm(dim=1).numpy() == pytest.approx(1.0, abs=1e-4)
    share = cache.counts[3:] / (cache.counts.sum() + 2 * cache.n_sentences + 1)
    assert frequent[3:].numpy() == pytest.approx(share, rel=1e-3)


def test_learning_rate_warms_up_holds_and_falls():
    settings = small_settings(
        warm_up_steps=10, decay_from=0.5, total_words=100 * 20, learning_rate=1.0, final_rate=0.1
    )
    rates = [learning_rate(settings, step) for step in (0, 9, 10, 50, 75, 100)]
    assert rates == pytest.approx([0.1, 1.0, 1.0, 1.0, 0.55, 0.1], abs=0.01)
    assert learning_rate(small_settings(optimiser="adagrad", learning_rate=0.2), 0) == 0.2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": 0}, "rows must be positive"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\)"),
        ({"vocabulary_size": 3}, "vocabulary_size must be at least 4"),
        (
            {"model": BiLMConfig.from_dict({**BiLMConfig.tiny().to_dict(), "has_softmax": False})},
            "has_softmax",
        ),
    ],
)
def test_impossible_settings(changes, message):
    with pytest.raises(ConfigError, match=message):
        small_settings(**changes)


def test_settings_go_to_json_and_back():
    settings = small_settings()
    assert PretrainConfig.from_json(settings.to_json()) == settings
    with pytest.raises(ConfigError, match="has no setting batch"):
        PretrainConfig.from_json('{"batch": 3}')


def test_settings_name_what_differs_from_the_shipped_shape():
    settings = PretrainConfig.from_json('{"model": {"lstm_dim": 64, "projection_dim": 32}}')
    assert settings.model == dataclasses.replace(SMALL, lstm_dim=64, projection_dim=32)
    with pytest.raises(ConfigError, match="no setting lstm_size"):
        PretrainConfig.from_json('{"model": {"lstm_size": 64}}')
    with pytest.raises(ConfigError, match="must be a JSON object"):
        PretrainConfig.from_json("[1]")
