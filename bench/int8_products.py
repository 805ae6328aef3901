"""Products of float32 rows with an int8 matrix, by what torch offers on the CPU without further packages.

Weights are symmetric with one scale for each column, made once; rows are quantised at each product. Of
torch's other ways, `_weight_int8pack_mm` computes in float, and `qlinear_pointwise` with signed rows falls
back to a reference that takes seconds.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

Product = Callable[[Tensor], Tensor]
"""Rows (n, K) times a matrix (K, M), both known to it: float32 (n, M)."""
_ZERO = 128  # rows are signed, but the fast kernels of oneDNN read uint8


def single(weight: Tensor) -> Product:
    """In float32."""
    return lambda rows: rows @ weight


def linear_dynamic(weight: Tensor, engine: str) -> Product:
    """By torch's quantised tensors, which it is about to give up: one scale for all rows of a product."""
    scales, whole = _quantised(weight)
    torch.backends.quantized.engine = engine
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*are deprecated", UserWarning)
        signed = torch._make_per_channel_quantized_tensor(
            whole.t().contiguous(), scales, torch.zeros_like(scales, dtype=torch.int64), 0
        )
    packed = torch.ops.quantized.linear_prepack(signed, None)
    return lambda rows: torch.ops.quantized.linear_dynamic(rows, packed, False)


def qlinear(weight: Tensor) -> Product:
    """By oneDNN on plain tensors: one scale for each row, so that no row knows its neighbours."""
    scales, whole = _quantised(weight)
    packed = torch.ops.onednn.qlinear_prepack(whole.t().contiguous(), None)
    zeros = torch.zeros_like(scales, dtype=torch.int64)

    def multiply(rows: Tensor) -> Tensor:
        steps = _steps(rows)
        unsigned = (rows / steps).add_(_ZERO + 0.5).to(torch.uint8)  # rounds, since it cuts off
        found = torch.ops.onednn.qlinear_pointwise(
            unsigned, 1.0, _ZERO, packed, scales, zeros, None, 1.0, 0, torch.float32, "none", [], ""
        )
        return found.mul_(steps)  # type: ignore[no-any-return]

    return multiply


def int_mm(weight: Tensor) -> Product:
    """By `torch._int_mm`, with one scale for each row."""
    scales, whole = _quantised(weight)

    def multiply(rows: Tensor) -> Tensor:
        steps = _steps(rows)
        return torch._int_mm((rows / steps).round_().to(torch.int8), whole).float().mul_(steps).mul_(scales)

    return multiply


def _quantised(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Scales (M,) and int8 (K, M)."""
    scales = weight.abs().amax(dim=0) / 127
    return scales, (weight / scales).round().to(torch.int8)


def _steps(rows: Tensor) -> Tensor:
    """Scale of each row (n, 1); a row of zeros has one, too."""
    return rows.abs().amax(dim=1, keepdim=True).clamp_(min=1e-12).div_(127)


FLOAT32 = "float32"
KINDS: dict[str, Callable[[Tensor], Product]] = {
    FLOAT32: single,
    "fbgemm, a batch": lambda weight: linear_dynamic(weight, "fbgemm"),
    "oneDNN, a batch": lambda weight: linear_dynamic(weight, "onednn"),
    "oneDNN, a row": qlinear,
    "_int_mm, a row": int_mm,
}
"""By library, and what shares a scale."""
