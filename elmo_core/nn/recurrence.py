"""The loop of an LSTM over time: once with all that its gradients need, once with nothing but the result.

Everything that does not depend on the step before is outside of it: the input half of the gates before, the
gradients of the weights after, each as one product over all steps.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from elmo_core.nn.cells import cell_backward, cell_forward, cell_in_place, compiled
from elmo_core.nn.products import LEAST_ROWS, product, spare_columns, step_product

FULL_CELLS = 32
"""Zeros fill cells up to a multiple of this, two of the widest registers: what is left over at the end of a
row is rounded otherwise, and what that is may depend on the rows beside it."""


def run_recurrence(
    inputs: Tensor,
    weight_hidden: Tensor,
    weight_projection: Tensor | None,
    output: Tensor,
    cell: Tensor,
    sizes: Sequence[int],
    cell_clip: float,
    projection_clip: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Run packed sequences where nothing is learned.

    Args:
        inputs: (N, 4D) x W_input + b, packed, in the format of the products; overwritten.
        weight_hidden: (P, 4D).
        weight_projection: (D, P), or None where the cells are the output (then P = D).
        output: (B, P) before the first step.
        cell: (B, D) before the first step, float32 (float64 in float64 models).
        sizes: rows alive at each step, never rising; they add up to N.
        cell_clip: bound of the cells.
        projection_clip: bound of the projected outputs.

    Returns:
        Outputs (N, P), and output (B, P) and cell (B, D) of each row after its last step.
    """
    n_rows, width, n_cells = len(output), output.shape[1], cell.shape[1]
    if not weight_hidden.is_mkldnn:
        cells = -n_cells % FULL_CELLS
        columns = cells if weight_projection is None else spare_columns(weight_projection)
        inputs = _spare_gates(inputs, cells)
        weight_hidden = _padded(_spare_gates(weight_hidden, cells), (0, 0, 0, columns))
        if weight_projection is not None:
            weight_projection = _padded(weight_projection, (0, columns, 0, cells))
        output, cell = _padded(output, (0, columns)), _padded(cell, (0, cells))
    states = _filled_up(output), _filled_up(cell)
    few = inputs.new_zeros(LEAST_ROWS, inputs.shape[1]), inputs.new_zeros(LEAST_ROWS, cell.shape[1])
    loop = _loop_without_python if inputs.device.type == "cpu" else _loop
    weights = weight_hidden, weight_projection
    outputs, output, cell = loop(inputs, *weights, *states, *few, list(sizes), cell_clip, projection_clip)
    return outputs[:, :width].contiguous(), output[:n_rows, :width], cell[:n_rows, :n_cells]


