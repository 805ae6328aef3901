"""What the layers of a model know, in one finding: word classes beside senses, layer by layer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.geometry.separation import separation
from elmo_core.layers.labelled import Labelled
from elmo_core.layers.probing import probe_layers


@dataclass(frozen=True)
class LayerPattern:
    """How well each of L layers tells word classes and senses, as shares."""

    classes: tuple[float, ...]
    """Accuracy of a linear probe on word classes."""
    classes_guess: float
    """Accuracy of the class that a word mostly has."""
    senses: tuple[float, ...]
    """Uses nearest to their own sense, the mean over words."""
    senses_guess: float
    """The most frequent sense, the mean over words."""


def measure_pattern(tokens: Labelled, words: Sequence[Labelled]) -> LayerPattern:
    """Probe every layer for word classes, and score it on the senses of words.

    Args:
        tokens: labelled with their word class.
        words: the uses of each word, labelled with their sense.

    Raises:
        InputError: there is no word, or too few tokens for a probe.
    """
    if not words:
        raise InputError("There is no word with labelled senses.")
    curves = probe_layers(tokens)
    n_layers = len(tokens.layers)
    scores = [
        [separation(layer - layer.mean(axis=0), word.labels, n_shuffles=2) for layer in word.layers]
        for word in words
    ]
    return LayerPattern(
        tuple(curves.accuracy(curves.probe(layer, "both")).value for layer in range(n_layers)),
        max(curves.by_type, curves.majority),
        tuple(np.mean([[one.accuracy for one in row] for row in scores], axis=0).tolist()),
        float(np.mean([row[0].chance for row in scores])),
    )


def say_pattern(found: LayerPattern) -> str:
    """Say how much each layer tells of word classes and of senses, beside guessing and beside the paper."""
    low, high = int(np.argmax(found.classes)), int(np.argmax(found.senses))
    paper = (
        "Syntax low, meaning high: the pattern of the paper."
        if 0 < low < high
        else f"In the paper syntax is best low and meaning high; here layer {low} is best for "
        + ("both." if low == high else f"word classes, layer {high} for senses.")
    )
    layers = _listing(str(layer) for layer in range(len(found.classes)))
    return (
        f"Layers {layers} tell {_shares(found.classes)} of word classes (guessing: "
        f"{found.classes_guess:.0%}) and {_shares(found.senses)} of senses "
        f"(guessing: {found.senses_guess:.0%}). {paper}"
    )


def _shares(shares: Sequence[float]) -> str:
    return f"{_listing(f'{100 * share:.0f}' for share in shares)}%"


def _listing(parts: Iterable[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}"
