"""ELMo's weighted sum of layers: gamma * sum_j softmax(w)_j h_j (Peters et al. 2018, equation 1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elmo_core.nn.random_numbers import Dropout


class ScalarMix(nn.Module):
    """Layers -> one vector per token, the weights learned with the task.

    With `layer_norm` each layer is first normalised over all tokens and dimensions of the call (no
    learned scale, epsilon 1e-12, as bilm-tf): the result then depends on what is mixed together.
    """

    def __init__(
        self, n_layers: int, *, layer_norm: bool = False, dropout: float = 0.0, l2: float = 0.0
    ) -> None:
        """Make a uniform mix.

        Args:
            n_layers: layers L to mix.
            layer_norm: whether to normalise each layer first.
            dropout: of the mixed vector, while training.
            l2: lambda of the term that pulls the raw weights to zero, i.e. to a uniform mix.
        """
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(n_layers))
        self.gamma = nn.Parameter(torch.ones(()))
        self.layer_norm, self.l2 = layer_norm, l2
        self.dropout = Dropout(dropout)

    def normalised_weights(self) -> Tensor:
        """The s_j: softmax of the raw weights, (L,)."""
        return torch.softmax(self.weights, dim=0)

    def penalty(self) -> Tensor:
        """The L2 term lambda * sum_j w_j^2, to be added to the task's loss: a scalar."""
        return self.l2 * self.weights.square().sum()

    def forward(self, layers: Tensor, mask: Tensor | None = None) -> Tensor:
        """Mix layers.

        Args:
            layers: (L, ..., D).
            mask: bool (...), False for padding; only layer norm looks at it.

        Returns:
            (..., D).
        """
        if self.layer_norm:
            layers = torch.stack([_normalise(layer, mask) for layer in layers])
        mixed = self.gamma * torch.tensordot(self.normalised_weights(), layers, dims=1)
        return self.dropout(mixed)  # type: ignore[no-any-return]


def _normalise(layer: Tensor, mask: Tensor | None) -> Tensor:
    """One layer (..., D) to mean 0 and variance 1 over all its unmasked numbers."""
    kept = layer if mask is None else layer[mask]
    variance, mean = torch.var_mean(kept, correction=0)
    return (layer - mean) / torch.sqrt(variance + 1e-12)
