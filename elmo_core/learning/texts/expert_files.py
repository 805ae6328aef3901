"""The experts of a classifier as files: n-grams or words as lines of text, numbers as tensors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import ModelError
from elmo_core.learning.texts.experts import ALL, CHARACTERS, STATIC, TUNED, USUAL
from elmo_core.learning.texts.fine_tuned import FineTuned, require_bilm
from elmo_core.learning.texts.static_mean import SHARES
from elmo_core.learning.texts.tfidf import CHARACTERS as CHARACTER_SETTINGS
from elmo_core.learning.texts.tfidf import WordModel, WordSettings

FILES = {kind: f"{kind}.txt" for kind in USUAL}
"""The file with its n-grams of each kind of expert that counts."""


def tuned_to_tensors(model: FineTuned) -> dict[str, Tensor]:
    """The weights that fine-tuning has changed, by name."""
    return {f"{TUNED}.{name}": tensor.contiguous() for name, tensor in model.own_tensors().items()}


def tuned_from_tensors(elmo: Encoder, tensors: Mapping[str, Tensor], n_classes: int) -> FineTuned:
    """What `tuned_to_tensors` gave.

    Args:
        elmo: the biLM of the classifier, from which the token encoder is taken.
        tensors: those of a classifier, of which some are the expert's.
        n_classes: K.

    Raises:
        ModelError: they do not belong together.
    """
    model, start = FineTuned(require_bilm(elmo), n_classes), f"{TUNED}."
    model.fill({name.removeprefix(start): one for name, one in tensors.items() if name.startswith(start)})
    return model


def expert_to_files(kind: str, model: WordModel) -> tuple[bytes, dict[str, Tensor]]:
    """N-grams, one a line, and tensors by name."""
    lines = "".join(f"{ngram}\n" for ngram in model.vocabulary)
    arrays = {"idf": model.idf, "weights": model.weights, "bias": model.bias}
    tensors = {f"{kind}.{name}": torch.from_numpy(array).contiguous() for name, array in arrays.items()}
    return lines.encode("utf-8", "surrogatepass"), tensors


def is_of_expert(tensor: str) -> bool:
    """Whether a tensor of this name is of an expert, not of the head."""
    return tensor.split(".")[0] in ALL


def expert_from_files(kind: str, lines: bytes, tensors: Mapping[str, Tensor], n_classes: int) -> WordModel:
    """What `expert_to_files` wrote.

    Args:
        kind: of the expert.
        lines: the n-grams.
        tensors: those of a classifier, of which some are the expert's.
        n_classes: K.

    Raises:
        ModelError: they do not belong together.
    """
    what = f"expert on {kind} of this classifier"
    try:
        vocabulary = tuple(lines.decode("utf-8", "surrogatepass").removesuffix("\n").split("\n"))
    except UnicodeDecodeError:
        raise ModelError(f"The n-grams of the {what} are not UTF-8; use an undamaged copy.") from None
    idf, weights, bias = (_array(tensors, kind, name) for name in ("idf", "weights", "bias"))
    n = len(vocabulary)
    if idf.shape != (n,) or weights.shape != (n_classes, n) or bias.shape != (n_classes,):
        raise ModelError(
            f"The {what} does not fit together ({n} n-grams, weights {weights.shape}, {n_classes} classes); "
            "use an undamaged copy."
        )
    if len(set(vocabulary)) < n:
        raise ModelError(f"An n-gram of the {what} is there twice; use an undamaged copy.")
    longest = max(ngram.count(" ") for ngram in vocabulary) + 1
    settings = {CHARACTERS: CHARACTER_SETTINGS, STATIC: SHARES}.get(kind, WordSettings("word", longest))
    return WordModel(settings, vocabulary, idf, weights, bias)


def _array(tensors: Mapping[str, Tensor], kind: str, name: str) -> np.ndarray:
    tensor = tensors.get(f"{kind}.{name}")
    if tensor is None:
        raise ModelError(f"The expert on {kind} of this classifier lacks its {name}; use an undamaged copy.")
    return np.asarray(tensor.double().numpy())
