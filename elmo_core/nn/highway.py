"""Highway layers (Srivastava et al. 2015, arXiv:1505.00387) as bilm-tf has them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elmo_core.nn.products import PackableModule, product

CARRY_BIAS = -2.0
"""Initial bias of the carry gate: a fresh layer hands most of its input on unchanged."""


class Highway(PackableModule):
    """One layer: g = sigmoid(x W_carry + b_carry); y = g relu(x W_transform + b_transform) + (1 - g) x.

    bilm-tf calls the gate of the *transformed* part "carry"; its names are kept.
    """

    def __init__(self, dim: int) -> None:
        """Make a layer of width `dim`."""
        super().__init__()
        self.weight_carry = nn.Parameter(torch.empty(dim, dim))
        self.bias_carry = nn.Parameter(torch.full((dim,), CARRY_BIAS))
        self.weight_transform = nn.Parameter(torch.empty(dim, dim))
        self.bias_transform = nn.Parameter(torch.zeros(dim))
        for weight in (self.weight_carry, self.weight_transform):
            nn.init.normal_(weight, std=dim**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Map (U, F) to (U, F), products in the dtype of `x`."""
        dtype = x.dtype
        gate = product(self.bias_carry.to(dtype), x, self.weight("weight_carry", dtype)).sigmoid_()
        new = product(self.bias_transform.to(dtype), x, self.weight("weight_transform", dtype)).relu_()
        return torch.lerp(x, new, gate)
