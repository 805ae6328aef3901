"""Texts -> classes, in scikit-learn's manner: a mix of the layers learned together with its head."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin

from elmo_core.embedder import Elmo
from elmo_core.exceptions import ConfigError, InputError
from elmo_core.tasks.calibration import fit_product, fit_temperature, softmax
from elmo_core.tasks.failures import require_fitted
from elmo_core.tasks.fitting import Fitted, Task, fit_attention, fit_linear
from elmo_core.tasks.heads import AttentionHead, LinearHead
from elmo_core.tasks.text_layers import (
    Item,
    Report,
    TextLayers,
    check_texts,
    embed_texts,
    is_segmented,
    part_of,
    resolve_model,
)
from elmo_core.tasks.words import WordModel, fit_words

Mix = int | Literal["learned", "uniform"]
HeadName = Literal["linear", "attention"]
_HEAD_SHARE = 0.7  # of the time for a head with TF-IDF beside it, for progress


class ElmoClassifier(ClassifierMixin, BaseEstimator):
    """A classifier of texts on a frozen biLM.

    Attributes:
        classes_: the K classes in order.
        layer_weights_: the weight s_j of each layer.
        gamma_: factor of the mix.
        penalty_: of the linear head, given or chosen on held-out texts.
        history_: losses by epoch, of the attention head.
        temperature_: what logits are divided by, fitted on held-out texts.
        words_: the TF-IDF beside the head, if there is one.
        words_weight_: what its logits are multiplied by before they are added; chosen on held-out texts.
        n_cut_: training texts that were longer than `max_characters`.
        head_: the fitted module.
    """

    def __init__(
        self,
        model: Elmo | str | Path = "english-small",
        *,
        mix: Mix = "learned",
        head: HeadName = "linear",
        words: bool = False,
        class_weight: Literal["balanced"] | None = None,
        penalty: float | None = None,
        dropout: float = 0.3,
        max_epochs: int = 30,
        patience: int = 4,
        validation_share: float = 0.15,
        calibrated: bool = True,
        max_characters: int = 2000,
        time_limit_s: float | None = None,
        random_state: int = 0,
    ) -> None:
        """Store the settings.

        Args:
            model: a model, its name or its path.
            mix: "learned" with the head, "uniform", or the number of one layer (-1 = the last).
            head: "linear" on the mean of the tokens, or "attention" over them.
            words: whether to multiply the probabilities by those of TF-IDF with logistic regression.
            class_weight: "balanced" = a rare class counts as much as a frequent one.
            penalty: of the linear head's weights; None = choose it on held-out texts.
            dropout: of the attention head.
            max_epochs: most passes of the attention head.
            patience: its passes without a gain after which it stops.
            validation_share: of the texts, set apart for that.
            calibrated: whether probabilities are scaled by a temperature.
            max_characters: of a text; the rest of a longer one is not read.
            time_limit_s: for learning, after the texts are embedded; then the best so far is taken.
            random_state: seed of the splits, of the first weights, and of the order of texts.
        """
        self.model = model
        self.mix = mix
        self.head = head
        self.words = words
        self.class_weight = class_weight
        self.penalty = penalty
        self.dropout = dropout
        self.max_epochs = max_epochs
        self.patience = patience
        self.validation_share = validation_share
        self.calibrated = calibrated
        self.max_characters = max_characters
        self.time_limit_s = time_limit_s
        self.random_state = random_state

    def fit(self, X: Sequence[Item] | TextLayers, y: Sequence[Any], *, report: Report | None = None) -> Self:
        """Learn.

        Args:
            X: n texts, results of `Elmo.embed`, or layers that `embed_texts` has computed.
            y: their n classes.
            report: told how far it is; an error it raises stops the work.

        Raises:
            ConfigError: a setting is impossible.
            InputError: X or y is unusable.
            ModelError: the model cannot be loaded.
        """
        self.check()
        texts = X if isinstance(X, TextLayers) else check_texts(X)
        classes, codes = _encode(y, len(texts))
        elmo = resolve_model(self.model)
        chosen = self.layers_of(elmo)
        layers = texts if isinstance(texts, TextLayers) else self._embed(elmo, texts, report)
        counts = np.bincount(codes)
        weights = len(codes) / (len(counts) * counts) if self.class_weight else np.ones(len(counts))
        end = math.inf if self.time_limit_s is None else time.monotonic() + self.time_limit_s
        first = part_of(report, 0.0, _HEAD_SHARE if self.words else 1.0)
        task = Task(layers, codes, weights, self.random_state, end, first)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.random_state)
            head = new_head(self.head, elmo, len(classes), chosen, self.mix == "learned", self.dropout)
            fitted = self._fit_head(head, task)
        self.temperature_ = 1.0
        if self.calibrated:
            self.temperature_ = fit_temperature(fitted.held_out_logits, fitted.held_out(codes))
        self.penalty_, self.history_ = fitted.penalty, fitted.history
        self.n_cut_ = layers.n_cut
        self.become_fitted(head, classes)
        self._fitted = fitted
        if self.words:
            self.add_words(layers, codes, report=part_of(report, _HEAD_SHARE, 1.0))
        return self

    def add_words(self, layers: TextLayers, codes: np.ndarray, *, report: Report | None = None) -> None:
        """Put TF-IDF beside a fitted head: p(class) becomes proportional to the product of both.

        Args:
            layers: of the texts it was fitted to.
            codes: int (n,), the numbers of their classes.
            report: told how far it is; an error it raises stops the work.
        """
        fitted, k = self._fitted, len(self.classes_)
        balanced = self.class_weight == "balanced"
        longest = 3 if is_segmented(layers.words) else 2
        found, held_out = fit_words(
            layers.words, codes, k, fitted.splits, balanced=balanced, longest=longest, report=report
        )
        gold = fitted.held_out(codes)
        temperature, weight = fit_product(fitted.held_out_logits, held_out, gold)
        self.words = True
        self.become_fitted(self.head_, self.classes_, found, weight)
        self.temperature_ = temperature if self.calibrated else 1.0

    def predict(self, X: Sequence[Item] | TextLayers) -> np.ndarray:
        """The most probable class of each text; errors as `logits`."""
        logits = self.logits(X)
        return np.asarray(self.classes_[logits.argmax(axis=1)])

    def predict_proba(self, X: Sequence[Item] | TextLayers) -> np.ndarray:
        """Probabilities float64 (n, K), the classes in the order of `classes_`; errors as `logits`."""
        logits = self.logits(X)
        return softmax(logits, self.temperature_)

    def logits(self, X: Sequence[Item] | TextLayers) -> np.ndarray:
        """Logits float64 (n, K), before the temperature.

        Raises:
            NotFittedError: it is not fitted.
            InputError: X is no list of texts.
        """
        require_fitted(self, "head_")
        layers = X if isinstance(X, TextLayers) else self._embed(self.elmo_, check_texts(X), None)
        logits = self.head_.logits(layers)
        if self.words_ is not None:
            logits = logits + self.words_weight_ * self.words_.logits(layers.words)
        return logits

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        return tags

    def __sklearn_clone__(self) -> Self:
        return type(self)(**self.get_params(deep=False))  # the model is shared, not copied

    @property
    def elmo_(self) -> Elmo:
        """The biLM."""
        return resolve_model(self.model)

    def become_fitted(
        self,
        head: LinearHead | AttentionHead,
        classes: np.ndarray,
        words: WordModel | None = None,
        words_weight: float = 0.0,
    ) -> None:
        """Take what is fitted; what `fit` and the reader of files end with."""
        self.classes_ = classes
        self.words_, self.words_weight_ = words, words_weight
        self.head_ = head.eval()
        self.layer_weights_ = head.layer_weights
        self.gamma_ = float(head.mix.gamma.detach())

    def _embed(self, elmo: Elmo, texts: list[Item], report: Report | None) -> TextLayers:
        keep = self.head == "attention"
        return embed_texts(elmo, texts, keep_tokens=keep, max_characters=self.max_characters, report=report)

    def _fit_head(self, head: LinearHead | AttentionHead, task: Task) -> Fitted:
        if isinstance(head, LinearHead):
            return fit_linear(head, task, self.penalty)
        if task.texts.tokens is None:
            raise InputError(
                "The attention head needs the vectors of all tokens; embed with keep_tokens=True."
            )
        return fit_attention(
            head,
            task,
            max_epochs=self.max_epochs,
            patience=self.patience,
            validation_share=self.validation_share,
        )

    def check(self) -> None:
        """Raise ConfigError if a setting is impossible."""
        is_positive = self.penalty is None or 0 < self.penalty < math.inf
        rules = (
            (self.head in ("linear", "attention"), 'head must be "linear" or "attention"', self.head),
            (
                self.class_weight in (None, "balanced"),
                'class_weight must be None or "balanced"',
                self.class_weight,
            ),
            (is_positive, "penalty must be None or a positive number", self.penalty),
            (0 <= self.dropout < 1, "dropout must be from 0 to below 1", self.dropout),
            (self.max_epochs >= 1, "max_epochs must be 1 or more", self.max_epochs),
            (self.patience >= 1, "patience must be 1 or more", self.patience),
            (
                0 < self.validation_share < 1,
                "validation_share must be between 0 and 1",
                self.validation_share,
            ),
            (self.max_characters >= 1, "max_characters must be 1 or more", self.max_characters),
        )
        for is_met, rule, value in rules:
            if not is_met:
                raise ConfigError(f"{rule}, got {value!r}.")

    def layers_of(self, elmo: Elmo) -> tuple[int, ...]:
        """Numbers of the layers that are mixed; ConfigError if there is no such layer."""
        n = elmo.n_layers
        if self.mix in ("learned", "uniform"):
            return tuple(range(n))
        if isinstance(self.mix, bool) or not isinstance(self.mix, int) or not -n <= self.mix < n:
            raise ConfigError(
                f'mix must be "learned", "uniform" or a layer from 0 to {n - 1}, got {self.mix!r}.'
            )
        return (self.mix % n,)


def new_head(
    name: str, elmo: Elmo, n_classes: int, chosen: Sequence[int], learns_mix: bool, dropout: float
) -> LinearHead | AttentionHead:
    """A head that has learned nothing."""
    if name == "linear":
        return LinearHead(elmo.n_layers, elmo.dim, n_classes, chosen, learns_mix=learns_mix)
    return AttentionHead(elmo.n_layers, elmo.dim, n_classes, chosen, learns_mix=learns_mix, dropout=dropout)


def _encode(y: Sequence[Any], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Classes in order, and the number of each text's class."""
    labels = np.asarray(y)
    if labels.ndim != 1 or len(labels) != n:
        raise InputError(
            f"There are {n} texts but labels of shape {labels.shape}; give one label for each text."
        )
    are_floats, are_objects = labels.dtype.kind == "f", labels.dtype.kind == "O"
    if are_floats and np.isfinite(labels).all() and (labels % 1).any():
        raise InputError("Labels are continuous numbers; a classifier needs classes, so round or group them.")
    is_missing = are_floats and not np.isfinite(labels).all()
    if is_missing or (are_objects and any(not isinstance(one, str | int) for one in labels)):
        raise InputError("Labels must be strings or whole numbers, none of them missing; drop such rows.")
    try:
        classes, codes = np.unique(labels, return_inverse=True)
    except TypeError:
        raise InputError("Labels must be all strings or all numbers, not a mixture.") from None
    if len(classes) < 2:
        raise InputError(f"All labels are {classes.tolist()}; a classifier needs at least two classes.")
    return classes, codes.astype(np.int64)
