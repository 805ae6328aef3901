"""Models kept on the way, so that what a run learns can be looked at afterwards.

snapshots/
    00000000/   the model before its first step
    00000500/   see `weights.folder`

A checkpoint's model is kept where a quarter more steps were made than at the one kept before, and at the end.
So a run of any length keeps about ten for each tenfold of its steps. Which ones depends on their numbers
alone, so that a run that was stopped keeps the same ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from elmo_core.pretraining.trainer import Trainer

SNAPSHOTS = "snapshots"
"""Folder in the folder of a run."""
GROWTH = 1.25
"""Least steps of a kept model over those of the one kept before."""


def is_kept(step: int, every: int, last: int) -> bool:
    """Return whether the model after a number of steps is kept.

    Args:
        step: steps that were made.
        every: steps between two checkpoints.
        last: steps of the whole run.
    """
    if step in (0, last):
        return True
    kept = 0
    for checkpoint in range(every, step + 1, every):
        if checkpoint >= GROWTH * kept:
            kept = checkpoint
    return kept == step


def keep_model(trainer: Trainer) -> None:
    """Keep the model of a run as it stands, if it is one of those to keep and not there yet.

    Raises:
        OutputError: it cannot be written.
    """
    config = trainer.config
    folder = trainer.folder / SNAPSHOTS / f"{trainer.step:08d}"
    if folder.exists() or not is_kept(trainer.step, config.checkpoint_steps, config.total_steps):
        return
    folder.parent.mkdir(exist_ok=True)
    trainer.write_model(folder)


def kept_models(run: Path) -> dict[int, Path]:
    """Return the kept models of a run by their steps, in order.

    Args:
        run: folder of the run.
    """
    folder = run / SNAPSHOTS
    found = folder.iterdir() if folder.is_dir() else ()
    return {int(path.name): path for path in sorted(found) if path.name.isdigit()}