def _padded(values: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """Add zeros; without any to add, return the tensor itself, of which torch would make a copy."""
    return functional.pad(values, sizes) if any(sizes) else values


def _spare_gates(values: Tensor, spare: int) -> Tensor:
    """Add `spare` cells, which stay zero, to the four gates of (n, 4D)."""
    if not spare:
        return values
    return functional.pad(values.unflatten(1, (4, -1)), (0, spare)).flatten(1)


def _filled_up(state: Tensor) -> Tensor:
    """A copy of (B, ...) with at least `LEAST_ROWS` rows: zeros stand beside a few."""
    copy = state.new_zeros(max(len(state), LEAST_ROWS), state.shape[1])
    copy[: len(state)] = state
    return copy


def _loop(
    inputs: Tensor,
    weight_hidden: Tensor,
    weight_projection: Tensor | None,
    output: Tensor,
    cell: Tensor,
    few: Tensor,
    few_cells: Tensor,
    sizes: list[int],
    cell_clip: float,
    projection_clip: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """`run_recurrence` in what TorchScript can read of Python; the states have `LEAST_ROWS` rows or more.

    Where fewer rows are alive, their products are those of `few` (LEAST_ROWS, 4D) and `few_cells`
    (LEAST_ROWS, D), put there for that.
    """
    outputs = inputs.new_empty((len(inputs), output.shape[1]))  # (N, P)
    start = 0
    for size in sizes:
        n = max(size, len(few))
        sums = inputs[start : start + size]
        if size < n:
            few[:size] = sums
            sums = few
        sums = step_product(sums, output[:n], weight_hidden)[:size].to(cell.dtype)  # (size, 4D)
        new = cell_in_place(sums, cell[:size], cell_clip).to(output.dtype)  # (size, D)
        if weight_projection is not None:
            if size < n:
                few_cells[:size] = new
                new = few_cells
            new = step_product(None, new, weight_projection)[:size].clamp_(-projection_clip, projection_clip)
        output[:size] = new  # rows that have ended keep theirs
        outputs[start : start + size] = new
        start += size
    return outputs, output, cell


def _scripted() -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    """The loop as TorchScript, which does not hold Python's lock.

    Under the lock, the two directions of a sentence take as long on two cores as on one: its products are too
    small for what it costs to hand the lock over. The operations, and so the bits, are the same.
    `torch.compile` would need a C++ compiler on every user's machine, and time for every new shape.
    """
    if not torch.backends.mkldnn.is_available():  # it could not read `step_product`
        return _loop
    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning):  # the second from torch 2.14 on
            warnings.filterwarnings("ignore", ".*torch.jit.script. is ", category)
        return torch.jit.script(_loop)


_loop_without_python = _scripted()


class LearningRecurrence(torch.autograd.Function):
    """The loop over time with its backward pass; what does not depend on the step before is outside of it."""

    @staticmethod
    def forward(  # noqa: D102
        ctx: Any,
        inputs: Tensor,  # (N, 4D) x W_input + b, packed
        weight_hidden: Tensor,  # (P, 4D)
        weight_projection: Tensor | None,  # (D, P)
        output: Tensor,  # (B, P)
        cell: Tensor,  # (B, D)
        sizes: Sequence[int],
        cell_clip: float,
        projection_clip: float,
    ) -> tuple[Tensor, Tensor, Tensor]:
        outputs = inputs.new_empty(inputs.shape[0], output.shape[1])  # (N, P)
        first_output, gates, cells, hiddens = output, [], [cell], []
        step = compiled(cell_forward)
        final_output, final_cell, start = output.clone(), cell.clone(), 0
        for size, following in zip(sizes, (*sizes[1:], 0), strict=True):
            sums = product(inputs[start : start + size], output[:size], weight_hidden)  # (n, 4D)
            activated, cell, hidden = step(sums, cell[:size], cell_clip)
            output = hidden
            if weight_projection is not None:
                output = product(None, hidden, weight_projection)
                output.clamp_(-projection_clip, projection_clip)
            outputs[start : start + size] = output
            ended = slice(following, size)
            final_output[ended], final_cell[ended] = output[ended], cell[ended]
            start += size
            gates.append(activated)
            cells.append(cell)
            hiddens.append(hidden)
        ctx.sizes, ctx.clips, ctx.lists = sizes, (cell_clip, projection_clip), (gates, cells, hiddens)
        ctx.save_for_backward(weight_hidden, weight_projection, first_output, outputs)
        return outputs, final_output, final_cell

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # noqa: D102
        grad_outputs, grad_output, grad_cell = grads[0], grads[1].clone(), grads[2].clone()
        weight_hidden, weight_projection, first_output, outputs = ctx.saved_tensors
        (gates, cells, hiddens), (cell_clip, projection_clip) = ctx.lists, ctx.clips
        step = compiled(cell_backward)
        hidden_t = weight_hidden.t().contiguous()
        projection_t = None if weight_projection is None else weight_projection.t().contiguous()
        grad_sums = outputs.new_empty(outputs.shape[0], weight_hidden.shape[1])
        projected = torch.empty_like(outputs)
        end = outputs.shape[0]
        for t in reversed(range(len(ctx.sizes))):
            size = ctx.sizes[t]
            rows = slice(end - size, end)
            # rows that end at this step still hold the gradient of their final state
            grad = grad_outputs[rows] + grad_output[:size]
            if projection_t is not None:
                grad = grad.masked_fill(outputs[rows].abs() >= projection_clip, 0.0)
                projected[rows] = grad
                grad = grad @ projection_t  # (n, D)
            grad_sums[rows], grad_cell[:size] = step(
                gates[t], cells[t][:size], cells[t + 1], grad, grad_cell[:size], cell_clip
            )
            grad_output[:size] = grad_sums[rows] @ hidden_t
            end -= size
        before = _outputs_before(first_output, outputs, ctx.sizes)
        grad_hidden = before.t() @ grad_sums
        grad_projection = None if weight_projection is None else torch.cat(hiddens).t() @ projected
        return grad_sums, grad_hidden, grad_projection, grad_output, grad_cell, None, None, None


def _outputs_before(first: Tensor, outputs: Tensor, sizes: Sequence[int]) -> Tensor:
    """(N, P): the output that each step of each row received from the step before."""
    parts, start = [first[: sizes[0]]], 0
    for size, following in pairwise(sizes):
        parts.append(outputs[start : start + following])
        start += size
    return torch.cat(parts)
