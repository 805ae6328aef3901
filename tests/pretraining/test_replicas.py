"""Data-parallel training with real processes under torchrun."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys

import pytest
import torch

from elmo_core.exceptions import ConfigError
from elmo_core.pretraining.checkpoint import checkpoints
from elmo_core.pretraining.replicas import Replicas
from elmo_core.weights.folder import read_folder
from tests.pretraining.corpora import small_settings, write_corpus
from tests.pretraining.runs import PATIENCE_S, wait_for_new_checkpoint


@pytest.fixture
def run(tmp_path):
    """Start `pretrain` with a number of replicas; returns the process."""
    text = write_corpus(tmp_path / "a.txt")

    def start(folder, replicas, *, resume=False, **settings):
        config = tmp_path / f"{folder}.json"
        config.write_text(small_settings(dropout=0.0, **settings).to_json())
        launcher = [sys.executable, "-m"]
        if replicas > 1:
            launcher += ["torch.distributed.run", "--standalone", f"--nproc-per-node={replicas}", "-m"]
        options = {"train": text, "valid": text, "output": tmp_path / folder, "cache": tmp_path / "cache"}
        command = [
            *launcher,
            "elmo_core",
            "pretrain",
            str(config),
            "--tokenised",
            *(["--resume"] if resume else []),
        ]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    return start


def finish(process):
    output, _ = process.communicate(timeout=PATIENCE_S)
    return process.returncode, output


@pytest.mark.parametrize("softmax", ["sampled", "full"])
def test_two_workers_give_the_weights_of_one(run, tmp_path, softmax):
    for folder, replicas in (("two", 2), ("one", 1)):
        status, output = finish(run(folder, replicas, softmax=softmax, total_words=20 * 20))
        assert status == 0, output
    two, one = (read_folder(tmp_path / folder / "model").model.state_dict() for folder in ("two", "one"))
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, atol=2e-3, rtol=2e-3)  # half precision on the disk
    losses = []
    for folder in ("two", "one"):
        with (tmp_path / folder / "history.csv").open(newline="") as stream:
            losses.append([float(row["loss"]) for row in csv.DictReader(stream)])
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)


def test_a_lost_worker_ends_the_job_and_another_number_goes_on(run, tmp_path):
    process = run("lost", 2, total_words=100_000 * 20)
    wait_for_new_checkpoint(tmp_path / "lost", process)
    children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True)
    os.kill(int(children.stdout.split()[-1]), signal.SIGKILL)
    status, _ = finish(process)
    assert status != 0
    reached = int(checkpoints(tmp_path / "lost")[-1].name.split("-")[1])
    status, output = finish(run("lost", 1, resume=True, total_words=(reached + 10) * 20))
    assert status == 0, output
    with (tmp_path / "lost" / "history.csv").open(newline="") as stream:
        steps = [int(row["step"]) for row in csv.DictReader(stream)]
    assert steps == list(range(5, reached + 11, 5))


def test_rows_must_be_shared_evenly():
    replicas = Replicas()
    assert replicas.rows_of(7) == slice(0, 7)
    replicas.size, replicas.rank = 2, 1
    assert replicas.rows_of(8) == slice(4, 8)
    with pytest.raises(ConfigError, match="7 rows cannot be shared evenly by 2 processes"):
        replicas.rows_of(7)
