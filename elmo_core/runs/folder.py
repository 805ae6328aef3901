"""The folder of the user's training runs: what each one is, in files that anybody can read again.

runs/
    my-run/
        about.json      what it is, see `About`
        config.json     the settings, as `elmo pretrain` takes them
        text/           train.txt and held-out.txt
        output/         the run as `elmo pretrain` writes it: history, checkpoints, snapshots, model
        log.txt         what the command printed
        queued          there while the run is to be trained, see `queue`
        state.json      what became of it last, see `queue`
"""

from __future__ import annotations

import contextlib
import dataclasses
import glob
import json
import os
import secrets
import shlex
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from elmo_core.config import JsonConfig
from elmo_core.exceptions import ConfigError, InputError, OutputError
from elmo_core.files import atomic_file
from elmo_core.names import free_name, is_name, refuse_name
from elmo_core.pretraining.checkpoint import checkpoints
from elmo_core.pretraining.settings import PretrainConfig

RUNS_VARIABLE = "ELMO_RUNS"
"""Environment variable: the folder of the user's training runs, in place of the usual one."""
TRAIN, HELD_OUT = "text/train.txt", "text/held-out.txt"

_ABOUT, _CONFIG = "about.json", "config.json"
_DOOMED = "removed"


def runs_folder() -> Path:
    """The folder of the user's runs: that of ELMO_RUNS, else one in the user's data."""
    if asked := os.environ.get(RUNS_VARIABLE):
        return Path(asked).expanduser()
    return Path(platformdirs.user_data_dir("elmo-explorer", appauthor=False)) / "runs"


@dataclass(frozen=True)
class About(JsonConfig):
    """What a run is, beside its settings."""

    created: float
    """Seconds since 1970."""
    text: str
    """Where its text is from, in a few words."""
    language: str = "en"
    """For the tokeniser."""
    start: str = ""
    """Name or path of the model that it goes on from; empty = random weights or a warm start."""
    finishes: str = ""
    """Name of the run that it is a copy of, to finish it; empty = none."""
    n_lines: int = 0
    """Lines to train on."""
    n_words: int = 0
    """Words to train on, counted by blanks; each Chinese character is one."""


