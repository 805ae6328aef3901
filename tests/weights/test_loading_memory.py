"""Memory while a model loads, in a process of its own: the weights once, and little else."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.weights.options import config_to_options
from tests.reference import random_weights

_LOAD = """
import json, sys
from pathlib import Path
from elmo_core.weights.folder import write_folder
from elmo_core.weights.formats import read_model

def read(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))

def added(path):
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = read("VmRSS")
    stored = read_model(path)
    return stored, {"added": read("VmHWM") - before, "peak": read("VmHWM")}

official, ours = map(Path, sys.argv[1:])
stored, first = added(official)
write_folder(stored, ours, dtype="float32")
del stored
print(json.dumps({"official": first, "ours": added(ours)[1]}))
"""

PUBLISHED = {
    "small": BiLMConfig(1024, 128, char_cnn=CharCNNConfig(n_highway=1)),
    "original": BiLMConfig(4096, 512),
}


class _Repeated(np.random.Generator):
    """One random block again and again: large weights at once."""

    def standard_normal(self, size: tuple[int, ...]) -> np.ndarray:  # type: ignore[override]
        return np.resize(super().standard_normal(1 << 12, dtype=np.float32), size)


def write_published(config: BiLMConfig, folder: Path) -> int:
    """A model of this size; returns the bytes of its weights."""
    folder.mkdir()
    options = config_to_options(config)
    (folder / "options.json").write_text(json.dumps(options))
    with h5py.File(folder / "weights.hdf5", "w") as file:
        for name, value in random_weights(options, _Repeated(np.random.PCG64(0)), scale=0.05).items():
            file[name] = value
    return (folder / "weights.hdf5").stat().st_size


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the peak of a moment"
)
@pytest.mark.parametrize("name", PUBLISHED)
def test_weights_are_in_memory_once(name: str):
    with tempfile.TemporaryDirectory() as folder:  # pytest would keep these large files for a while
        size = write_published(PUBLISHED[name], Path(folder) / "official")
        command = [sys.executable, "-c", _LOAD, f"{folder}/official", f"{folder}/ours"]
        finished = subprocess.run(command, capture_output=True, text=True, check=True)
    for found in json.loads(finished.stdout).values():
        assert found["added"] < 1.1 * size + 20e6
        assert found["peak"] < 1.2 * size + 300e6
