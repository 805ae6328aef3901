"""Memory of a process, by the kernel's own count (Linux)."""

from __future__ import annotations

from pathlib import Path


def peak_mb() -> float:
    """Return the peak memory of this process, in MB of 2**20 bytes.

    `ru_maxrss` cannot be used: a process inherits the value of the process that started it.
    """
    return _told("self", "VmHWM")


def resident_mb(pid: int) -> float:
    """Return the memory of a process now, in MB of 2**20 bytes; 0 after its end."""
    return _told(str(pid), "VmRSS")


def tree_mb(pid: int) -> float:
    """Return the memory of a process and of all that it started, in MB of 2**20 bytes.

    What several of them share counts once (proportional set size).
    """
    folder = Path(f"/proc/{pid}")
    try:
        rollup = (folder / "smaps_rollup").read_text(encoding="utf-8").splitlines()
        children = [
            int(child)
            for told in folder.glob("task/*/children")
            for child in told.read_text(encoding="utf-8").split()
        ]
    except OSError:  # it has ended
        return 0.0
    own = next((int(line.split()[1]) for line in rollup if line.startswith("Pss:")), 0) / 1024
    return own + sum(map(tree_mb, children))


def _told(process: str, name: str) -> float:
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0) / 1024
