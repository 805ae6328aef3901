"""Products of rows with a weight: each row as if it were one of many, the weight prepared where that pays.

The library of products first brings a weight into the order in which it computes, which for a few rows
takes longer than the product itself. A recurrence makes the same product at every step, so a model that no
longer changes has its weights brought into that order once (oneDNN's packed layout, as `torch.compile`
uses it). A single row, of which a sentence alone consists, goes through a kernel that only reads the weight.
"""

from __future__ import annotations

import functools

import numpy as np
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
        self.for_a_row = weight.detach().numpy() if self._rounds_as_kernel(weight.detach()) else None
        """float32 (K, M) for `kernels.run_row`; None where that kernel would round otherwise."""

    def product(self, rows: Tensor, added: Tensor | None) -> Tensor:
        """Rows (n, K) times the weight, plus `added` (n, M) or (M,)."""
        if added is not None and added.dim() == 2:
            return torch.ops.mkldnn._linear_pointwise.binary(rows, added, self._packed, None, "add")  # type: ignore[no-any-return]
        return torch.ops.mkldnn._linear_pointwise(rows, self._packed, added, "none", [], "")  # type: ignore[no-any-return]

    def _rounds_as_kernel(self, weight: Tensor) -> bool:
        if weight.dtype != torch.float32 or len(weight) % 4:
            return False
        rows = torch.randn(_LEAST_PACKED_ROWS, len(weight), generator=torch.Generator().manual_seed(0))
        return torch.equal(_of_a_row(rows[0], weight.numpy()), self.product(rows, None)[0])


Weight = Tensor | PackedWeight


def _of_a_row(row: Tensor, weight: np.ndarray) -> Tensor:
    from elmo_core.nn.kernels import row_product  # numba takes long to import, and not everybody embeds

    found = row.new_empty(weight.shape[1])
    row_product(row.numpy(), weight, found.numpy())
    return found


@functools.cache
def can_pack(device_type: str, dtype: torch.dtype) -> bool:
    """Whether weights can be packed on this machine."""
    operations = torch.ops.mkldnn
    names = ("_reorder_linear_weight", "_linear_pointwise", "_is_mkldnn_bf16_supported")
    if device_type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    if not all(hasattr(operations, name) for name in names):
        return False
    is_native = dtype == torch.bfloat16 and operations._is_mkldnn_bf16_supported()
    return bool(dtype == torch.float32 or is_native)


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
    if isinstance(weight, PackedWeight) and n_rows == 1 and weight.for_a_row is not None:
        found = _of_a_row(rows[0], weight.for_a_row)
        return (found if added is None else found.add_(added.view(-1)))[None]
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
