"""Choice of device and number format, and a check of the memory."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch

from elmo_core.exceptions import ConfigError, InputError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}

_MEMORY = Path("/proc/meminfo")
_PROCESSOR = Path("/proc/cpuinfo")
_MEMORY_SHARE = 0.75


def choose_device(name: str) -> torch.device:
    """Turn "auto" or a device of torch's into a device.

    Raises:
        ConfigError: there is no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, TypeError):  # an AssertionError is torch's "not compiled with CUDA"
        raise ConfigError(f"There is no device {name!r} on this machine; use auto, cpu or cuda.") from None
    return device


def choose_dtype(name: str, device: torch.device) -> Literal["float32", "bfloat16"]:
    """Turn "auto" into a number format: bfloat16 where the device has products of its own for it.

    Raises:
        ConfigError: the name is unknown.
    """
    if name == "bfloat16" or (name == "auto" and has_bfloat16(device)):
        return "bfloat16"
    if name not in ("auto", "float32"):
        raise ConfigError(f"dtype must be auto, {' or '.join(DTYPES)}, got {name!r}.")
    return "float32"


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device has products of its own in bfloat16; where it has not, they take much longer."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    flags = set(_told(_PROCESSOR, "flags").split())
    return device.type == "cpu" and bool(flags & {"avx512_bf16", "amx_bf16"})


def emulation_warning(dtype: str, device: str | torch.device) -> str:
    """One sentence where the products of a number format take longer than they should; empty otherwise."""
    if dtype != "bfloat16" or has_bfloat16(torch.device(device)):
        return ""
    return (
        "This device has no products of its own in bfloat16, they take several times as long as in float32; "
        "use auto or float32."
    )


def available_bytes() -> int | None:
    """Memory that can be taken without swapping; None where the system does not say."""
    told = _told(_MEMORY, "MemAvailable").split()
    return int(told[0]) * 1024 if told else None


def _told(path: Path, name: str) -> str:
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
    needed, free = 4 * n_tokens * n_layers * dim, available_bytes()
    if free is not None and needed > _MEMORY_SHARE * free:
        raise InputError(
            f"The vectors of {n_tokens:,} tokens ({n_layers} layers of {dim}) take {needed / 1e9:.1f} GB, "
            f"but {free / 1e9:.1f} GB of memory are free; embed fewer sentences at a time."
        )


def require_memory_for_model(name: str, size_bytes: int) -> None:
    """Refuse to load a model that would not fit.

    Args:
        name: of the model, for the message.
        size_bytes: of its files. Weights in half precision take twice that in memory, as float32.

    Raises:
        InputError: twice the size is more than three quarters of the free memory.
    """
    needed, free = 2 * size_bytes, available_bytes()
    if free is not None and needed > _MEMORY_SHARE * free:
        raise InputError(
            f"{name} may take {needed / 1e9:.1f} GB of memory, but {free / 1e9:.1f} GB are free; close other "
            "programs or choose a smaller model."
        )
