"""Memory of a process, by the kernel's own count (Linux)."""

from __future__ import annotations

from pathlib import Path


def peak_mb() -> float:
    """Most memory this process has held, in MB of 2**20 bytes.

    `ru_maxrss` will not do: a process begins with that of the one that started it.
    """
    return _told("self", "VmHWM")


def resident_mb(pid: int) -> float:
    """Memory that a process holds now, in MB of 2**20 bytes; 0 when it has ended."""
    return _told(str(pid), "VmRSS")


def _told(process: str, name: str) -> float:
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0) / 1024
