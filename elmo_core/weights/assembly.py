"""Modules without memory, filled from a file: random values are never drawn, weights never held twice."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from elmo_core.config import BiLMConfig
from elmo_core.exceptions import ModelError
from elmo_core.nn.bilm import BiLM

Shape = tuple[int, ...]


class _WithoutInitialValues(TorchFunctionMode):
    """Leaves out initial values, whose first use on the meta device would import a compiler (one second)."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


def skeleton(config: BiLMConfig) -> BiLM:
    """Make a model on the meta device: shapes, no memory, no random numbers.

    Raises:
        ModelError: the settings ask for impossible sizes.
    """
    try:
        with torch.device("meta"), _WithoutInitialValues():
            return BiLM(config)
    except (RuntimeError, TypeError, OverflowError):
        raise ModelError("The settings of this model ask for sizes that no memory can hold.") from None


def check_parts(config: BiLMConfig, n_stored: int, where: Path) -> None:
    """Compare the number of layers with the number of tensors in a file, before modules are made for them.

    Raises:
        ModelError: the settings, which may come from a hostile file, ask for more.
    """
    cnn = config.char_cnn
    n_parts = max(2 * config.n_layers, cnn.n_highway if cnn else 0, len(cnn.filters) if cnn else 0)
    if n_parts > n_stored:
        raise ModelError(
            f"{where} holds {n_stored} tensors, but its settings ask for {n_parts} layers of one kind; "
            "the two files do not belong together."
        )


def check_shapes(expected: Mapping[str, Shape], found: Mapping[str, Shape], where: Path) -> None:
    """Compare what settings need with what a file's header says, before memory is taken.

    Raises:
        ModelError: a tensor is missing, left over or of another shape.
    """
    missing = [name for name in expected if name not in found]
    if missing:
        raise ModelError(
            f"{where} lacks {_listed(missing)}, which its settings ask for; "
            "the two files do not belong together."
        )
    extra = [name for name in found if name not in expected]
    if extra:
        raise ModelError(
            f"{where} also holds {_listed(extra)}, which its settings have no place for; "
            "the two files do not belong together."
        )
    for name, shape in expected.items():
        if found[name] != shape:
            raise ModelError(
                f"{where}: {name} has shape {found[name]} where the settings need {shape}; "
                "the two files do not belong together."
            )


def fill(model: BiLM, tensors: Mapping[str, Tensor], where: Path) -> BiLM:
    """Give a skeleton its weights, without a copy.

    Args:
        model: from `skeleton`.
        tensors: float32 on the CPU, by parameter name.
        where: the file they came from, for messages.

    Returns:
        The same model in evaluation mode.

    Raises:
        ModelError: a weight is not finite.
    """
    for name, tensor in tensors.items():
        low, high = torch.aminmax(tensor)  # NaN propagates, and nothing as large as the tensor is made
        if not (math.isfinite(low.item()) and math.isfinite(high.item())):
            raise ModelError(
                f"{where}: {name} holds NaN or infinity; the file is damaged or its training failed, "
                "use another one."
            )
    model.load_state_dict(tensors, strict=True, assign=True)
    return model.eval()


def _listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{rest}"
