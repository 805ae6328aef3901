"""Products of rows with a weight: each row as if it were one of many, the weight prepared where that pays.

In bfloat16, oneDNN first brings a weight into the order in which it computes, which for a few rows takes
longer than the product itself. A recurrence makes the same product at every step, so a model that no longer
changes has its weights brought into that order once (the packed layout that `torch.compile` uses). In
float32, MKL reads weights as they are.
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor, nn
from torch.nn import functional

_LEAST_ROWS, _LEAST_PACKED_ROWS = 4, 2
"""Smaller products take another path in the library of products, with other rounding: a sentence's last
digits would tell how many others it was computed with."""
_USUAL_ROWS = 64


class PackedWeight:
    """A weight (K, M) on the CPU, in the order in which it is computed with."""

    def __init__(self, weight: Tensor) -> None:
        """Pack a copy of a weight."""
        rows = weight.detach().t().contiguous()
        self._packed = torch.ops.mkldnn._reorder_linear_weight(rows, _USUAL_ROWS)

    def product(self, rows: Tensor, added: Tensor | None) -> Tensor:
        """Rows (n, K) times the weight, plus `added` (n, M) or (M,)."""
        if added is not None and added.dim() == 2:
            return torch.ops.mkldnn._linear_pointwise.binary(rows, added, self._packed, None, "add")  # type: ignore[no-any-return]
        return torch.ops.mkldnn._linear_pointwise(rows, self._packed, added, "none", [], "")  # type: ignore[no-any-return]


Weight = Tensor | PackedWeight


@functools.cache
def packs(device_type: str, dtype: torch.dtype) -> bool:
    """Whether weights are worth packing, and this machine can."""
    operations = torch.ops.mkldnn
    names = ("_reorder_linear_weight", "_linear_pointwise", "_is_mkldnn_bf16_supported")
    if device_type != "cpu" or dtype != torch.bfloat16 or not torch.backends.mkldnn.is_available():
        return False
    return all(hasattr(operations, name) for name in names) and bool(operations._is_mkldnn_bf16_supported())


class PackableModule(nn.Module):
    """A module whose weights can be packed when they no longer change."""

    def __init__(self) -> None:
        """Make a module without packed weights."""
        super().__init__()
        self._packed: dict[str, PackedWeight] = {}

    def pack(self, *names: str) -> None:
        """Pack some weights (K, M); the module no longer holds them otherwise, so it cannot be trained."""
        for name in names:
            self._packed[name] = PackedWeight(getattr(self, name))
            self.register_parameter(name, None)

    def weight(self, name: str, dtype: torch.dtype) -> Weight:
        """A weight for products in this number format (a packed one keeps its own)."""
        return self._packed[name] if name in self._packed else getattr(self, name).to(dtype)


def product(added: Tensor | None, rows: Tensor, weight: Weight) -> Tensor:
    """Rows (n, K) times weight (K, M), plus `added` (n, M) or (M,): each row as if it were one of many."""
    n_rows, is_packed = len(rows), isinstance(weight, PackedWeight)
    missing = max(0, (_LEAST_PACKED_ROWS if is_packed else _LEAST_ROWS) - n_rows)
    if missing:
        rows = functional.pad(rows, (0, 0, 0, missing))
        if added is not None and added.dim() == 2:
            added = functional.pad(added, (0, 0, 0, missing))
    if isinstance(weight, PackedWeight):
        found = weight.product(rows, added)
    else:
        found = rows @ weight if added is None else torch.addmm(added, rows, weight)
    return found[:n_rows] if missing else found
