"""Finish a run now: a copy of it whose learning rate falls to 0 over a last tenth.

A run whose rate is held can go on for as long as there is time; its weights are best after the rate has
fallen. The copy has the bits of a run whose settings had said so from the start, and the run itself can go
on, to be finished again later.
"""

from __future__ import annotations

import dataclasses
import math
import shutil
from pathlib import Path

from elmo_core.exceptions import ConfigError, TrainingError
from elmo_core.pretraining.checkpoint import checkpoints, load_checkpoint, save_checkpoint
from elmo_core.pretraining.kept_models import SNAPSHOTS
from elmo_core.pretraining.local_averaging import without_outer_state
from elmo_core.pretraining.optimisation import learning_rate
from elmo_core.pretraining.run_folder import RUN
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.pretraining.snapshot import VOCABULARY

LAST_SHARE = 0.1
"""Share of the copy's steps over which the rate falls."""
_COPIED = (RUN, VOCABULARY, "history.csv")
_OWN = ("total_words", "learning_rate", "warm_up_steps", "decay_from", "final_rate", "patience", "seed")
"""What a copy has of its own: a worker draws with another seed than the settings that all workers share."""


def copy_to_finish(run: Path, folder: Path) -> None:
    """Copy the newest checkpoint of a run, with settings by which it finishes; its training goes on there.

    Args:
        run: folder of a run, which may be going on.
        folder: of the copy, without checkpoints.

    Raises:
        TrainingError: the run has no checkpoint or has finished, its rate cannot fall, or the folder holds
            checkpoints.
    """
    if checkpoints(folder):
        raise TrainingError(f"{folder} holds the checkpoints of a run; resume it or give another folder.")
    found = load_checkpoint(run)
    if found is None:
        raise TrainingError(f"{run} holds no checkpoint to finish; wait for its first one.")
    tensors, values = found
    config = _config_of(values["config"], run)
    if config.optimiser == "adagrad":
        raise TrainingError(
            f"{run} is trained by adagrad, whose rate does not fall; take its model with `snapshot`."
        )
    if values["step"] >= config.total_steps:
        raise TrainingError(f"{run} has finished already; raise its total_words to train it for longer.")
    finishing = finishing_config(config, values["step"])
    folder.mkdir(parents=True, exist_ok=True)
    for name in _COPIED:
        if (run / name).exists():
            shutil.copyfile(run / name, folder / name)
    if (run / SNAPSHOTS).is_dir():
        shutil.copytree(run / SNAPSHOTS, folder / SNAPSHOTS, dirs_exist_ok=True)
    tensors, values = without_outer_state(tensors, values)  # the copy of a worker's run goes on alone
    save_checkpoint(folder, values["step"], tensors, {**values, "config": finishing.to_dict()})


def finishing_config(config: PretrainConfig, step: int) -> PretrainConfig:
    """Return settings by which a run finishes from some step on.

    Args:
        config: of the run.
        step: steps that were made.
    """
    n_steps = max(step + 1, math.ceil(step / (1 - LAST_SHARE)))
    return dataclasses.replace(
        config,
        total_words=n_steps * config.words_per_step,
        learning_rate=learning_rate(config, step),
        warm_up_steps=0,
        decay_from=step / n_steps,
        final_rate=0.0,
        patience=0,
    )


def with_schedule_of(folder: Path, config: PretrainConfig) -> PretrainConfig:
    """Return settings with the schedule and the seed of a copy that is finishing.

    Args:
        folder: of the copy.
        config: all other settings.

    Raises:
        TrainingError: the folder holds no checkpoint, or none that can be read.
    """
    found = load_checkpoint(folder)
    if found is None:
        raise TrainingError(f"{folder} holds no checkpoint to go on from; leave out --resume.")
    finishing = _config_of(found[1]["config"], folder)
    return dataclasses.replace(config, **{name: getattr(finishing, name) for name in _OWN})


def _config_of(values: dict[str, object], folder: Path) -> PretrainConfig:
    try:
        return PretrainConfig.from_dict(values)
    except ConfigError as error:
        raise TrainingError(f"The settings of the run in {folder} cannot be read: {error}") from None
