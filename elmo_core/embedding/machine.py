"""Choice of device and number format."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch

from elmo_core.exceptions import ConfigError
from elmo_core.memory import kernel_says

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}

_PROCESSOR = Path("/proc/cpuinfo")


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
    flags = set(kernel_says(_PROCESSOR, "flags").split())
    return device.type == "cpu" and bool(flags & {"avx512_bf16", "amx_bf16"})


def emulation_warning(dtype: str, device: str | torch.device) -> str:
    """One sentence where the products of a number format take longer than they should; empty otherwise."""
    if dtype != "bfloat16" or has_bfloat16(torch.device(device)):
        return ""
    return (
        "This device has no products of its own in bfloat16, they take several times as long as in float32; "
        "use auto or float32."
    )
