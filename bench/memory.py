"""Peak memory of this process, by the kernel's own count."""

from __future__ import annotations

from pathlib import Path


def peak_mb() -> float:
    """Most memory this process has held, in MB of 2**20 bytes (Linux).

    `ru_maxrss` will not do: a process begins with that of the one that started it.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
