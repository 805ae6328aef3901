"""A scalar mix under a linear classifier, fitted end to end: what ELMo's "learned weights" are.

The layers are mixed as they are, not normalised each, so that the weights mean what they mean in
`Embedding.mix`. One number scales all layers alike, and their means are taken off, which the bias of the
classifier would do as well. The classifier's weights and gamma carry the same penalty: with gamma free of
it, a large gamma would undo that of the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from elmo_core.learning.fitting import fit_mixture
from elmo_core.measuring.splitting import stratified_split
from elmo_core.nn.scalar_mix import ScalarMix

PENALTIES = (0.3, 0.03, 0.003)
"""Tried from strong to weak on instances held out from the training part."""
_VALIDATION_SHARE = 0.25


@dataclass(frozen=True, eq=False)
class FittedHead:
    """The parameters of a fitted head."""

    weights: tuple[float, ...]
    """s_j of each layer."""
    gamma: float
    penalty: float
    centre: np.ndarray
    """float32 (L, 1, D): taken off the layers."""
    scale: float
    """Scale that all layers are divided by."""
    matrix: np.ndarray
    """float32 (D, K)."""
    bias: np.ndarray
    """float32 (K,)."""

    def predict(self, layers: np.ndarray) -> np.ndarray:
        """Classes int64 (n,) of vectors (L, n, D)."""
        mixed = np.tensordot(np.array(self.weights, np.float32), (layers - self.centre) / self.scale, axes=1)
        return np.asarray((self.gamma * mixed @ self.matrix + self.bias).argmax(axis=1))


class _Head(nn.Module):
    """Mix, then a linear map that starts at zero."""

    def __init__(self, n_layers: int, dim: int, n_classes: int, l2: float) -> None:
        super().__init__()
        self.mix = ScalarMix(n_layers, l2=l2)
        self.output = nn.Linear(dim, n_classes)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def set_weights(self, weights: Sequence[float]) -> None:
        """Hold the mix at these s_j."""
        raw = torch.tensor([math.log(weight) if weight > 0 else -math.inf for weight in weights])
        self.mix.weights = nn.Parameter(raw, requires_grad=False)


def fit_head(
    layers: np.ndarray,
    codes: np.ndarray,
    *,
    weights: Sequence[float] | None = None,
    l2: float = 0.001,
    penalty: float | None = None,
    seed: int = 0,
    tick: Callable[[], object] | None = None,
) -> FittedHead:
    """Learn to name the class of vectors by L-BFGS.

    Args:
        layers: float32 (L, n, D).
        codes: int (n,), the classes.
        weights: s_j that stay as they are; None = they are learned, starting from the uniform mix.
        l2: lambda of the term lambda * sum_j w_j^2 that pulls learned weights to the uniform mix.
        penalty: factor of (|W|^2 + gamma^2) / 2; None = chosen among `PENALTIES` on held-out instances.
        seed: seed of the held-out instances.
        tick: called every few iterations; an error that it raises stops the fit.

    Raises:
        TrainingError: the loss is not finite.
    """
    if penalty is None:
        split = stratified_split(codes, _VALIDATION_SHARE, seed)
        right = []
        for one in PENALTIES if len(split.test) else PENALTIES[1:2]:
            tried = fit_head(
                layers[:, split.train], codes[split.train], weights=weights, l2=l2, penalty=one, tick=tick
            )
            right.append(int((tried.predict(layers[:, split.test]) == codes[split.test]).sum()))
        penalty = PENALTIES[int(np.argmax(right))] if len(split.test) else PENALTIES[1]
    centre = layers.mean(axis=1, keepdims=True)
    centred = layers - centre
    scale = float(np.sqrt(np.square(centred.mean(axis=0)).mean())) or 1.0
    head = _Head(len(layers), layers.shape[2], int(codes.max()) + 1, l2)
    if weights is not None:
        head.set_weights(weights)
    wanted = torch.from_numpy(codes)
    fit_mixture(
        head.mix,
        head.output,
        torch.from_numpy(centred / np.float32(scale)),
        lambda logits: F.cross_entropy(logits, wanted),
        penalty,
        penalised=(head.mix.gamma,),
        item="cases",
        tick=tick,
    )
    return FittedHead(
        weights=tuple(head.mix.normalised_weights().tolist()),
        gamma=float(head.mix.gamma.detach()),
        penalty=penalty,
        centre=centre,
        scale=scale,
        matrix=head.output.weight.detach().numpy().T.copy(),
        bias=head.output.bias.detach().numpy().copy(),
    )
