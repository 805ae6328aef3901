"""The result for one sentence: its tokens and their vectors in every layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError


@dataclass(frozen=True, eq=False, repr=False)
class Embedding:
    """The vectors of one text; T tokens, L layers of width D."""

    tokens: list[str]
    """The T tokens, as given or as found in an untokenised text."""
    layers: np.ndarray
    """float32 (L, T, D): the token vector twice, then each biLSTM layer, its forward half first."""

    def __repr__(self) -> str:
        return f"Embedding({len(self.tokens)} tokens, layers {self.layers.shape})"

    def mix(self, weights: Sequence[float] | None = None, gamma: float = 1.0) -> np.ndarray:
        """ELMo's weighted sum of the layers.

        Args:
            weights: one number s_j for each layer, as they are after any softmax; they are divided
                by their sum. None = all equal, which is the plain average.
            gamma: factor of the whole.

        Returns:
            float32 (T, D).

        Raises:
            InputError: there are not L finite weights, their sum is 0, or gamma is not finite.
        """
        shares = _shares(weights, len(self.layers))
        try:
            is_finite = bool(np.isfinite(gamma))
        except (TypeError, ValueError):
            is_finite = False
        if not is_finite:
            raise InputError(f"gamma must be a finite number, got {gamma!r}.")
        return np.tensordot((gamma * shares).astype(np.float32), self.layers, axes=1)


def _shares(weights: Sequence[float] | None, n_layers: int) -> np.ndarray:
    """Weights that add up to 1: float64 (L,)."""
    if weights is None:
        return np.full(n_layers, 1 / n_layers)
    try:
        values = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"The weights of a mix must be {n_layers} numbers, got {weights!r}.") from None
    if values.shape != (n_layers,) or not np.isfinite(values).all():
        raise InputError(f"The weights of a mix must be {n_layers} finite numbers, got {weights!r}.")
    total = values.sum()
    if abs(total) <= 1e-12 * np.abs(values).sum():
        raise InputError(
            f"The weights of a mix are divided by their sum, which is 0 for {weights!r}; change one of them."
        )
    return np.asarray(values / total)
