"""The LSTM of ELMo: projected, clipped, its state explicit.

    [i, j, f, o] = x W_input + h W_hidden + b                 (TensorFlow's order of gates)
    c' = clip(sigmoid(f + 1) c + sigmoid(i) tanh(j))
    h' = clip((sigmoid(o) tanh(c')) W_projection)

Follows Sak et al. 2014 (arXiv:1402.1128) as TensorFlow's `LSTMCell` does it for bilm-tf. Neither
`torch.nn.LSTM` (no clipping) nor a loop of small operations under autograd (slow) can serve, so the
recurrence (`nn.recurrence`) is one autograd function whose backward pass is written out: two products a
step, and the weights' gradients as one product over all steps.

Sequences are packed as in `torch.nn.utils.rnn.PackedSequence`: rows sorted by falling length, all
first steps, then all second steps ... `sizes[t]` rows are alive at step t, finished rows cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from elmo_core.nn.products import PackableModule, product
from elmo_core.nn.recurrence import LearningRecurrence, run_recurrence


class LSTMState(NamedTuple):
    """What one layer of one direction carries from step to step."""

    output: Tensor
    """(B, P), in the dtype of the products."""
    cell: Tensor
    """(B, D), float32 (float64 in float64 models)."""


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
        learns = torch.is_grad_enabled() and any(
            part is not None and part.requires_grad for part in (sums, *weights, *state)
        )
        run = LearningRecurrence.apply if learns else run_recurrence
        outputs, *after = run(sums, *weights, *state, sizes, self.cell_clip, self.projection_clip)
        return outputs, LSTMState(*after)
