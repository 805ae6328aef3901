"""The loop: it learns, it stops, it goes on bitwise."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.exceptions import ConfigError, TrainingError
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.checkpoint import checkpoints, load_checkpoint, save_checkpoint
from elmo_core.pretraining.evaluation import text_perplexity
from elmo_core.pretraining.optimisation import learning_rate
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.pretraining.snapshot import read_snapshot
from elmo_core.pretraining.trainer import Trainer
from elmo_core.text.vocabulary import Vocabulary
from elmo_core.weights.folder import read_folder
from tests.pretraining.corpora import small_settings, write_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    return open_corpus(str(write_corpus(folder / "a.txt")), folder / "cache", tokenised=True)


def valid_of(corpus):
    return [corpus.words(index) for index in range(20)]


def train(corpus, folder, *, resume=False, **changes):
    trainer = Trainer(small_settings(**changes), corpus, valid_of(corpus), folder, resume=resume)
    return trainer, list(trainer.run())


def assert_same_weights(ours, theirs):
    for (name, a), b in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


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


@pytest.mark.parametrize("optimiser", ["adamw", "adagrad"])
def test_resume_is_bitwise(corpus, tmp_path, optimiser):
    whole, rows = train(corpus, tmp_path / "whole", optimiser=optimiser, learning_rate=0.01)
    settings = small_settings(optimiser=optimiser, learning_rate=0.01)
    stopped = Trainer(settings, corpus, valid_of(corpus), tmp_path / "parts")
    for row in stopped.run():
        if row.step == 25:  # five steps beyond the checkpoint of step 20
            break
    resumed, rest = train(corpus, tmp_path / "parts", resume=True, optimiser=optimiser, learning_rate=0.01)
    assert rest[0].step == 25
    assert [row.loss for row in rest] == [row.loss for row in rows if row.step >= 25]
    assert_same_weights(whole.exported_model(), resumed.exported_model())
    assert_same_weights(whole.model, resumed.model)
    assert history(tmp_path / "whole") == history(tmp_path / "parts")


def history(folder):
    """Steps and exact losses of the history (its times differ from run to run)."""
    with (folder / "history.csv").open(newline="") as stream:
        return [(row["step"], row["loss"], row["perplexity"]) for row in csv.DictReader(stream)]


def test_killed_at_random_moments_and_resumed(corpus, tmp_path):
    """A real process, `kill -9` three times: the history and the weights are those of an undisturbed run."""
    text = write_corpus(tmp_path / "a.txt")
    steps = {"total_words": 400 * 20, "checkpoint_steps": 20}
    (tmp_path / "config.json").write_text(small_settings(**steps).to_json())
    reference = Trainer(
        small_settings(**steps),
        open_corpus(str(text), tmp_path / "cache", tokenised=True),
        [line.split() for line in text.read_text().splitlines()],
        tmp_path / "whole",
    )
    list(reference.run())
    options = {"train": text, "valid": text, "output": tmp_path / "killed", "cache": tmp_path / "cache"}
    run = [sys.executable, "-m", "elmo_core", "pretrain", str(tmp_path / "config.json")]
    run += ["--tokenised", "--resume"]
    for name, value in options.items():
        run += [f"--{name}", str(value)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for pause in (0.35, 0.9, 0.05):
        process = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        wait_for_new_checkpoint(tmp_path / "killed", process)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = subprocess.run(run, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert history(tmp_path / "killed") == history(tmp_path / "whole")
    reference.write_model(tmp_path / "model")
    assert_same_weights(
        read_folder(tmp_path / "killed" / "model").model, read_folder(tmp_path / "model").model
    )


def wait_for_new_checkpoint(folder: Path, process: subprocess.Popen) -> None:
    before = checkpoints(folder)[-1:]
    for _ in range(600):
        if checkpoints(folder)[-1:] != before or process.poll() is not None:
            return
        time.sleep(0.05)
    raise AssertionError("no checkpoint within 30 s")


def test_a_full_disk_keeps_the_last_good_checkpoint(tmp_path, monkeypatch):
    save_checkpoint(tmp_path, 1, {"w": torch.ones(3)}, {"step": 1})

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("elmo_core.pretraining.checkpoint.save_file", full)
    with pytest.raises(TrainingError, match=r"step 2 could not be written .* No space left on device"):
        save_checkpoint(tmp_path, 2, {"w": torch.zeros(3)}, {"step": 2})
    tensors, values = load_checkpoint(tmp_path)
    assert values == {"step": 1}
    assert torch.equal(tensors["w"], torch.ones(3))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-00000001"]


def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path):
    for step in (1, 2):
        save_checkpoint(tmp_path, step, {"w": torch.full((3,), step)}, {"step": step})
    (tmp_path / "checkpoint-00000002" / "state.safetensors").write_bytes(b"damaged")
    assert load_checkpoint(tmp_path)[1] == {"step": 1}
    (tmp_path / "checkpoint-00000001" / "state.json").write_text("{")
    with pytest.raises(TrainingError, match="None of the 2 checkpoints"):
        load_checkpoint(tmp_path)


def test_a_folder_with_a_run_is_not_overwritten(corpus, tmp_path):
    train(corpus, tmp_path, total_words=10 * 20)
    with pytest.raises(TrainingError, match="resume it or give another folder"):
        train(corpus, tmp_path)
    with pytest.raises(TrainingError, match="of another model or vocabulary"):
        train(corpus, tmp_path, resume=True, vocabulary_size=9)


def test_a_loss_that_is_not_finite_stops_the_run(corpus, tmp_path):
    with pytest.raises(TrainingError, match=r"not finite|The loss is"):
        train(corpus, tmp_path, optimiser="adagrad", learning_rate=1e38, clip_norm=1e38)


def test_patience_ends_a_run_without_progress(corpus, tmp_path):
    trainer, _ = train(
        corpus, tmp_path, learning_rate=1e-12, average_decay=0.0, patience=2, total_words=10_000_000
    )
    assert trainer.step <= 40


def test_the_written_model_is_the_averaged_one(corpus, tmp_path):
    trainer, rows = train(corpus, tmp_path / "run", learning_rate=0.02)
    trainer.write_model(tmp_path / "model")
    stored = read_folder(tmp_path / "model")
    assert stored.about["words_seen"] == 800
    found = text_perplexity(stored.model, stored.vocabulary, valid_of(corpus)[:10])
    expected = text_perplexity(trainer.exported_model(), trainer.vocabulary, valid_of(corpus)[:10])
    assert found.mean == pytest.approx(expected.mean, rel=2e-3)  # half precision on the disk
    assert rows[-1].perplexity == trainer.best or trainer.best < rows[-1].perplexity


def test_the_snapshot_of_a_run_is_its_newest_checkpoint(corpus, tmp_path):
    with pytest.raises(TrainingError, match="holds no checkpoint"):
        read_snapshot(tmp_path / "run")
    trainer, _ = train(corpus, tmp_path / "run")
    stored = read_snapshot(tmp_path / "run")
    assert_same_weights(stored.model, trainer.exported_model())
    assert stored.vocabulary.words == trainer.vocabulary.words
    assert stored.about["words_seen"] == 800


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
