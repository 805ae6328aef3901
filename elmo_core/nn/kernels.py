"""The pointwise step and the single row of an LSTM without gradients, each in one pass over its numbers.

torch takes a dozen passes over the gates of a step, and its products of a single row round otherwise than
those of many. These kernels (numba, compiled at the first call and kept on disk) read every number once, and
their products add in the order that `nn.summation` has found in the library of products.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_compiled = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
_inlined = njit(inline="always", fastmath={"contract"})

_ONE, _TWO, _HALF = np.float32(1), np.float32(2), np.float32(0.5)
_LOG2_E = np.float32(math.log2(math.e))
_LN2_HIGH = np.float32(0.693359375)  # few bits, so that its multiples are exact
_LN2_LOW = np.float32(math.log(2) - 0.693359375)
_ROUNDING = np.float32(1.5 * 2**23)  # adding it and taking it away rounds to a whole number
_LARGEST = np.float32(40.0)  # where the functions have long reached their bounds in float32
_TAYLOR = tuple(np.float32(1 / math.factorial(power)) for power in range(8))
_C2, _C3, _C4, _C5, _C6, _C7 = _TAYLOR[2:]


@_inlined
def _expm1(x):  # type: ignore[no-untyped-def]
    """exp(x) - 1 for |x| <= _LARGEST, exact to some units in the last place, near 0 as well."""
    whole = (x * _LOG2_E + _ROUNDING) - _ROUNDING
    rest = (x - whole * _LN2_HIGH) - whole * _LN2_LOW  # |rest| <= ln(2) / 2
    series = rest + rest * rest * (
        _C2 + rest * (_C3 + rest * (_C4 + rest * (_C5 + rest * (_C6 + rest * _C7))))
    )
    power = np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)  # 2^whole
    return power * series + (power - _ONE)


@_inlined
def _tanh(x):  # type: ignore[no-untyped-def]
    grown = _expm1(_TWO * min(max(x, -_LARGEST * _HALF), _LARGEST * _HALF))
    return grown / (grown + _TWO)


@_inlined
def _sigmoid(x):  # type: ignore[no-untyped-def]
    return _HALF * _tanh(_HALF * x) + _HALF


@_compiled
def cell_step(gates, cell, forget_bias, clip, hidden):  # type: ignore[no-untyped-def]
    """One step of the cells: `nn.lstm.cell_forward` in place.

    Args:
        gates: float32 (n, 4D) sums of products, order i, j, f, o.
        cell: float32 (n, D) state, overwritten by the one after the step.
        forget_bias: float32, added to f.
        clip: float32, bound of the state.
        hidden: float32 (n, D), receives the output before the projection.
    """
    n_rows, dim = cell.shape
    for row in range(n_rows):
        i, j = gates[row, :dim], gates[row, dim : 2 * dim]
        f, o = gates[row, 2 * dim : 3 * dim], gates[row, 3 * dim :]
        state, output = cell[row], hidden[row]
        for column in range(dim):
            kept = _sigmoid(f[column] + forget_bias) * state[column]
            new = kept + _sigmoid(i[column]) * _tanh(j[column])
            new = min(max(new, -clip), clip)
            state[column] = new
            output[column] = _sigmoid(o[column]) * _tanh(new)


@_compiled
def row_product(row, weight, ends, out):  # type: ignore[no-untyped-def]
    """One row times a weight, its sums in blocks as `nn.summation` describes them.

    Args:
        row: float32 (K,).
        weight: float32 (K, M).
        ends: int64 (n,), multiples of 4, the last one K: where each block of terms ends.
        out: float32 (M,), overwritten.
    """
    start = 0
    for end in ends:
        sums = out if start == 0 else np.empty_like(out)
        sums[:] = 0
        for k in range(start, end, 4):
            a, b, c, d = row[k], row[k + 1], row[k + 2], row[k + 3]
            of_a, of_b, of_c, of_d = weight[k], weight[k + 1], weight[k + 2], weight[k + 3]
            for column in range(out.shape[0]):
                total = sums[column] + a * of_a[column]
                total = total + b * of_b[column]
                total = total + c * of_c[column]
                sums[column] = total + d * of_d[column]
        if start > 0:
            out += sums
        start = end


@_compiled
def run_row(inputs, by_hidden, by_projection, output, cell, forget_bias, clips, outputs):  # type: ignore[no-untyped-def]
    """All steps of a single sequence.

    Args:
        inputs: float32 (T, 4D), x W_input + b.
        by_hidden: W_hidden, float32 (P, 4D), and the ends of its blocks (see `row_product`).
        by_projection: W_projection, float32 (D, P), and its ends; of no rows where the cells are the
            output (then P = D).
        output: float32 (P,) before the first step.
        cell: float32 (1, D) state, overwritten by the last one.
        forget_bias: float32, added to the forget gate.
        clips: float32 (2,), bounds of cells and outputs.
        outputs: float32 (T, P), filled in.
    """
    gates = np.empty((1, inputs.shape[1]), dtype=np.float32)
    hidden = np.empty_like(cell)
    for step in range(inputs.shape[0]):
        row_product(output, by_hidden[0], by_hidden[1], gates[0])
        gates[0] += inputs[step]
        cell_step(gates, cell, forget_bias, clips[0], hidden)
        output = outputs[step]
        if by_projection[0].shape[0] == 0:
            output[:] = hidden[0]
        else:
            row_product(hidden[0], by_projection[0], by_projection[1], output)
            for column in range(output.shape[0]):
                output[column] = min(max(output[column], -clips[1]), clips[1])