@dataclass(frozen=True)
class Run:
    """One run; equal where the folders are."""

    folder: Path

    @property
    def name(self) -> str:
        """Its name, which is that of its folder."""
        return self.folder.name

    @property
    def output(self) -> Path:
        """The folder that `elmo pretrain` writes."""
        return self.folder / "output"

    @property
    def model(self) -> Path:
        """The folder of the finished model."""
        return self.output / "model"

    @property
    def about(self) -> About:
        """What it is.

        Raises:
            InputError: the file is missing or damaged.
        """
        return About.from_json(self._read(_ABOUT))

    @property
    def config(self) -> PretrainConfig:
        """Its settings.

        Raises:
            InputError: the file is missing or damaged.
        """
        return PretrainConfig.from_json(self._read(_CONFIG))

    @property
    def has_checkpoint(self) -> bool:
        """Whether it can go on, or be finished."""
        return bool(checkpoints(self.output))

    @property
    def is_doomed(self) -> bool:
        """Whether it is to be removed as soon as its process has ended."""
        return (self.folder / _DOOMED).exists()

    def last_checkpoint(self) -> dict[str, Any]:
        """What the newest checkpoint says, without its tensors; empty where none can be read."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            values = json.loads((checkpoints(self.output)[-1] / "state.json").read_text("utf-8"))
            return values if isinstance(values, dict) else {}
        return {}

    def total_words(self) -> int:
        """Words to see in all; those of a copy that finishes are in its checkpoint."""
        if self.about.finishes:
            with contextlib.suppress(ValueError, KeyError, TypeError):  # damaged
                return int(self.last_checkpoint()["config"]["total_words"])
        return self.config.total_words

    def arguments(self, *, output: Path | str | None = None, is_relative: bool = False) -> list[str]:
        """Arguments of `elmo` that train the run.

        Args:
            output: another folder for the result; None = its own, where it goes on if it was begun.
            is_relative: whether all names are from the folder of the run, so that none says where it lies.
        """
        about, here = self.about, Path() if is_relative else self.folder
        found = ["pretrain", str(here / _CONFIG)]
        options: dict[str, Path | str] = {
            "train": glob.escape(str(here / TRAIN)),
            "valid": glob.escape(str(here / HELD_OUT)),
            "output": output or self.output,
            "language": about.language,
        }
        if about.start:
            options["from"] = Path(about.start).name if is_relative else about.start
        if about.finishes:
            options["finish"] = (Path("..") if is_relative else here.parent) / about.finishes / "output"
        for name, value in options.items():
            found += [f"--{name}", str(value)]
        is_begun = self.has_checkpoint or (not about.finishes and (self.output / "run.json").is_file())
        return [*found, "--snapshots", *(["--resume"] if output is None and is_begun else [])]

    def command_line(self, *, is_relative: bool = False) -> str:
        """The command that trains the same in a folder of its own, for a shell.

        Args:
            is_relative: as of `arguments`.
        """
        arguments = self.arguments(output=f"{self.name}-again", is_relative=is_relative)
        return shlex.join(["elmo", *arguments])

    def _read(self, name: str) -> str:
        try:
            return (self.folder / name).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{self.folder / name} cannot be read ({error}); remove the run.") from None


def find_run(name: str) -> Run | None:
    """The run of a name; None where there is none."""
    run = Run(runs_folder() / name)
    return run if is_name(name) and (run.folder / _ABOUT).is_file() and not run.is_doomed else None


def all_runs() -> list[Run]:
    """All runs that can be read, the newest first."""
    folder = runs_folder()
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    created = {}
    for run in filter(None, map(find_run, names)):
        try:
            created[run] = run.about.created
        except (ConfigError, InputError):
            created[run] = 0.0
    return sorted(created, key=lambda run: -created[run])


def all_doomed() -> list[Run]:
    """The runs that are to be removed, without the remains of those that could only be renamed."""
    folder = runs_folder()
    return [Run(path.parent) for path in sorted(folder.glob(f"[!.]*/{_DOOMED}"))] if folder.is_dir() else []


def free_run_name(wish: str) -> str:
    """Return a name for a new run, see `names.free_name`."""
    return free_name(wish, _is_taken)


def refuse_run_name(name: str) -> None:
    """Refuse a name that no new run can have; errors as `names.refuse_name`."""
    refuse_name(name, "run", _is_taken)


def _is_taken(name: str) -> bool:
    return (runs_folder() / name).exists()


def create_run(name: str, config: PretrainConfig, about: About, write_text: Callable[[Path], About]) -> Run:
    """Make a new run, complete or not at all; `queue.start` trains it.

    Args:
        name: of the run.
        config: its settings.
        about: what it is.
        write_text: called with the run's folder, in which it writes the texts; returns `about` with what it
            has counted.

    Raises:
        InputError: the name is impossible or taken, or of the text.
        OutputError: the folder cannot be written.
    """
    refuse_run_name(name)
    root = runs_folder()
    partial = root / f".{name}.{secrets.token_hex(4)}.partial"
    try:
        partial.mkdir(parents=True)
        about = write_text(partial)
        write_json(partial / _ABOUT, about)
        write_json(partial / _CONFIG, config)
        partial.rename(root / name)
    except OSError as error:
        raise OutputError(
            f"The run could not be written to {root} ({error.strerror or error}); free some space there, or "
            f"name another folder ({RUNS_VARIABLE})."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Run(root / name)


def create_finishing_run(run: Run) -> Run:
    """Make a run that finishes another one: its text and settings are those of the other.

    Raises:
        OutputError: the folder cannot be written.
    """
    about = dataclasses.replace(run.about, created=time.time(), finishes=run.name)

    half_done = shutil.ignore_patterns(".*", "*.partial")

    def link_text(folder: Path) -> About:
        for part in (Path("text"), Path("output/cache")):
            if (run.folder / part).is_dir():
                shutil.copytree(run.folder / part, folder / part, ignore=half_done, copy_function=_link)
        return about

    return create_run(free_run_name(f"{run.name}-finished"), run.config, about, link_text)


def write_json(path: Path, values: JsonConfig) -> None:
    """Write settings to a file, complete or not at all."""
    with atomic_file(path) as partial:
        partial.write_text(values.to_json(), encoding="utf-8")


def doom(run: Run) -> None:
    """Mark a run as removed, while its process still writes in it."""
    (run.folder / _DOOMED).touch()


def delete(run: Run) -> None:
    """Delete a run from the disk; no process may be writing in it.

    Raises:
        OutputError: it cannot be deleted.
    """
    aside = run.folder.with_name(f".{run.name}.{secrets.token_hex(4)}.old")
    try:
        run.folder.rename(aside)  # out of sight in one step
        shutil.rmtree(aside)
    except OSError as error:
        raise OutputError(f"{run.folder} could not be removed ({error.strerror or error}).") from error


def _link(source: str, target: str) -> None:
    """Give a file that never changes a second name; copy it where the disk cannot."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
