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

LEAST_ROWS = 4
"""Smaller products take another path in the library of products, with other rounding: a sentence's last
digits would depend on how many others it was computed with."""
FULL_COLUMNS = 16
"""Where the columns of a product are no multiple of 4, zeros fill them up to a multiple of this: rows that
begin at odd places in memory are rounded otherwise, each by its place, and so by the rows beside it."""
_USUAL_ROWS = 64


@functools.cache
def packs(device_type: str, dtype: torch.dtype) -> bool:
    """Whether weights are worth packing, and this machine can."""
    if device_type != "cpu" or dtype != torch.bfloat16 or not torch.backends.mkldnn.is_available():
        return False
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


class PackableModule(nn.Module):
    """A module whose weights can be packed when they no longer change."""

    def __init__(self) -> None:
        """Make a module without packed weights."""
        super().__init__()
        self._packed: dict[str, Tensor] = {}

    def pack(self, *names: str) -> None:
        """Pack some weights (K, M); the module no longer holds them otherwise, so it cannot be trained."""
        for name in names:
            rows = getattr(self, name).detach().t().contiguous()
            self._packed[name] = torch.ops.mkldnn._reorder_linear_weight(rows, _USUAL_ROWS)
            self.register_parameter(name, None)

    def weight(self, name: str, dtype: torch.dtype) -> Tensor:
        """A weight for products in this number format (a packed one keeps its own)."""
        return self._packed[name] if name in self._packed else getattr(self, name).to(dtype)


def product(added: Tensor | None, rows: Tensor, weight: Tensor) -> Tensor:
    """Rows (n, K) times weight (K, M), plus `added` (n, M) or (M,): each row as if it were one of many."""
    n_rows, n_columns = len(rows), weight.shape[1]
    spare = spare_columns(weight)
    if spare:
        weight = functional.pad(weight, (0, spare))
        added = None if added is None else functional.pad(added, (0, spare))
    if n_rows < LEAST_ROWS:
        fill = (0, 0, 0, LEAST_ROWS - n_rows)
        rows = functional.pad(rows, fill)
        if added is not None and added.dim() == 2:
            added = functional.pad(added, fill)
    found: Tensor
    if weight.is_mkldnn:
        found = torch.ops.mkldnn._linear_pointwise(rows, weight, added, "none", [], "")
    else:
        found = rows @ weight if added is None else torch.addmm(added, rows, weight)
    if n_rows < LEAST_ROWS:
        found = found[:n_rows]
    return found[:, :n_columns].contiguous() if spare else found


def spare_columns(weight: Tensor) -> int:
    """How many columns of zeros a weight (K, M) lacks; none where it is packed."""
    if weight.is_mkldnn or weight.shape[1] % 4 == 0:
        return 0
    return -weight.shape[1] % FULL_COLUMNS


def step_product(added: Tensor | None, rows: Tensor, weight: Tensor, most_rows: int = 128) -> Tensor:
    """`product` of `LEAST_ROWS` rows or more, in what TorchScript can read of Python.

    Args:
        added: (n, M) or None; may be overwritten. (Out of place, TorchScript would take product and sum
            apart, and round the product before the sum.)
        rows: (n, K).
        weight: (K, M).
        most_rows: of one product without a sum, which is that of the projection, with the longest sums: of
            192 rows, MKL begins to make sums of thousands of terms in another order.
    """
    if weight.is_mkldnn:
        if added is None:
            return torch.ops.mkldnn._linear_pointwise(rows, weight, None, "none", [], "")  # type: ignore[no-any-return]
        return torch.ops.mkldnn._linear_pointwise(rows, added, weight, None, "add")  # type: ignore[no-any-return]
    if added is not None:
        return added.addmm_(rows, weight)
    if len(rows) > most_rows:
        return torch.cat([part @ weight for part in rows.split(most_rows)])
    return rows @ weight
