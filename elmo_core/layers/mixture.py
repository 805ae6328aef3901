"""One mixture of layers, gamma * sum_j s_j h_j, and the grids of mixtures that are scored together."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError

STEPS = 10
"""Steps along an edge of the triangle: (STEPS + 1)(STEPS + 2) / 2 = 66 mixtures."""
LEAST_RAW = -9.0
"""Raw weight that stands for s_j = 0, which has no logarithm."""


@dataclass(frozen=True)
class Mixture:
    """Weights and scale of ELMo's sum of layers (Peters et al. 2018, equation 1)."""

    weights: tuple[float, ...]
    """s_j, one for each layer, none below 0, with sum 1."""
    gamma: float = 1.0

    @classmethod
    def of(cls, weights: Sequence[float] | np.ndarray, gamma: float = 1.0) -> Mixture:
        """A mixture of weights that are still to be divided by their sum.

        Raises:
            InputError: one is negative or not finite, all are 0, or gamma is not a positive number.
        """
        values = np.asarray(weights, dtype=np.float64)
        if not np.isfinite(values).all() or (values < 0).any() or values.sum() <= 0:
            found = ", ".join(f"{value:g}" for value in values)
            raise InputError(f"Weights of layers are numbers from 0 up, not all 0; got {found}.")
        if not math.isfinite(gamma) or gamma <= 0:
            raise InputError(f"gamma is a number above 0; got {gamma:g}.")
        return cls(tuple((values / values.sum()).tolist()), gamma)

    @classmethod
    def of_raw(cls, raw: Sequence[float], gamma: float = 1.0) -> Mixture:
        """A mixture of raw weights w_j, of which the s_j are the softmax."""
        values = np.asarray(raw, dtype=np.float64)
        return cls.of(np.exp(values - values.max()), gamma)

    @classmethod
    def uniform(cls, n_layers: int) -> Mixture:
        """All layers alike, which is what raw weights of 0 give."""
        return cls.of(np.ones(n_layers))

    @classmethod
    def single(cls, layer: int, n_layers: int) -> Mixture:
        """One layer alone."""
        return cls.of(np.eye(n_layers)[layer])

    @classmethod
    def parse(cls, text: str, n_layers: int) -> Mixture:
        """Read weights as people type them: "0.2 0.3 0.5", "1, 1, 2", "20/30/50", "0.2 0.3 0.5 x 2".

        Raises:
            InputError: there are not as many numbers as layers, or they make no mixture.
        """
        first, _, last = re.sub("[x*\u00d7]", "x", text.casefold()).partition("x")
        numbers = [part for part in re.split(r"[\s,;/|]+", first.strip()) if part]
        try:
            weights = [float(number) for number in numbers]
            gamma = float(last) if last.strip() else 1.0
        except ValueError:
            raise InputError(
                f"Type {n_layers} numbers, such as {_example(n_layers)}; got {text.strip()[:60]!r}."
            ) from None
        if len(weights) != n_layers:
            raise InputError(
                f"This model has {n_layers} layers, so a mixture is {n_layers} numbers, such as "
                f"{_example(n_layers)}; got {len(weights)}."
            )
        return cls.of(weights, gamma)

    @property
    def raw(self) -> tuple[float, ...]:
        """Raw weights of mean 0 with these s_j as their softmax; `LEAST_RAW` or less stands for 0."""
        logs = np.array([math.log(weight) if weight > 0 else -math.inf for weight in self.weights])
        logs -= logs[np.isfinite(logs)].mean()
        return tuple(np.maximum(logs, LEAST_RAW).tolist())

    @property
    def text(self) -> str:
        """The mixture as `parse` reads it."""
        weights = " ".join(f"{weight:.3f}".rstrip("0").rstrip(".") for weight in self.weights)
        return weights if self.gamma == 1 else f"{weights} x {self.gamma:g}"

    def with_weight(self, layer: int, weight: float) -> Mixture:
        """The mixture with one s_j changed, the others keeping their proportions (alike where all are 0)."""
        share = min(max(weight, 0.0), 1.0)
        others = np.array(self.weights)
        others[layer] = 0
        if others.sum() <= 0:
            others = np.where(np.arange(len(others)) == layer, 0.0, 1.0)
        mixed = (1 - share) * (others / others.sum())  # in this order, tiny weights do not vanish
        mixed[layer] = share
        return Mixture.of(mixed, self.gamma)


def mixture_grid(n_layers: int, steps: int = STEPS) -> np.ndarray:
    """Mixtures that are scored together.

    Args:
        n_layers: L.
        steps: along an edge of the triangle.

    Returns:
        float64 (G, L): of three layers an even net over the triangle, corners included; otherwise every
        layer, every pair in equal parts, and the uniform mix.
    """
    if n_layers == 3:
        parts = [(a, b, steps - a - b) for a in range(steps + 1) for b in range(steps + 1 - a)]
        return np.array(parts, dtype=np.float64) / steps
    single = np.eye(n_layers)
    pairs = [(single[a] + single[b]) / 2 for a, b in itertools.combinations(range(n_layers), 2)]
    uniform = [np.full(n_layers, 1 / n_layers)] if n_layers > 2 else []
    return np.stack([*single, *pairs, *uniform])


def _example(n_layers: int) -> str:
    return " ".join(["1"] * n_layers)
