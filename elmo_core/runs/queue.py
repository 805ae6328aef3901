"""What is to be trained, in which order, and what became of it: all of it in files.

A run is trained while it has a ticket (the file `queued`, whose content is its place in the queue). Whoever
looks puts tickets down and takes them away; the one worker (see `worker`) trains the run with the oldest
ticket, stops it at a checkpoint when its ticket is gone, and notes what became of it in `state.json`. The
worker holds a lock as long as it or the process that it started lives, so a run that is noted as running
while nobody holds the lock has ended without a word: killed, or the machine was switched off.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from elmo_core.config import JsonConfig
from elmo_core.exceptions import ElmoError, OutputError, TrainingError
from elmo_core.files import atomic_file
from elmo_core.locking import is_locked
from elmo_core.runs.folder import (
    RUNS_VARIABLE,
    Run,
    all_doomed,
    all_runs,
    create_finishing_run,
    delete,
    doom,
    runs_folder,
    write_json,
)

LOCK = ".worker.lock"
"""File in the folder of the runs: whoever holds its lock trains."""

Outcome = Literal["running", "paused", "finished", "failed", "ended"]
Kind = Literal["waiting", "running", "stopping", "paused", "finished", "failed", "ended"]

_TICKET, _STATE = "queued", "state.json"
_PACKAGES = Path(__file__).parents[2]


@dataclass(frozen=True)
class Noted(JsonConfig):
    """What the worker notes of a run."""

    outcome: Outcome
    said: str = ""
    """Why it failed or ended, in one sentence."""
    process: int = 0
    """Number of the process, while it is running."""
    began: float = 0.0
    """Seconds since 1970 at which that process was started."""


@dataclass(frozen=True)
class RunState:
    """What a run is doing now."""

    kind: Kind
    """"stopping" = it writes a checkpoint and pauses; "ended" = its process is gone without a word."""
    said: str = ""
    """Why it failed or ended, in one sentence."""
    n_before: int = 0
    """Runs that are trained before one that waits."""

    @property
    def is_active(self) -> bool:
        """Whether something happens without anybody doing anything."""
        return self.kind in ("waiting", "running", "stopping")


def state_of(run: Run) -> RunState:
    """Find out what a run is doing, from its files and the lock alone."""
    noted = read_note(run)
    if noted is not None and noted.outcome == "running":
        if _somebody_works():
            return RunState("running" if is_queued(run) else "stopping")
        noted = read_note(run)  # the worker may have written it before it gave the lock back
        if noted is not None and noted.outcome == "running" and not _is_to_go_on(run, noted):
            return _of_the_dead(run)
    if is_queued(run):
        waiting = _queue()
        return RunState("waiting", n_before=waiting.index(run) if run in waiting else 0)
    return RunState("paused") if noted is None else RunState(noted.outcome, noted.said)


def start(run: Run) -> None:
    """Queue a run, or let it go on from its newest checkpoint; it is trained when those before it are done.

    Raises:
        OutputError: the folder cannot be written.
    """
    if not state_of(run).is_active:
        _put_ticket(run, time.time_ns())
        wake_worker()


def pause(run: Run) -> None:
    """Stop a run at a checkpoint of the step that it makes, or take it out of the queue."""
    (run.folder / _TICKET).unlink(missing_ok=True)


def finish_now(run: Run) -> Run:
    """Pause a run, and train a copy of it that finishes in its place: its rate falls to 0.

    Returns:
        The copy.

    Raises:
        TrainingError: the run has no checkpoint yet, its rate cannot fall, or it has made its last step.
        OutputError: the copy cannot be written.
    """
    if not run.has_checkpoint:
        raise TrainingError(f"{run.name} has no checkpoint to finish yet; wait for its first one.")
    if run.config.optimiser == "adagrad":
        raise TrainingError(
            f"{run.name} is trained by adagrad, whose rate does not fall; let it go on to its end."
        )
    if run.last_checkpoint().get("step", 0) >= run.config.total_steps:
        raise TrainingError(f"{run.name} has made its last step; let it go on, and it finishes by itself.")
    place = _place(run) or time.time_ns()
    copy = create_finishing_run(run)
    _put_ticket(copy, place)
    pause(run)
    wake_worker()
    return copy


def remove(run: Run) -> None:
    """Delete a run; one that is being trained is deleted as soon as its process has stopped.

    Raises:
        TrainingError: a copy that is to finish it has not taken its checkpoint yet.
        OutputError: it cannot be deleted.
    """
    for other in all_runs():
        if _finishes(other, run) and not other.has_checkpoint:
            raise TrainingError(
                f"{other.name} has not taken the checkpoint of {run.name} yet; let it begin, or remove it "
                "first."
            )
    pause(run)
    if state_of(run).kind == "stopping":
        doom(run)
    else:
        delete(run)


def wake_worker() -> None:
    """Start a worker in a process of its own, if a run waits or is to be removed, and none works.

    The worker trains one run after the other, whether anybody looks or not. After the machine was switched
    off, it is started again when somebody looks.
    """
    if not (_queue() or all_doomed()) or _somebody_works():
        return
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_PACKAGES), *_python_path()])}
    with (runs_folder() / "worker.log").open("ab") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", "elmo_core.runs.worker", str(runs_folder())],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True,
        )  # fmt: skip
    if hasattr(os, "fork"):
        started.wait()  # it leaves a child of its own behind, which is nobody's


def next_run() -> Run | None:
    """The run with the oldest ticket; None where none waits."""
    return next(iter(_queue()), None)


def is_queued(run: Run) -> bool:
    """Whether a run is to be trained."""
    return (run.folder / _TICKET).exists()


def note(run: Run, noted: Noted, *, keeps_ticket: bool = False) -> None:
    """Note what a run is doing, or what became of it; it then loses the ticket that it was trained by.

    Args:
        run: whose state it is.
        noted: its state.
        keeps_ticket: whether its ticket is a newer one.

    Raises:
        OutputError: the disk refuses. The ticket is gone all the same.
    """
    if noted.outcome != "running" and not keeps_ticket:
        (run.folder / _TICKET).unlink(missing_ok=True)
    write_json(run.folder / _STATE, noted)


def note_the_dead() -> None:
    """Note as ended what a worker that is gone has left as running, for whoever holds the lock.

    A ticket that was put down after that worker began the run stays: the run is to go on.
    """
    for run in all_runs():
        noted = read_note(run)
        if noted is not None and noted.outcome == "running":
            dead, goes_on = _of_the_dead(run), _is_to_go_on(run, noted)
            with contextlib.suppress(ElmoError):
                ended = Noted("finished" if dead.kind == "finished" else "ended", dead.said)
                note(run, ended, keeps_ticket=goes_on)


def read_note(run: Run) -> Noted | None:
    """What the worker noted last; None where it has not seen the run, or the note is damaged."""
    with contextlib.suppress(OSError, ElmoError, UnicodeDecodeError):
        return Noted.from_json((run.folder / _STATE).read_text("utf-8"))
    return None


def _somebody_works() -> bool:
    """Whether a worker, or what it started, holds the lock."""
    try:
        return is_locked(runs_folder() / LOCK)
    except OSError as error:  # some network disks
        raise OutputError(
            f"{runs_folder()} cannot be locked ({error.strerror}); name a folder on a disk of this machine "
            f"({RUNS_VARIABLE})."
        ) from error


def _finishes(copy: Run, run: Run) -> bool:
    with contextlib.suppress(ElmoError):  # damaged
        return copy.about.finishes == run.name
    return False


def _is_to_go_on(run: Run, noted: Noted) -> bool:
    """Whether a run has got a ticket since a worker noted that it runs."""
    place = _place(run)
    return place is not None and place > noted.began * 1e9


def _of_the_dead(run: Run) -> RunState:
    """The state of a run that was noted as running by a worker that is gone."""
    if (run.model / "config.json").is_file():
        return RunState("finished")
    left = "it can go on from its last checkpoint" if run.has_checkpoint else "it begins again"
    return RunState(
        "ended", f"Its process is gone without a word, as after the machine was switched off; {left}."
    )


def _queue() -> list[Run]:
    """The runs with a ticket, in their order."""
    places = {run: _place(run) for run in all_runs()}
    return sorted((run for run, place in places.items() if place), key=lambda run: places[run] or 0)


def _place(run: Run) -> int | None:
    try:
        return int((run.folder / _TICKET).read_text("ascii"))
    except (OSError, ValueError):
        return None


def _put_ticket(run: Run, place: int) -> None:
    with atomic_file(run.folder / _TICKET) as partial:
        partial.write_text(str(place), encoding="ascii")


def _python_path() -> list[str]:
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
