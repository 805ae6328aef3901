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
from elmo_core.nn.products import PackedWeight, Weight, product


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
    start = 0
    rows = _row_weights(weight_hidden, weight_projection)
    for size in sizes:
        if size == 1 and rows is not None:
            break
        sums = product(inputs[start : start + size], output[:size], weight_hidden)  # (n, 4D)
        _step(sums, cell[:size], hidden[:size], forget_bias, clips[0])
        new = hidden[:size].to(inputs.dtype)
        if weight_projection is not None:
            new = product(None, new, weight_projection).clamp_(-clips[1], clips[1])
        outputs[start : start + size] = output[:size] = new
        start += size
    if rows is not None and start < len(inputs):
        bounds = np.array(clips, dtype=np.float32)
        states = output[0].numpy(), cell[:1].numpy()
        run_row(inputs[start:].numpy(), *rows, *states, np.float32(forget_bias), bounds, outputs[start:].numpy())
        output[0] = outputs[-1]
    return outputs, output, cell


def _step(sums: Tensor, cell: Tensor, hidden: Tensor, forget_bias: float, clip: float) -> None:
    gates = sums.float().numpy()
    cell_step(gates, cell.numpy(), np.float32(forget_bias), np.float32(clip), hidden.numpy())


def _row_weights(hidden: Weight, projection: Weight | None) -> tuple[np.ndarray, np.ndarray] | None:
    """Weights for a single row, or None where it would round otherwise than one of many."""
    of_hidden = hidden.for_a_row if isinstance(hidden, PackedWeight) else None
    of_projection = projection.for_a_row if isinstance(projection, PackedWeight) else None
    if projection is None:
        of_projection = np.empty((0, 0), dtype=np.float32)
    return None if of_hidden is None or of_projection is None else (of_hidden, of_projection)
