"""The worker: trains the runs that wait, one at a time, each as the command line's `pretrain`.

    python -m elmo_core.runs.worker FOLDER

It leaves the session of whoever started it, gives way to all other programs, and ends when no run waits. It
imports no torch, so it takes little memory. Where it dies, the process that it started stops at a checkpoint
(Linux; elsewhere that process goes on to its end).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from elmo_core.exceptions import ElmoError
from elmo_core.locking import locked
from elmo_core.runs.endings import ending_of
from elmo_core.runs.folder import RUNS_VARIABLE, Run, all_doomed, delete
from elmo_core.runs.queue import LOCK, Noted, is_queued, next_run, note, note_the_dead

LOG = "log.txt"
_TICK_S = 0.1
_TRIES = 20
NICE_VARIABLE = "ELMO_RUNS_NICE"
"""Environment variable: how far runs give way to other programs, 0 (not at all) to 19 (wherever they can)."""
_LOWEST_PRIORITY = 19
_KILLED_FIRST = "600"  # of 1000: the kernel takes memory back from a run before it does from the app
_SIGNAL_AT_DEATH_OF_PARENT = 1  # PR_SET_PDEATHSIG


def main() -> None:
    """Work in the background until no run waits."""
    folder = Path(sys.argv[1])
    os.environ[RUNS_VARIABLE] = str(folder)
    if hasattr(os, "fork") and os.fork():
        return
    _give_way()
    work(folder)


def work(folder: Path) -> None:
    """Train the runs that wait, unless another worker does."""
    while next_run() or all_doomed():
        for _ in range(_TRIES):  # whoever asks whether the lock is held holds it for a moment
            try:
                with locked(folder / LOCK) as descriptor:
                    note_the_dead()
                    _train_all(descriptor)
                break
            except BlockingIOError:
                time.sleep(_TICK_S)
        else:
            return
        if next_run() is None:  # what is still doomed cannot be deleted
            return


def _train_all(descriptor: int) -> None:
    while True:
        for doomed in all_doomed():
            with contextlib.suppress(ElmoError):
                delete(doomed)
        run = next_run()
        if run is None:
            return
        ended = _train(run, descriptor)
        with contextlib.suppress(ElmoError):  # a full disk; the lock says the same later
            note(run, ended)


def _train(run: Run, descriptor: int) -> Noted:
    """Train one run until it ends or its ticket is gone, and return what became of it."""
    is_posix = os.name == "posix"
    try:
        arguments = run.arguments()
        with (run.folder / LOG).open("ab") as log:
            start = log.tell()
            process = subprocess.Popen(
                [sys.executable, "-m", "elmo_core", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "OMP_NUM_THREADS": str(run.config.threads)},
                pass_fds=[descriptor] if is_posix else [],
                preexec_fn=_end_with_parent if is_posix else None,
            )
        try:
            note(run, Noted("running", process=process.pid, began=time.time()))
        except ElmoError:  # nobody would know that it runs
            process.terminate()
            process.wait()
            raise
    except (OSError, ElmoError) as error:
        return Noted("failed", f"It could not be started: {error}")
    was_asked = False
    while process.poll() is None:
        if not was_asked and not is_queued(run):
            was_asked = True
            process.terminate()
        time.sleep(_TICK_S)
    return ending_of(run, process.returncode, (run.folder / LOG, start), was_asked=was_asked)


def _end_with_parent() -> None:
    """In the child: ask the kernel for SIGTERM when the worker dies, where it is Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SIGNAL_AT_DEATH_OF_PARENT, signal.SIGTERM)


def _give_way() -> None:
    """Give all other programs the processor first, and the kernel this one's memory."""
    asked = os.environ.get(NICE_VARIABLE, "")
    niceness = min(int(asked), _LOWEST_PRIORITY) if asked.isascii() and asked.isdigit() else _LOWEST_PRIORITY
    with contextlib.suppress(OSError, AttributeError):
        os.nice(niceness)
    # where Linux groups processes by session, the niceness of the group is what counts
    for file, value in (("autogroup", str(niceness)), ("oom_score_adj", _KILLED_FIRST)):
        with contextlib.suppress(OSError):
            Path("/proc/self", file).write_text(value, encoding="ascii")


if __name__ == "__main__":
    main()
