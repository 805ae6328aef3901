"""The recurrence of one layer where nothing is learned: in place, no step allocates more than its gates.

Same function as `nn.lstm` computes under autograd, to the rounding. While several rows are alive, a step is
two products of the library and one kernel; from where a single row is left, one kernel runs it to its end.
A row has the same bits whatever stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from elmo_core.nn.kernels import cell_step, run_row
from elmo_core.nn.products import Weight, product
from elmo_core.nn.summation import block_ends

_InBlocks = tuple[np.ndarray, np.ndarray]
"""A weight (K, M) and where the blocks of its sums end, for `kernels.run_row`."""


def run_recurrence(
    inputs: Tensor,
    weight_hidden: Weight,
    weight_projection: Weight | None,
    output: Tensor,
    cell: Tensor,
    sizes: Sequence[int],
    forget_bias: float,
    clips: tuple[float, float],
) -> tuple[Tensor, Tensor, Tensor]:
    """Run packed sequences on the CPU.

    Args:
        inputs: (N, 4D) x W_input + b, packed; float32 or bfloat16, the format of the products.
        weight_hidden: (P, 4D).
        weight_projection: (D, P), or None where the cells are the output (then P = D).
        output: (B, P) before the first step.
        cell: (B, D) before the first step, float32.
        sizes: rows alive at each step, never rising; they add up to N.
        forget_bias: added to the forget gate.
        clips: bounds of cells and projected outputs.

    Returns:
        Outputs (N, P), and output (B, P) and cell (B, D) of each row after its last step.
    """
    output, cell = output.clone(), cell.clone()
    outputs = inputs.new_empty(inputs.shape[0], output.shape[1])
    hidden = torch.empty_like(cell)
    alone = _in_blocks(weight_hidden), _in_blocks(weight_projection)
    start = 0
    for size in sizes:
        if size == 1 and alone[0] is not None and alone[1] is not None:
            break
        sums = product(inputs[start : start + size], output[:size], weight_hidden)  # (n, 4D)
        _step(sums, cell[:size], hidden[:size], forget_bias, clips[0])
        new = hidden[:size].to(inputs.dtype)
        if weight_projection is not None:
            new = product(None, new, weight_projection).clamp_(-clips[1], clips[1])
        outputs[start : start + size] = output[:size] = new
        start += size
    if start < len(inputs):
        rest = outputs[start:]
        states = (
            output[0].numpy(),
            cell[:1].numpy(),
            np.float32(forget_bias),
            np.array(clips, dtype=np.float32),
        )
        run_row(inputs[start:].numpy(), *alone, *states, rest.numpy())
        output[0] = rest[-1]
    return outputs, output, cell


def _step(sums: Tensor, cell: Tensor, hidden: Tensor, forget_bias: float, clip: float) -> None:
    gates = sums.float().numpy()
    cell_step(gates, cell.numpy(), np.float32(forget_bias), np.float32(clip), hidden.numpy())


def _in_blocks(weight: Weight | None) -> _InBlocks | None:
    """A weight for a single row, or None where that row would round otherwise than one of many."""
    if weight is None:
        return np.empty((0, 0), dtype=np.float32), np.empty(0, dtype=np.int64)
    if not isinstance(weight, Tensor) or weight.dtype != torch.float32:
        return None
    ends = block_ends(*weight.shape)
    return None if ends is None else (weight.detach().numpy(), np.array(ends))
