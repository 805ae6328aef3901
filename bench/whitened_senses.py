"""Senses by whitened layers: learned from held-out text, their mixture chosen on the training parts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from bench import benchmark_data
from bench.centroids import cross_validated, nearest_centroid, unit
from bench.reporting import progress
from bench.targets import WordUses
from bench.whitening import Whitening, learn_whitening
from elmo_core import Elmo

_WHITENING_SENTENCES = 5000


def learned_whitenings(elmo: Elmo) -> list[Whitening]:
    """Learn the whitening of layers 1 and 2 from held-out text, in lower case as the benchmark is."""
    sentences = benchmark_data.plain_sentences(_WHITENING_SENTENCES)
    found = elmo.embed([[token.lower() for token in sentence] for sentence in sentences])
    tokens = [token for item in found for token in item.tokens]
    return [
        learn_whitening(tokens, np.concatenate([item.layers[layer] for item in found])) for layer in (1, 2)
    ]


def whitened_score(words: Sequence[WordUses], whitenings: Sequence[Whitening]) -> float:
    """Return the macro accuracy of a mix of whitened layers.

    Shrinkage and weights are the same for every word: those with the best cross-validated macro average
    on the training parts.
    """

    def mixed(layers: np.ndarray, option: tuple[float, float]) -> np.ndarray:
        shrinkage, weight = option
        first, second = (
            unit(whitening.apply(layers[layer], shrinkage))
            for layer, whitening in enumerate(whitenings, start=1)
        )
        return np.asarray(weight * first + (1 - weight) * second)

    options = list(itertools.product((0.3, 0.5, 0.7, 0.9), (0.0, 0.25, 0.5, 0.75, 1.0)))
    train = [
        np.mean([cross_validated(mixed(uses["train"].layers, option), gold["train"]) for uses, gold in words])
        for option in options
    ]
    chosen = options[int(np.argmax(train))]
    progress(f"whitened: shrinkage {chosen[0]}, weight of layer 1 {chosen[1]}")
    right = [
        nearest_centroid(
            mixed(uses["train"].layers, chosen), gold["train"], mixed(uses["test"].layers, chosen)
        )
        == gold["test"]
        for uses, gold in words
    ]
    return 100 * float(np.mean([part.mean() for part in right]))
