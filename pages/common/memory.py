"""Memory that the server's machine, or its control group, still has (Linux)."""

from __future__ import annotations

from pathlib import Path

_MACHINE, _GROUPS, _OWN_GROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def available_mb() -> float | None:
    """Return the megabytes that can still be taken; None where the system does not say.

    The least of what the machine has available and what the limits of the process's control groups leave,
    such as `MemoryMax=` of systemd or the memory limit of a container. File pages that the kernel can drop
    count as available.
    """
    try:
        lines = _MACHINE.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    facts = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
    free = [facts.get("MemAvailable", facts["MemFree"]) / 1024]
    return min([*free, *_left_in_groups()])


def _left_in_groups() -> list[float]:
    """Megabytes below the limit of the own control group and of each above it (version 2)."""
    try:
        own = next(
            line.partition("::")[2]
            for line in _OWN_GROUP.read_text(encoding="utf-8").splitlines()
            if line.startswith("0::")
        )
    except (OSError, StopIteration):
        return []
    group = _GROUPS / own.strip("/")
    left = []
    for folder in (group, *group.parents):
        if not folder.is_relative_to(_GROUPS):
            break
        try:
            most = (folder / "memory.max").read_text(encoding="ascii").strip()
            taken = int((folder / "memory.current").read_text(encoding="ascii"))
            stat = dict(line.split() for line in (folder / "memory.stat").read_text("ascii").splitlines())
        except (OSError, ValueError):
            continue
        if most != "max":
            left.append((int(most) - taken + int(stat.get("inactive_file", 0))) / (1 << 20))
    return left
