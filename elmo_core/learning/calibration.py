"""Do probabilities keep what they promise? Expected calibration error, its curve, and one temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.measuring.intervals import wilson

_N_BINS = 10


@dataclass(frozen=True)
class Bin:
    """Predictions of like confidence."""

    confidence: float
    """Mean probability of the predicted class."""
    accuracy: float
    low: float
    """Lower end of the 95% interval of the accuracy (Wilson)."""
    high: float
    n: int


@dataclass(frozen=True)
class Calibration:
    """How far confidence and accuracy are apart."""

    bins: tuple[Bin, ...]
    expected_error: float
    """Mean distance of both, weighted by the number of predictions (ECE)."""
    n: int


def calibration(probabilities: np.ndarray, codes: np.ndarray) -> Calibration:
    """Compare confidence with accuracy in ten bins of as many predictions each.

    Args:
        probabilities: (n, K).
        codes: int (n,), the true classes.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == codes
    parts = [part for part in np.array_split(np.argsort(confidence, kind="stable"), _N_BINS) if len(part)]
    bins = tuple(_bin(confidence[part], right[part]) for part in parts)
    error = sum(one.n * abs(one.accuracy - one.confidence) for one in bins) / max(len(codes), 1)
    return Calibration(bins, float(error), len(codes))


def _bin(confidence: np.ndarray, right: np.ndarray) -> Bin:
    accuracy = wilson(float(right.mean()), len(right))
    return Bin(float(confidence.mean()), accuracy.value, accuracy.low, accuracy.high, len(right))


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities (n, K) of logits divided by a temperature."""
    shifted = (logits - logits.max(axis=1, keepdims=True)) / temperature
    raised = np.exp(shifted)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Logarithms of the probabilities (n, K) of logits, finite however far these are apart."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def fit_temperature(logits: np.ndarray, codes: np.ndarray) -> float:
    """The temperature with the least cross entropy, between 0.05 and 20 (Guo et al. 2017).

    The targets are smoothed (see `smoothed_targets`), so few texts, all of them right, do not make it small.

    Args:
        logits: (n, K), of texts that the classifier has not learned from.
        codes: int (n,), the true classes.
    """
    from scipy.optimize import minimize_scalar

    if not len(codes):
        return 1.0
    targets = smoothed_targets(codes, logits.shape[1])

    def cost(log_temperature: float) -> float:
        return _cross_entropy(logits / np.exp(log_temperature), targets)

    found = minimize_scalar(cost, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(found.x))


def scaled_loss(logits: np.ndarray, codes: np.ndarray) -> float:
    """Mean cross entropy at the best temperature: how good logits are, whatever their scale.

    Args:
        logits: (n, K), of texts that the classifier has not learned from.
        codes: int (n,), the true classes.
    """
    if not len(codes):
        return 0.0
    return _cross_entropy(logits / fit_temperature(logits, codes), np.eye(logits.shape[1])[codes])


def smoothed_targets(codes: np.ndarray, n_classes: int) -> np.ndarray:
    """The probabilities to aim at for n texts, float64 (n, K), instead of 0 and 1 (Platt 1999).

    On the m texts of a class, this class is aimed at with (m + 1) / (m + 2), and the K - 1 others share the
    rest: what new texts like them would show if all m were right (the rule of succession). However clearly
    the texts are separated, the best scale of their logits stays finite.

    Args:
        codes: int (n,), the true classes.
        n_classes: K, at least 2.
    """
    rest = 1 / (np.bincount(codes, minlength=n_classes)[codes][:, None] + 2)
    return np.asarray(np.where(np.eye(n_classes, dtype=bool)[codes], 1 - rest, rest / (n_classes - 1)))


def fit_product(
    experts: Sequence[np.ndarray], codes: np.ndarray, *, weights: np.ndarray | None = None, prior: float = 0.0
) -> np.ndarray:
    """How to multiply the probabilities of E classifiers (a product of experts, Hinton 1999).

    Args:
        experts: logits (n, K) of each, for texts that none of them has learned from.
        codes: int (n,), the true classes.
        weights: float (n,), how much each text counts; None = all the same.
        prior: strength of a Gaussian prior that draws the factors, each on logits at their best temperature,
            to 1/E; it counts as much as so many texts.

    Returns:
        Factors (E,), not below 0 and the first not below 0.01, with the least cross entropy of the sum of
        the logits times their factors; the targets are smoothed (see `smoothed_targets`).
    """
    from scipy.optimize import minimize

    n, equal = len(codes), np.full(len(experts), 1 / len(experts))
    if not n:
        return equal * len(experts)
    scale = np.array([1 / fit_temperature(one, codes) if prior else 1.0 for one in experts])
    scaled = [factor * one for factor, one in zip(scale, experts, strict=True)]
    targets = smoothed_targets(codes, experts[0].shape[1])

    def cost(factors: np.ndarray) -> float:
        total = factors[0] * scaled[0]
        for factor, one in zip(factors[1:], scaled[1:], strict=True):
            total = total + factor * one
        pull = prior / n * float(np.square(factors - equal).sum())
        return _cross_entropy(total, targets, weights) + pull

    bounds = [(0.01, 20), *[(0, 20)] * (len(experts) - 1)]
    return np.asarray(scale * minimize(cost, equal, bounds=bounds, method="L-BFGS-B").x)


def _cross_entropy(logits: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Mean cross entropy of logits (n, K) and the probabilities (n, K) that are aimed at."""
    top = logits.max(axis=1)
    total = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
    losses = total - (targets * logits).sum(axis=1)
    return float(losses.mean() if weights is None else np.average(losses, weights=weights))
