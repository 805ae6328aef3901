"""Stop anywhere, lose nothing: a run goes on bitwise after any interruption."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from elmo_core.exceptions import TrainingError
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.checkpoint import load_checkpoint, save_checkpoint
from elmo_core.pretraining.snapshot import read_snapshot
from elmo_core.pretraining.trainer import Trainer
from elmo_core.weights.folder import read_folder
from tests.pretraining.corpora import small_settings, write_corpus
from tests.pretraining.runs import assert_same_weights, train, valid_of, wait_for_new_checkpoint


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    return open_corpus(str(write_corpus(folder / "a.txt")), folder / "cache", tokenised=True)


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
    steps = {"total_words": 240 * 20, "checkpoint_steps": 20}
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
    run += ["--tokenised"]
    for name, value in options.items():
        run += [f"--{name}", str(value)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for pause in (0.35, 0.9, 0.05):
        process = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        run = [*run, "--resume"] if "--resume" not in run else run
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


def test_a_full_disk_keeps_the_last_good_checkpoint(tmp_path, monkeypatch):
    save_checkpoint(tmp_path, 1, {"w": torch.ones(3)}, {"step": 1})

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", full)
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
    with pytest.raises(TrainingError, match="run with another vocabulary_size"):
        train(corpus, tmp_path, resume=True, vocabulary_size=9)


def test_the_snapshot_of_a_run_is_its_newest_checkpoint(corpus, tmp_path):
    with pytest.raises(TrainingError, match="holds no checkpoint"):
        read_snapshot(tmp_path / "run")
    trainer, _ = train(corpus, tmp_path / "run")
    stored = read_snapshot(tmp_path / "run")
    assert_same_weights(stored.model, trainer.exported_model())
    assert stored.vocabulary.words == trainer.vocabulary.words
    assert stored.about["words_seen"] == 800
