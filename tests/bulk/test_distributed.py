"""`embed --workers`: the same rows in the same order, whatever becomes of a worker."""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from elmo_core.__main__ import app
from elmo_core.bulk.arrays import EmbeddedArrays
from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.weights.folder import write_folder
from elmo_core.weights.store import StoredModel
from elmo_core.weights.tiny import random_model

HAS_RAY = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not HAS_RAY, reason="Ray is not installed")
WIDE = BiLMConfig(256, 256, n_layers=1, char_cnn=CharCNNConfig(filters=((1, 16),), n_highway=0))
"""So few words fill a block that a text of seconds has several."""


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """A folder with a model, a text and what one process makes of it."""
    folder = tmp_path_factory.mktemp("job")
    write_folder(StoredModel("wide", random_model(WIDE, seed=1), None), folder / "wide")
    choose = random.Random(0)
    lines = [" ".join(choose.choices("abcdefgh", k=choose.randint(0, 24))) for _ in range(6000)]
    (folder / "in.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert subprocess.run(command(folder, "alone"), stdout=subprocess.DEVNULL, check=True).returncode == 0
    return folder


def command(folder: Path, out: str, *options: str) -> list[str]:
    arguments = ["embed", folder / "wide", folder / "in.txt", folder / out, "--format=arrays"]
    return [sys.executable, "-m", "elmo_core", *map(str, arguments), "--tokenised", *options]


def assert_same(folder: Path, out: str) -> None:
    found, wanted = EmbeddedArrays(folder / out), EmbeddedArrays(folder / "alone")
    assert len(found) == len(wanted) == 6000
    for number in range(len(wanted)):
        assert found[number][0] == wanted[number][0]
        np.testing.assert_array_equal(found[number][1], wanted[number][1])


def workers_of(pid: int) -> list[int]:
    """Processes that embed among the descendants of a process."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = status.read_text(encoding="utf-8").rpartition(")")[2].split()
            name = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue  # it has ended
        parents[int(status.parent.name)] = (int(told[1]), name)
    found = []
    for child, (parent, name) in parents.items():
        while parent not in (pid, 0) and parent in parents:
            parent = parents[parent][0]
        if parent == pid and name.startswith(b"ray::MapWorker(MapBatches(_Embedder))"):
            found.append(child)
    return found


@needs_ray
def test_rows_of_two_workers_are_those_of_one_process_though_one_is_killed(job):
    process = subprocess.Popen(command(job, "out", "--workers=2"), stdout=subprocess.DEVNULL)
    while not list((job / "out").glob("part-*")):
        assert process.poll() is None
        time.sleep(0.02)
    before = workers_of(process.pid)
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    assert process.wait() == 0
    assert_same(job, "out")


@needs_ray
def test_what_a_worker_complains_about_is_one_sentence(job, tmp_path):
    (tmp_path / "wide").symlink_to(job / "wide")
    (tmp_path / "in.txt").write_bytes(bytes(range(256)))
    done = subprocess.run(
        command(tmp_path, "out", "--workers=1"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "is not a text file" in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_impossible_workers_are_refused_in_a_sentence(tmp_path):
    (tmp_path / "in.txt").write_text("a\n", encoding="utf-8")
    arguments = ["embed", "tiny", str(tmp_path / "in.txt"), str(tmp_path / "out"), "--workers", "2"]
    carried = CliRunner().invoke(app, [*arguments, "--state", "carry", "--batch-size", "2"])
    assert carried.exit_code == 2 and "Workers read each sentence alone" in carried.output
    if not HAS_RAY:
        missing = CliRunner().invoke(app, arguments)
        assert missing.exit_code == 2 and "pip install 'elmo-explorer[distributed]'" in missing.output
    assert not list(tmp_path.glob("out*"))
