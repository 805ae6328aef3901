"""Running average of the weights: most of what a decaying rate would bring, without ending the run."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_STEPS = 10


class RunningAverage:
    """Exponential average of all parameters, updated every 10 steps."""

    def __init__(self, decay: float) -> None:
        """Start empty.

        Args:
            decay: share kept at each update; 0 = no average is kept.
        """
        self._decay = decay
        self.weights: dict[str, Tensor] = {}
        """Average by parameter; empty where none is kept."""

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take in the weights after a step (counted from 0); early on over the few steps there are."""
        if not self._decay or step % _STEPS:
            return
        updates = step // _STEPS
        decay = min(self._decay, (1 + updates) / (10 + updates))
        for name, parameter in model.named_parameters():
            if name in self.weights:
                self.weights[name].lerp_(parameter, 1 - decay)
            else:
                self.weights[name] = parameter.detach().clone()
