"""The cells of the LSTM: what happens at one step between two products, and its gradients.

    c' = clip(sigmoid(f + 1) c + sigmoid(i) tanh(j))
    m = sigmoid(o) tanh(c')

See `nn.lstm` for the whole and its sources.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

FORGET_BIAS = 1.0
"""Added to the forget gate at run time, as TensorFlow does; it is not part of the stored bias."""


def cell_forward(gates: Tensor, cell: Tensor, clip: float) -> tuple[Tensor, Tensor, Tensor]:
    """One step of the cells, pointwise.

    Args:
        gates: (n, 4D) sums of products, order i, j, f, o; where they are in the dtype of the cells, they
            are overwritten (a copy of all gates is most of the memory of a step).
        cell: (n, D) state before the step.
        clip: bound of the cell state (may be infinite).

    Returns:
        Activated gates (n, 4D), new cell state (n, D), output before the projection (n, D).
    """
    active = gates.to(cell.dtype)
    i, j, f, o = active.chunk(4, dim=1)
    f.add_(FORGET_BIAS)
    i.sigmoid_()
    active[:, 2 * cell.shape[1] :].sigmoid_()  # f and o
    j.tanh_()
    new = (f * cell).addcmul_(i, j).clamp_(-clip, clip)
    return active.to(gates.dtype), new, new.tanh().mul_(o).to(gates.dtype)


def cell_backward(
    gates: Tensor, before: Tensor, after: Tensor, grad_output: Tensor, grad_cell: Tensor, clip: float
) -> tuple[Tensor, Tensor]:
    """Gradients of `cell_forward`.

    Args:
        gates: (n, 4D) activated gates.
        before: (n, D) cell state before the step.
        after: (n, D) cell state after it.
        grad_output: (n, D) gradient of the output before the projection.
        grad_cell: (n, D) gradient that the later steps sent to the new cell state.
        clip: bound of the cell state.

    Returns:
        Gradient of the sums of products (n, 4D) and of the cell state before the step (n, D).
    """
    i, j, f, o = gates.to(before.dtype).chunk(4, dim=1)
    out, squashed = grad_output.to(before.dtype), after.tanh()
    grad = grad_cell + out * o * (1 - squashed * squashed)
    grad = torch.where(after.abs() < clip, grad, torch.zeros_like(grad))
    grad_i, grad_j = grad * j * i * (1 - i), grad * i * (1 - j * j)
    grad_f, grad_o = grad * before * f * (1 - f), out * squashed * o * (1 - o)
    return torch.cat([grad_i, grad_j, grad_f, grad_o], dim=1).to(gates.dtype), grad * f


def cell_in_place(gates: Tensor, cell: Tensor, clip: float, forget_bias: float = FORGET_BIAS) -> Tensor:
    """`cell_forward` where nothing is kept for gradients; in what TorchScript can read of Python.

    Args:
        gates: (n, 4D) sums of products in the dtype of the cells; left with numbers of no use.
        cell: (n, D) state before the step, becomes the one after it.
        clip: bound of the cell state (may be infinite).
        forget_bias: added to the forget gate (a parameter because TorchScript reads no globals).

    Returns:
        (n, D), the output before the projection.
    """
    i, j, f, o = gates.chunk(4, dim=1)
    f.add_(forget_bias).sigmoid_()
    i.sigmoid_()
    j.tanh_()
    o.sigmoid_()
    cell.mul_(f).addcmul_(i, j).clamp_(-clip, clip)
    return cell.tanh().mul_(o)


_COMPILED: dict[Any, Any] = {}


def compile_cells() -> None:
    """Fuse the pointwise steps of training with `torch.compile` (needs a C++ compiler).

    Called once by a long training; the results differ from the eager ones by rounding only.
    """
    for function in (cell_forward, cell_backward):
        _COMPILED.setdefault(function, torch.compile(function, dynamic=False))


def compiled(function: Any) -> Any:
    """The compiled form of `cell_forward` or `cell_backward` where there is one."""
    return _COMPILED.get(function, function)
