"""What became of a run, from how its process ended and what it printed last: one sentence."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from elmo_core.runs.folder import Run
from elmo_core.runs.queue import Noted

_ERROR = re.compile(r"^Error: (.+)$", re.MULTILINE)
_NO_MEMORY = re.compile(r"can't allocate memory|MemoryError|out of memory", re.IGNORECASE)
_NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded")
_TERMINATED = (143, -signal.SIGTERM)
_LOOKED_AT = 64 << 10


def ending_of(run: Run, code: int, log: tuple[Path, int], *, was_asked: bool) -> Noted:
    """Say what became of a run.

    Args:
        run: the run.
        code: exit status of its process; negative = the signal that ended it.
        log: what it printed: the file, and where in it this process began.
        was_asked: whether it was asked to stop.
    """
    if code == 0:
        return Noted("finished")
    printed = _end_of(*log)
    goes_on = "it can go on from its last checkpoint" if run.has_checkpoint else "it begins again"
    if code in _TERMINATED or (was_asked and os.name == "nt"):  # Windows ends it with a code of its own
        return Noted("paused", "" if was_asked else f"It was stopped from outside; {goes_on}.")
    if _NO_SPACE.search(printed):
        return Noted("failed", f"The disk is full; free some space, and {goes_on}.")
    if code < 0:
        name = signal.Signals(-code).name if -code in list(signal.Signals) else str(-code)
        why = ", as where memory runs out" if -code == signal.SIGKILL else ""
        return Noted("ended", f"The system ended its process ({name}){why}; {goes_on}.")
    if _NO_MEMORY.search(printed):
        return Noted(
            "failed",
            "Memory ran out. Close other programs and let it go on, or train a smaller shape or fewer rows.",
        )
    sentences = _ERROR.findall(printed)
    if sentences:
        return Noted("failed", sentences[-1])
    lines = printed.split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "nothing was printed")
    return Noted("failed", f"An error of the program: {last[:300]} (log.txt in its folder has all of it).")


def _end_of(path: Path, start: int) -> str:
    """The last part of what was printed since a place."""
    try:
        with path.open("rb") as file:
            file.seek(max(start, path.stat().st_size - _LOOKED_AT))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
