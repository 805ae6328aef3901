"""A scikit-learn transformer: texts in, one vector a text out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

import numpy as np
from sklearn.base import TransformerMixin

from elmo_core.embedding.reading import read_texts
from elmo_core.embedding.result import Embedding
from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import ConfigError
from elmo_core.learning.estimator import ElmoEstimator
from elmo_core.learning.failures import require_fitted
from elmo_core.learning.inputs import Item, check_texts, whole
from elmo_core.learning.text_layers import embed_items, resolve_model, unread

Pooling = Literal["mean", "max", "weighted"]
_SMOOTH = 1e-3  # a of Arora et al. 2017


class ElmoVectorizer(TransformerMixin, ElmoEstimator):
    """Texts -> float32 (n, D), for any estimator of scikit-learn.

    Attributes:
        n_features_out_: width D of a vector.
        centre_: (D,) vector that is subtracted; zeros unless `centred`.
        frequencies_: share of each word among the words of the fitted texts (pooling "weighted" only).
    """

    def __init__(
        self,
        model: Encoder | str | Path = "english-small",
        *,
        layer: int | Sequence[float] | Literal["uniform"] = "uniform",
        pooling: Pooling = "mean",
        centred: bool = False,
        max_characters: int | None = None,
    ) -> None:
        """Store the settings.

        Args:
            model: a model, its name or its path.
            layer: number of a layer (-1 = the last), one weight s_j for each, or "uniform".
            pooling: over the tokens: mean, maximum, or the mean weighted by a / (a + frequency of the
                word in the fitted texts), which plays down frequent words (Arora et al. 2017).
            centred: whether to subtract the mean vector of the fitted texts.
            max_characters: characters of a text that are read; None = all.
        """
        self.model = model
        self.layer = layer
        self.pooling = pooling
        self.centred = centred
        self.max_characters = max_characters

    def fit(self, X: Sequence[Item], y: object = None) -> Self:
        """Learn frequencies and centre, as far as the settings ask for them.

        Args:
            X: texts, or results of `Elmo.embed`.
            y: ignored.

        Raises:
            ConfigError: a setting is impossible.
            InputError: X is no list of texts.
            ModelError: the model cannot be loaded.
        """
        self._fit(check_texts(X), needs_vectors=self.centred)
        return self

    def fit_transform(self, X: Sequence[Item], y: object = None, **_: object) -> np.ndarray:
        """Fit and transform, the texts embedded once; errors as `fit`."""
        vectors = self._fit(check_texts(X), needs_vectors=True)
        assert vectors is not None
        return vectors - self.centre_

    def transform(self, X: Sequence[Item]) -> np.ndarray:
        """Vectors float32 (n, D) of texts.

        Raises:
            NotFittedError: it is not fitted.
            InputError: X is no list of texts.
        """
        require_fitted(self, "n_features_out_")
        return self._vectors(check_texts(X)) - self.centre_

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Names of the D columns."""
        require_fitted(self, "n_features_out_")
        return np.array([f"elmo{index}" for index in range(self.n_features_out_)], dtype=object)

    def _fit(self, texts: list[Item], *, needs_vectors: bool) -> np.ndarray | None:
        self._check()
        elmo = resolve_model(self.model)
        self._weights(elmo)
        if self.pooling == "weighted":
            counts = Counter(
                token.casefold() for item in read_texts(unread(texts, self._limit)) for token in item.tokens
            )
            counts.update(t.casefold() for item in texts if isinstance(item, Embedding) for t in item.tokens)
            self.frequencies_ = {word: count / counts.total() for word, count in counts.items()}
        vectors = self._vectors(texts) if needs_vectors else None
        self.centre_ = np.zeros(elmo.dim, dtype=np.float32)
        if self.centred and vectors is not None and len(vectors):
            self.centre_ = vectors.mean(axis=0)
        self.n_features_out_ = elmo.dim
        return vectors

    def _check(self) -> None:
        if self.pooling not in ("mean", "max", "weighted"):
            raise ConfigError(f'pooling must be "mean", "max" or "weighted", got {self.pooling!r}.')
        if self.max_characters is not None and (whole(self.max_characters) or 0) < 1:
            raise ConfigError(
                f"max_characters must be None or a whole number from 1 up, got {self.max_characters!r}."
            )

    def _weights(self, elmo: Encoder) -> np.ndarray | None:
        """Weights (L,) of the mix; None = all the same."""
        layer, n = self.layer, elmo.n_layers
        if isinstance(layer, str):
            if layer != "uniform":
                raise ConfigError(f'layer must be a number, weights or "uniform", got {layer!r}.')
            return None
        number = whole(layer)
        if number is not None:
            if not -n <= number < n:
                raise ConfigError(f"{elmo.name} has the layers 0 to {n - 1}, got {layer}.")
            return np.asarray(np.eye(n)[number])
        try:
            weights = np.asarray(layer, dtype=np.float64)
        except (TypeError, ValueError):
            weights = np.empty(0)
        if weights.shape != (n,) or not np.isfinite(weights).all() or math.isclose(weights.sum(), 0):
            raise ConfigError(f"layer must hold {n} weights whose sum is not 0, got {layer!r}.")
        return weights

    def _vectors(self, texts: list[Item]) -> np.ndarray:
        elmo = resolve_model(self.model)
        weights = self._weights(elmo)
        mixture = None if weights is None else list(weights)
        vectors = np.zeros((len(texts), elmo.dim), dtype=np.float32)
        for row, embedding in enumerate(embed_items(elmo, texts, self._limit)):
            if embedding.tokens:
                vectors[row] = self._pooled(embedding, embedding.mix(mixture))
        return vectors

    @property
    def _limit(self) -> int | None:
        """Characters of a text that are read; None = all."""
        return whole(self.max_characters)

    def _pooled(self, embedding: Embedding, mixed: np.ndarray) -> np.ndarray:
        if self.pooling == "mean":
            return np.asarray(mixed.mean(axis=0))
        if self.pooling == "max":
            return np.asarray(mixed.max(axis=0))
        shares = np.array([self.frequencies_.get(token.casefold(), 0.0) for token in embedding.tokens])
        weights = _SMOOTH / (_SMOOTH + shares)
        return np.asarray(weights @ mixed / weights.sum())
