"""The command `embed` holds no more memory for a long text than for a short one."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.weights.folder import write_folder
from elmo_core.weights.store import StoredModel
from elmo_core.weights.tiny import random_model

WIDE = BiLMConfig(256, 256, n_layers=1, char_cnn=CharCNNConfig(filters=((1, 16),), n_highway=0))
"""4 KB for each word at little work; a million words of tiny would make half of it in a minute."""
WORDS, SENTENCES, SENTENCE_WORDS = 500, 4096, 16
FLAT_MB = 50


def resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="the kernel does not tell the memory")
@pytest.mark.parametrize("options", [[], ["--state=carry", "--batch-size=32"]], ids=["zero", "carry"])
def test_memory_stays_flat(tmp_path, options):
    write_folder(StoredModel("wide", random_model(WIDE, seed=1), None), tmp_path / "wide")
    with (tmp_path / "in.txt").open("w", encoding="utf-8") as file:
        for number in range(SENTENCES):
            words = (f"w{(number + 3) * (place + 7) % WORDS}" for place in range(SENTENCE_WORDS))
            file.write(" ".join(words) + "\n")
    arguments = ["embed", tmp_path / "wide", tmp_path / "in.txt", tmp_path / "out", "--format=arrays"]
    process = subprocess.Popen(
        [sys.executable, "-m", "elmo_core", *map(str, arguments), "--tokenised", *options],
        stdout=subprocess.DEVNULL,
    )
    memory: list[tuple[int, float]] = []  # parts there are, resident MB
    while process.poll() is None:
        memory.append((len(list((tmp_path / "out").glob("part-*"))), resident_mb(process.pid)))
        time.sleep(0.01)
    assert process.returncode == 0
    results_mb = SENTENCES * SENTENCE_WORDS * 2 * 512 * 4 / 2**20
    assert results_mb > 5 * FLAT_MB and memory[-1][0] >= 3
    early = max(mb for parts, mb in memory if parts <= 1)
    late = max(mb for parts, mb in memory if parts > 1)
    assert late < early + FLAT_MB
