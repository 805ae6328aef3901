"""Memory of a whole use, in a process of its own: load, embed, keep to 1.2 times the weights plus 300 MB."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.weights.test_loading_memory import PUBLISHED, write_published

_USE = """
import sys
from pathlib import Path
from elmo_core import load_elmo

elmo = load_elmo(sys.argv[1], threads=2)
words = "the bank of a river raised rates and we sat there , quietly .".split()
found = elmo.embed([words[i % 7:] * (1 + i % 3) + [f"word{i}"] for i in range(48)])
assert found[0].layers.shape[0] == 3
lines = Path("/proc/self/status").read_text().splitlines()
print(next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak this way")
@pytest.mark.parametrize("name", PUBLISHED)
def test_load_and_embed(name, tmp_path):
    n_bytes = write_published(PUBLISHED[name], tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-c", _USE, str(tmp_path / name)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1.2 * n_bytes + 300e6
