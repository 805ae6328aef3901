"""What is said before a run starts, against what a run takes."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.pretraining import estimate
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.trainer import Trainer
from tests.pretraining.corpora import small_settings, write_corpus
from tests.pretraining.runs import valid_of

ROOT = Path(__file__).parents[2]
WIDE = BiLMConfig(
    lstm_dim=256,
    projection_dim=128,
    n_words=4,
    has_softmax=True,
    char_cnn=CharCNNConfig(filters=((1, 32), (2, 64), (3, 128)), n_highway=1),
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    return open_corpus(str(write_corpus(folder / "a.txt", 400)), folder / "cache", tokenised=True)


def test_estimating_changes_nothing(corpus, tmp_path):
    def losses(folder: Path, *, estimates: bool):
        trainer = Trainer(small_settings(), corpus, valid_of(corpus), folder)
        if estimates:
            trainer.estimate()
        return [row.loss for row in trainer.run()]

    assert losses(tmp_path / "a", estimates=True) == losses(tmp_path / "b", estimates=False)


def test_time_and_weights_are_those_of_the_run(corpus, tmp_path):
    settings = small_settings(model=WIDE, rows=16, unroll_steps=20, total_words=320 * 12, log_steps=4)
    trainer = Trainer(settings, corpus, valid_of(corpus), tmp_path)
    said = trainer.estimate()
    n_parameters = sum(parameter.numel() for parameter in trainer.model.parameters())
    assert said.n_parameters == n_parameters
    assert said.weight_bytes == 6 * 4 * n_parameters
    assert said.seconds == pytest.approx(settings.total_steps * 320 / said.words_per_s)
    done = list(trainer.run())
    assert 0.2 < said.words_per_s / max(row.words_per_s for row in done) < 5  # a busy machine is uneven


def test_memory_of_a_step_is_what_a_process_takes(tmp_path):
    """The peak of a real process, beside the estimate: right within a factor of two."""
    corpus_file = write_corpus(tmp_path / "a.txt", 6000)
    code = f"""
from pathlib import Path
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.trainer import Trainer
from tests.pretraining.corpora import small_settings
from tests.pretraining.test_estimate import WIDE
cache = open_corpus({str(corpus_file)!r}, Path({str(tmp_path)!r}) / "cache", tokenised=True)
settings = small_settings(model=WIDE, rows=512, unroll_steps=20, total_words=512 * 20 * 2)
trainer = Trainer(settings, cache, [cache.words(0)], Path({str(tmp_path)!r}) / "run")
def peak():  # of this program alone: getrusage would start at the peak of the process that forked it
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
before = peak()
list(trainer.run())
taken = peak() - before
said = trainer.estimate()
print((said.weight_bytes + said.step_bytes) / taken)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 0.5 < float(done.stdout) < 2


def test_it_warns_where_memory_is_missing(corpus, tmp_path, monkeypatch):
    said = Trainer(small_settings(), corpus, valid_of(corpus), tmp_path).estimate()
    assert said.warning == ""
    monkeypatch.setattr(estimate, "available_bytes", lambda: 1000)
    assert "lower rows, unroll_steps or n_sampled" in said.warning
    assert "so 1 h 10 min to the end" in str(dataclasses.replace(said, seconds=4200.0))


@pytest.mark.parametrize(
    ("changes", "n_words", "reason"),
    [
        ({"n_sampled": 8}, 33, "33 words are more than twice the sample"),
        ({"n_sampled": 16}, 32, "at most twice a sample of 16"),
        ({"softmax": "full"}, 33, "as the settings say"),
    ],
)
def test_the_choice_of_the_softmax_has_a_reason(changes, n_words, reason):
    settings = small_settings(**changes)
    assert reason in settings.softmax_choice(n_words)
    assert settings.softmax_choice(n_words).startswith("sampled") == settings.uses_sampling(n_words)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics processor")
def test_a_graphics_processor_learns_the_same(corpus, tmp_path):
    losses = {}
    for device in ("cpu", "cuda"):
        settings = small_settings(device=device, dropout=0.0)
        rows = Trainer(settings, corpus, valid_of(corpus), tmp_path / device).run()
        losses[device] = [row.loss for row in rows]
    assert losses["cuda"] == pytest.approx(losses["cpu"], rel=1e-3)
