"""The TF-IDF of a classifier as files: its n-grams as lines of text, its numbers as tensors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from elmo_core.exceptions import ModelError
from elmo_core.learning.texts.tfidf import WordModel, WordSettings

PREFIX = "words."
"""Of the names of its tensors."""


def words_to_files(words: WordModel) -> tuple[bytes, dict[str, Tensor]]:
    """N-grams, one a line, and tensors by name (float32)."""
    lines = "".join(f"{ngram}\n" for ngram in words.vocabulary)
    arrays = {"idf": words.idf, "weights": words.weights, "bias": words.bias}
    tensors = {f"{PREFIX}{name}": torch.from_numpy(array).contiguous() for name, array in arrays.items()}
    return lines.encode(), tensors


def words_from_files(lines: bytes, tensors: Mapping[str, Tensor], n_classes: int) -> WordModel:
    """What `words_to_files` wrote.

    Args:
        lines: the n-grams.
        tensors: those of a classifier, of which some are its own.
        n_classes: K.

    Raises:
        ModelError: they do not belong together.
    """
    try:
        vocabulary = tuple(lines.decode().removesuffix("\n").split("\n"))
    except UnicodeDecodeError:
        raise ModelError("The n-grams of this classifier are not UTF-8; use an undamaged copy.") from None
    idf, weights, bias = (_array(tensors, name) for name in ("idf", "weights", "bias"))
    n = len(vocabulary)
    if idf.shape != (n,) or weights.shape != (n_classes, n) or bias.shape != (n_classes,):
        raise ModelError(
            f"The TF-IDF of this classifier does not fit together ({n} n-grams, weights "
            f"{weights.shape}, {n_classes} classes); use an undamaged copy."
        )
    if len(set(vocabulary)) < n:
        raise ModelError("An n-gram of this classifier stands there twice; use an undamaged copy.")
    longest = max(ngram.count(" ") for ngram in vocabulary) + 1
    return WordModel(WordSettings("word", longest), vocabulary, idf, weights, bias)


def _array(tensors: Mapping[str, Tensor], name: str) -> np.ndarray:
    tensor = tensors.get(f"{PREFIX}{name}")
    if tensor is None:
        raise ModelError(f"The TF-IDF of this classifier lacks its {name}; use an undamaged copy.")
    return np.asarray(tensor.double().numpy())
