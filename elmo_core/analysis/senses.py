"""One word's uses in all layers: names of the layers, their mix, and everything a page shows of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elmo_core.analysis.projection import Frame
from elmo_core.analysis.separation import Separation
from elmo_core.analysis.uses import Uses


@dataclass(frozen=True)
class Study:
    """What is known of the uses of one word."""

    uses: Uses
    views: tuple[str, ...]
    """Names of the views: each layer, then their uniform mix."""
    frame: Frame
    separations: tuple[Separation, ...]
    """One for each view; empty when there are no gold senses to score."""
    unscored: str
    """Why there are no scores; empty when there are."""


def view_names(n_layers: int) -> tuple[str, ...]:
    """Names of L layers and their uniform mix."""
    return ("Token vector", *(f"LSTM layer {number}" for number in range(1, n_layers)), "Uniform mix")


def with_uniform_mix(layers: np.ndarray) -> np.ndarray:
    """Add the mean of all layers to (L, n, D), the scalar mix of equal weights: (L + 1, n, D)."""
    return np.concatenate([layers, layers.mean(axis=0, keepdims=True)])
