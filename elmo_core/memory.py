"""Memory that is still free, asked for before much of it is taken."""

from __future__ import annotations

from pathlib import Path

from elmo_core.exceptions import InputError

_MACHINE = Path("/proc/meminfo")
_OWN_GROUP, _GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
_SHARE = 0.75
"""Of the free memory, what one piece of work may take."""


def available_bytes() -> int | None:
    """Memory that can be taken without swapping; None where the system does not say (Linux does).

    The least of what the machine has available and what the limits of the process's control groups leave,
    such as `MemoryMax=` of systemd or the memory limit of a container. File pages that the kernel can drop
    count as available.
    """
    told = kernel_says(_MACHINE, "MemAvailable").split()
    return min([*([int(told[0]) * 1024] if told else []), *_left_in_groups()], default=None)


def _left_in_groups() -> list[int]:
    """Bytes below the limit of the own control group and of each above it (version 2)."""
    own = kernel_says(_OWN_GROUP, "0")  # of a line "0::/path"
    if not own:
        return []
    group, left = _GROUPS / own.strip(":/"), []
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
            left.append(int(most) - taken + int(stat.get("inactive_file", 0)))
    return left


def kernel_says(path: Path, name: str) -> str:
    """The first value of this name in one of the kernel's tables; empty where there is none."""
    if not path.is_file():
        return ""
    lines = (line.partition(":") for line in path.read_text(encoding="ascii", errors="replace").splitlines())
    return next((value for key, _, value in lines if key.strip() == name), "")


def require_memory(n_tokens: int, n_layers: int, dim: int) -> None:
    """Refuse a result that would not fit, before any of it is computed.

    Raises:
        InputError: float32 (n_layers, n_tokens, dim) is more than three quarters of the free memory.
    """
    what = f"The vectors of {n_tokens:,} tokens ({n_layers} layers of {dim}) take"
    _require(4 * n_tokens * n_layers * dim, what, "embed fewer sentences at a time")


def require_memory_for_run(needed: int) -> None:
    """Refuse to try a training run that would not fit.

    Args:
        needed: bytes of its weights, their copies and one step.

    Raises:
        InputError: they are more than three quarters of the free memory.
    """
    _require(needed, "The run needs about", "close other programs, or choose fewer rows or a smaller shape")


def require_memory_for_model(name: str, needed: int) -> None:
    """Refuse to load a model that would not fit.

    Args:
        name: of the model, for the message.
        needed: bytes of its weights in memory.

    Raises:
        InputError: they are more than three quarters of the free memory.
    """
    _require(needed, f"{name} may take", "close other programs or choose a smaller model")


def _require(needed: int, what: str, remedy: str) -> None:
    """Refuse what takes more than its share of the free memory, in one sentence."""
    free = available_bytes()
    if free is not None and needed > _SHARE * free:
        raise InputError(
            f"{what} {needed / 1e9:,.1f} GB of memory, but {free / 1e9:,.1f} GB are free; {remedy}."
        )
