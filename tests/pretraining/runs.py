"""Whole small runs, for the tests of the loop."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import torch

from elmo_core.pretraining.checkpoint import checkpoints
from elmo_core.pretraining.trainer import Trainer
from tests.pretraining.corpora import small_settings

PATIENCE_S = 600  # of tests that wait for a process


def valid_of(corpus):
    return [corpus.words(index) for index in range(20)]


def train(corpus, folder, *, resume=False, **changes):
    trainer = Trainer(small_settings(**changes), corpus, valid_of(corpus), folder, resume=resume)
    return trainer, list(trainer.run())


def assert_same_weights(ours, theirs):
    for (name, a), b in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


def wait_for_new_checkpoint(folder: Path, process: subprocess.Popen) -> None:
    """Wait until a run has written its next checkpoint, or has ended, on however slow a machine."""
    before, end = checkpoints(folder)[-1:], time.monotonic() + PATIENCE_S
    while checkpoints(folder)[-1:] == before and process.poll() is None:
        assert time.monotonic() < end, f"no checkpoint within {PATIENCE_S} s"
        time.sleep(0.05)
