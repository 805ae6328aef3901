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


def _told(process: str, name: str) -> float:
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0) / 1024
