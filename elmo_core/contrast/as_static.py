"""A biLM's own vectors used as static ones: of words alone, and averaged over a text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elmo_core.contrast.text_space import TextSpace
from elmo_core.embedder import Elmo, Progress
from elmo_core.static.vectors import StaticVectors

_WORDS_PER_CALL = 512


def vectors_of_words_alone(
    elmo: Elmo, words: Sequence[str], weights: Sequence[float], name: str, progress: Progress | None = None
) -> StaticVectors:
    """Vectors of words that stand alone in their sentence; by layer 0, the token vectors.

    Args:
        elmo: the model.
        words: V different words.
        weights: of the layers.
        name: of the result.
        progress: told the words done.
    """
    matrix = np.empty((len(words), elmo.dim), dtype=np.float32)
    for start in range(0, len(words), _WORDS_PER_CALL):
        block = elmo.embed([[word] for word in words[start : start + _WORDS_PER_CALL]])
        for row, found in enumerate(block, start):
            matrix[row] = TextSpace.mixed(found.layers[:, 0], weights)
        if progress:
            progress(start + len(block), len(words))
    return StaticVectors(name, words, matrix, {"model": elmo.name, "weights": list(weights)})


def type_averages(text: TextSpace, weights: Sequence[float], name: str) -> StaticVectors:
    """The average of all uses of each case-folded word of a text, from the mean of all tokens."""
    vectors = text.view(weights)
    words = tuple(text.rows_by_word)
    matrix = np.stack([vectors[text.rows_by_word[word]].mean(axis=0) for word in words])
    return StaticVectors(name, words, matrix, {"weights": list(weights), "tokens": len(text.tokens)})
