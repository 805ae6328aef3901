"""Static vectors from a biLM: of words embedded alone, and of words averaged over a text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from elmo_core.contrast.text_space import TextSpace
from elmo_core.encoders.protocol import Encoder
from elmo_core.progress import Report
from elmo_core.static.vectors import StaticVectors


def vectors_of_words_alone(
    encoder: Encoder, words: Sequence[str], weights: Sequence[float], name: str, report: Report | None = None
) -> StaticVectors:
    """Embed each word alone in its sentence; in layer 0 this gives the token vectors.

    Args:
        encoder: the model.
        words: V different words.
        weights: weight of each layer.
        name: name of the result.
        report: progress callback.
    """
    matrix = np.empty((len(words), encoder.dim), dtype=np.float32)
    embedded = chain.from_iterable(encoder.stream([[word] for word in words], report=report))
    for row, found in enumerate(embedded):
        matrix[row] = TextSpace.mixed(found.layers[:, 0], weights)
    return StaticVectors(name, words, matrix, {"model": encoder.name, "weights": list(weights)})


def type_averages(text: TextSpace, weights: Sequence[float], name: str) -> StaticVectors:
    """Average the uses of each case-folded word of a text, after subtracting the mean of all tokens."""
    vectors = text.view(weights)
    words = tuple(text.rows_by_word)
    matrix = np.stack([vectors[text.rows_by_word[word]].mean(axis=0) for word in words])
    return StaticVectors(name, words, matrix, {"weights": list(weights), "tokens": len(text.tokens)})
