"""Static vectors by word: a user's own, or the rows of the softmax that the biLM predicts words with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from elmo_core.embedder import Elmo
from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import ConfigError, ModelError
from elmo_core.static.registry import load_static
from elmo_core.static.vectors import StaticVectors


class WordVectors(Protocol):
    """Static vectors by word, such as those of `load_static`, or gensim's KeyedVectors."""

    def __contains__(self, word: object, /) -> bool: ...

    def __getitem__(self, word: Any, /) -> Any: ...


class OutputVectors:
    """The softmax row of every word a model can predict: its static vectors, trained on the same text."""

    def __init__(self, elmo: Encoder) -> None:
        """Take the rows of a model.

        Raises:
            ModelError: the model has no softmax, as the official files and transformers.
        """
        if not isinstance(elmo, Elmo):
            raise ModelError(f"{elmo.name} is a transformer, so it has no static vectors of its own.")
        softmax = elmo.model.require_softmax()
        if elmo.vocabulary is None:
            raise ModelError(f"{elmo.name} has a softmax but no vocabulary; put its vocab.txt beside it.")
        self._vocabulary = elmo.vocabulary
        self.words = elmo.vocabulary.words
        self._rows = softmax.weight.detach().to("cpu").float().numpy()  # (V, D)
        self.dim: int = self._rows.shape[1]

    def __contains__(self, word: object, /) -> bool:
        return isinstance(word, str) and word in self._vocabulary

    def __getitem__(self, word: str, /) -> np.ndarray:
        return np.asarray(self._rows[self._vocabulary.id_of(word)])


def has_output_vectors(elmo: Encoder) -> bool:
    """Whether a model has static vectors of its own: those of `OutputVectors`."""
    return isinstance(elmo, Elmo) and elmo.model.softmax is not None


def is_vectors(static: object) -> bool:
    """Whether a setting is one that `resolve_static` takes."""
    return static is None or isinstance(static, Path) or hasattr(static, "__contains__")


def width_of(vectors: WordVectors) -> int:
    """Width of static vectors: their `dim`, or `vector_size` as gensim calls it.

    Raises:
        ConfigError: they do not say.
    """
    width = getattr(vectors, "dim", None) or getattr(vectors, "vector_size", None)
    if not isinstance(width, int):
        raise ConfigError("Static vectors must say how wide they are; give them a number as dim.")
    return width


def look_up(vectors: WordVectors, words: Iterable[str], width: int) -> tuple[np.ndarray, np.ndarray]:
    """Vectors float32 (n, width) of words, as they are or case-folded; and bool (n,), which have one.

    Unknown words get zeros.
    """
    listed = list(words)
    found = np.zeros((len(listed), width), dtype=np.float32)
    is_known = np.zeros(len(listed), dtype=bool)
    for row, word in enumerate(listed):
        key = word if word in vectors else word.casefold()
        if key in vectors:
            found[row], is_known[row] = vectors[key], True
    return found, is_known


@lru_cache(maxsize=2)
def _loaded(name: str) -> StaticVectors:
    return load_static(name)


def resolve_static(static: WordVectors | str | Path | None) -> WordVectors | None:
    """Static vectors by name or path, the last two kept in memory; or the vectors themselves.

    Raises:
        ModelNotFoundError: there are none of this name on this machine.
        ModelError: their files are unusable.
    """
    return _loaded(str(static)) if isinstance(static, str | Path) else static


def listed(vectors: WordVectors) -> tuple[tuple[str, ...], np.ndarray]:
    """List all words with their vectors: V words, float32 (V, width). A word with a blank in it is left out.

    Raises:
        ConfigError: the vectors do not say which words they have, or have none.
    """
    names = getattr(vectors, "words", None) or getattr(vectors, "index_to_key", None)
    if names is None and isinstance(vectors, Mapping):
        names = list(vectors)
    words = tuple(word for word in names or () if word in vectors and not any(map(str.isspace, word)))
    if not words:
        raise ConfigError(
            "Static vectors must list their words; give vectors of load_static, or a dictionary."
        )
    return words, np.stack([np.asarray(vectors[word], dtype=np.float32) for word in words])
