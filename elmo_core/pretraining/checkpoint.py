"""Checkpoints: one folder each, complete or absent, never pickled.

checkpoint-00001000/
    state.safetensors     weights, running average, optimiser, carried LSTM states, random state; of a worker
                          that averages with others, its contributions, momentum and anchor as well
    state.json            step, words, stream positions, sampler, best perplexity, settings
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from elmo_core.exceptions import TrainingError

if TYPE_CHECKING:  # torch takes a second to import, which those who only look for checkpoints are spared
    from torch import Tensor

_PREFIX = "checkpoint-"
_KEPT = 2


def checkpoints(folder: Path) -> list[Path]:
    """Complete checkpoints of a run, oldest first."""
    found = (path for path in folder.glob(f"{_PREFIX}*") if path.suffix != ".partial" and path.is_dir())
    return sorted(found)


def save_checkpoint(folder: Path, step: int, tensors: dict[str, Tensor], values: dict[str, Any]) -> Path:
    """Write a checkpoint, then drop all but the newest two.

    Args:
        folder: folder of the run.
        step: names the checkpoint.
        tensors: by name.
        values: JSON values.

    Returns:
        Its folder.

    Raises:
        TrainingError: it cannot be written (a full disk, say); the older ones are untouched.
    """
    from safetensors.torch import save_file

    target = folder / f"{_PREFIX}{step:08d}"
    partial = target.with_suffix(".partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        save_file(
            {name: tensor.detach().contiguous() for name, tensor in tensors.items()},
            partial / "state.safetensors",
        )
        (partial / "state.json").write_text(json.dumps(values, indent=1), encoding="utf-8")
        for name in ("state.safetensors", "state.json"):
            _to_disk(partial / name)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(partial, target)
        _to_disk(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise TrainingError(
            f"The checkpoint of step {step} could not be written to {folder} ({error}); "
            "free some space and resume from the one before."
        ) from error
    for old in checkpoints(folder)[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def load_checkpoint(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """The newest checkpoint of a run that can be read, as (tensors, values); None if there is none.

    Raises:
        TrainingError: there are checkpoints and none of them can be read.
    """
    from safetensors.torch import load_file

    found = checkpoints(folder)
    for path in reversed(found):
        with contextlib.suppress(OSError, ValueError, SafetensorError):
            values = json.loads((path / "state.json").read_text(encoding="utf-8"))
            return load_file(path / "state.safetensors"), values
    if found:
        raise TrainingError(
            f"None of the {len(found)} checkpoints in {folder} can be read; start the run anew elsewhere."
        )
    return None
