"""The LSTM of ELMo: projected, clipped, its state explicit.

    [i, j, f, o] = x W_input + h W_hidden + b                 (TensorFlow's order of gates)
    c' = clip(sigmoid(f + 1) c + sigmoid(i) tanh(j))
    h' = clip((sigmoid(o) tanh(c')) W_projection)

Follows Sak et al. 2014 (arXiv:1402.1128) as TensorFlow's `LSTMCell` does it for bilm-tf. Neither
`torch.nn.LSTM` (no clipping) nor a loop of small operations under autograd (slow) can serve, so the
recurrence is one autograd function whose backward pass is written out: two products a step, and
the weights' gradients as one product over all steps.

Sequences are packed as in `torch.nn.utils.rnn.PackedSequence`: rows sorted by falling length, all
first steps, then all second steps ... `sizes[t]` rows are alive at step t, finished rows cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from elmo_core.nn.products import PackableModule, PackedWeight, product

FORGET_BIAS = 1.0
"""Added to the forget gate at run time, as TensorFlow does; it is not part of the stored bias."""


class LSTMState(NamedTuple):
    """What one layer of one direction carries from step to step."""

    output: Tensor
    """(B, P), in the dtype of the products."""
    cell: Tensor
    """(B, D), float32 (float64 in float64 models)."""


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


class _Recurrence(torch.autograd.Function):
    """The loop over time; everything that does not depend on the step before is outside of it."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,  # (N, 4D) x W_input + b, packed
        weight_hidden: Tensor,  # (P, 4D)
        weight_projection: Tensor | None,  # (D, P)
        output: Tensor,  # (B, P)
        cell: Tensor,  # (B, D)
        sizes: Sequence[int],
        cell_clip: float,
        projection_clip: float,
        has_gradients: bool,  # `needs_input_grad` does not know of no_grad
    ) -> tuple[Tensor, Tensor, Tensor]:
        outputs = inputs.new_empty(inputs.shape[0], output.shape[1])  # (N, P)
        keep = has_gradients and any(ctx.needs_input_grad)
        first_output, gates, cells, hiddens = output, [], [cell], []
        step = _compiled(cell_forward) if keep else cell_forward
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
            if keep:
                gates.append(activated)
                cells.append(cell)
                hiddens.append(hidden)
        if keep:
            ctx.sizes, ctx.clips, ctx.lists = sizes, (cell_clip, projection_clip), (gates, cells, hiddens)
            ctx.save_for_backward(weight_hidden, weight_projection, first_output, outputs)
        return outputs, final_output, final_cell

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        grad_outputs, grad_output, grad_cell = grads[0], grads[1].clone(), grads[2].clone()
        weight_hidden, weight_projection, first_output, outputs = ctx.saved_tensors
        (gates, cells, hiddens), (cell_clip, projection_clip) = ctx.lists, ctx.clips
        step = _compiled(cell_backward)
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
        return grad_sums, grad_hidden, grad_projection, grad_output, grad_cell, None, None, None, None


def _outputs_before(first: Tensor, outputs: Tensor, sizes: Sequence[int]) -> Tensor:
    """(N, P): the output that each step of each row received from the step before."""
    parts, start = [first[: sizes[0]]], 0
    for size, following in pairwise(sizes):
        parts.append(outputs[start : start + following])
        start += size
    return torch.cat(parts)


_COMPILED: dict[Any, Any] = {}


def compile_cells() -> None:
    """Fuse the pointwise steps of training with `torch.compile` (needs a C++ compiler).

    Called once by a long training; the results differ from the eager ones by rounding only.
    """
    for function in (cell_forward, cell_backward):
        _COMPILED.setdefault(function, torch.compile(function, dynamic=False))


def _compiled(function: Any) -> Any:
    return _COMPILED.get(function, function)


class ProjectedLSTM(PackableModule):
    """One layer of one direction, in the layout of the official weight files."""

    def __init__(
        self,
        input_dim: int,
        cell_dim: int,
        projection_dim: int | None,
        cell_clip: float | None,
        projection_clip: float | None,
    ) -> None:
        """Make a layer with TensorFlow's initial values.

        Args:
            input_dim: width of the input.
            cell_dim: cells D.
            projection_dim: width P of the output; None = no projection (then P = D).
            cell_clip: bound of the cell state, or None.
            projection_clip: bound of the projected output, or None.
        """
        super().__init__()
        output_dim = projection_dim or cell_dim
        self.cell_dim, self.output_dim = cell_dim, output_dim
        self.cell_clip = math.inf if cell_clip is None else cell_clip
        self.projection_clip = math.inf if projection_clip is None else projection_clip
        self.weight_input = nn.Parameter(torch.empty(input_dim, 4 * cell_dim))
        self.weight_hidden = nn.Parameter(torch.empty(output_dim, 4 * cell_dim))
        self.bias = nn.Parameter(torch.zeros(4 * cell_dim))
        self.has_projection = projection_dim is not None
        projection = nn.Parameter(torch.empty(cell_dim, output_dim)) if self.has_projection else None
        self.weight_projection = projection
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Glorot uniform over the joint matrix [W_input; W_hidden], as TensorFlow's default."""
        bound = math.sqrt(6 / (self.weight_input.shape[0] + self.output_dim + 4 * self.cell_dim))
        nn.init.uniform_(self.weight_input, -bound, bound)
        nn.init.uniform_(self.weight_hidden, -bound, bound)
        nn.init.zeros_(self.bias)
        if self.weight_projection is not None:
            nn.init.xavier_uniform_(self.weight_projection)

    def zero_state(self, batch: int, dtype: torch.dtype | None = None) -> LSTMState:
        """The state before any token: zeros for `batch` rows, products in `dtype`."""
        dtype = dtype or self.bias.dtype
        cell_dtype = torch.float64 if dtype == torch.float64 else torch.float32
        device = self.bias.device
        return LSTMState(
            torch.zeros(batch, self.output_dim, dtype=dtype, device=device),
            torch.zeros(batch, self.cell_dim, dtype=cell_dtype, device=device),
        )

    def forward(self, inputs: Tensor, sizes: Sequence[int], state: LSTMState) -> tuple[Tensor, LSTMState]:
        """Run over packed sequences.

        Args:
            inputs: (N, input_dim), packed; its dtype is the one of all products.
            sizes: rows alive at each step, never rising; they add up to N.
            state: of at least `sizes[0]` rows.

        Returns:
            Outputs (N, P) and the state of each row after its last step (rows beyond `sizes[0]` unchanged).
        """
        if not sizes:
            return inputs.new_zeros(0, self.output_dim), state
        dtype = inputs.dtype
        projection = self.weight("weight_projection", dtype) if self.has_projection else None
        sums = product(self.bias.to(dtype), inputs, self.weight("weight_input", dtype))  # (N, 4D)
        weights = self.weight("weight_hidden", dtype), projection
        clips = self.cell_clip, self.projection_clip
        if _learns_nothing_here(sums):
            from elmo_core.nn.recurrence import run_recurrence  # numba takes long to import

            found = run_recurrence(sums, *weights, *state, sizes, FORGET_BIAS, clips)
        else:
            found = _Recurrence.apply(sums, *weights, *state, sizes, *clips, torch.is_grad_enabled())  # type: ignore[no-untyped-call]
        outputs, output, cell = found
        return outputs, LSTMState(output, cell)


def _learns_nothing_here(sums: Tensor) -> bool:
    """Whether the kernels of `nn.recurrence` serve: on the CPU, in float32 or bfloat16, without gradients."""
    return not torch.is_grad_enabled() and sums.device.type == "cpu" and sums.dtype != torch.float64
