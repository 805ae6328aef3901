"""Texts -> classes, in scikit-learn's manner: a head on a mix of the layers, and experts beside it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import ClassifierMixin

from elmo_core.encoders.protocol import Encoder
from elmo_core.learning.calibration import fit_temperature, log_softmax, softmax
from elmo_core.learning.epochs import Epoch, fit_attention
from elmo_core.learning.estimator import HeadEstimator
from elmo_core.learning.failures import require_fitted
from elmo_core.learning.fitting import Fitted, LabelledTexts, fit_linear
from elmo_core.learning.heads import AttentionHead, LinearHead
from elmo_core.learning.inputs import (
    ClassWeight,
    Item,
    Seed,
    check_texts,
    check_weights,
    class_weights,
    encode_labels,
    is_between,
    is_class_weight,
    is_count,
    is_positive_or_none,
    seed_of,
    whole,
)
from elmo_core.learning.text_layers import TextLayers, embed_texts, resolve_model, tokens_of
from elmo_core.learning.texts.experts import PRIOR, TUNED, USUAL, WORDS, Experts, fit_experts
from elmo_core.learning.texts.fine_tuned import require_bilm
from elmo_core.learning.texts.fine_tuning import Tuning
from elmo_core.learning.texts.tfidf import WordModel
from elmo_core.learning.word_vectors import WordVectors, is_vectors, resolve_static
from elmo_core.nn.random_numbers import RandomNumbers
from elmo_core.progress import Report, part_of
from elmo_core.static.registry import SHIPPED

TextMix = int | Literal["learned", "uniform"]
Texts = Sequence[Item] | TextLayers
TextHeadName = Literal["product", "linear", "attention"]
HEADS: tuple[TextHeadName, ...] = ("product", "linear", "attention")
_HEAD_SHARE, _TUNED_SHARE = 0.6, 0.05  # of the time for a head with experts beside it, for progress


class ElmoClassifier(ClassifierMixin, HeadEstimator):
    """A classifier of texts on a frozen biLM.

    By default it is a product of experts: a linear head on mean and maximum of the mixed layers, and logistic
    regressions on words and pairs of words, on the characters within words, and on the mean of static
    vectors. What each counts is chosen on held-out texts (see `elmo_core.learning.texts.experts`). With
    `fine_tune`, a copy of the biLM that learns the task joins them (`elmo_core.learning.texts.fine_tuned`).

    Attributes:
        classes_: the K classes in order.
        layer_weights_: the weight s_j of each layer.
        gamma_: factor of the mix.
        seed_: that `random_state` gave.
        penalty_: of the linear head, given or chosen on held-out texts.
        history_: losses by epoch, of the attention head.
        temperature_: what logits are divided by, fitted on held-out texts.
        experts_: the models beside the head, by name, and what each counts.
        n_cut_: training texts that were longer than `max_characters`.
        head_: the fitted module.
        head_fit_: what the fit of the head yielded beside it; not in a saved classifier.
    """

    MIXES: ClassVar[tuple[str, ...]] = ("learned", "uniform")

    head_: LinearHead | AttentionHead
    experts_: Experts

    def __init__(
        self,
        model: Encoder | str | Path = "english-small",
        *,
        mix: TextMix = "learned",
        head: TextHeadName = "product",
        words: bool = False,
        static: WordVectors | str | Path | None = SHIPPED,
        fine_tune: bool = False,
        class_weight: ClassWeight = "balanced",
        penalty: float | None = None,
        dropout: float = 0.3,
        max_epochs: int = 30,
        patience: int = 4,
        validation_share: float = 0.15,
        calibrated: bool = True,
        max_characters: int | None = None,
        time_limit_s: float | None = None,
        random_state: Seed = 0,
    ) -> None:
        """Store the settings.

        Args:
            model: a model, its name or its path.
            mix: "learned" with the head, "uniform", or the number of one layer (-1 = the last).
            head: "linear" on the mean of the tokens, "attention" over them, or "product": linear on mean and
                maximum, multiplied by the experts on words, characters and static vectors.
            words: whether to multiply the probabilities of the other two heads by those of TF-IDF with
                logistic regression; "product" always does.
            static: static vectors for "product": by word, a name that `load_static` takes, or a path; None =
                without. Left out by itself where it lacks more than half of the words.
            fine_tune: whether a copy of the biLM learns the task and stands beside the head; takes minutes.
            class_weight: "balanced" = a rare class counts as much as a frequent one, so that probabilities
                are those for classes of equal size; None = each text counts the same; or the weights of
                classes by name, 1 for those that are not named.
            penalty: of the linear head's weights; None = choose it on held-out texts.
            dropout: of the attention head.
            max_epochs: maximum number of epochs of the attention head.
            patience: its epochs without a gain after which it stops.
            validation_share: of the texts, set apart for that.
            calibrated: whether probabilities are scaled by a temperature.
            max_characters: of a text, None = all, in windows; the rest of a longer one is not read.
            time_limit_s: for learning, after the texts are embedded; then the best so far is taken.
            random_state: seed of the splits, of the first weights, and of the order of texts; a generator
                gives the next seed at each `fit`, None a fresh one.
        """
        self.model = model
        self.mix = mix
        self.head = head
        self.words = words
        self.static = static
        self.fine_tune = fine_tune
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

    def fit(
        self,
        X: Texts,
        y: Sequence[Any],
        sample_weight: Sequence[float] | None = None,
        *,
        unlabelled: Sequence[Item] = (),
        report: Report | None = None,
    ) -> Self:
        """Learn.

        Args:
            X: n texts in any form of `elmo_core.learning.inputs`, or layers that `embed_texts` has computed.
            y: their n classes.
            sample_weight: how much each text counts; one with the weight 0 is left out. Only ratios count.
            unlabelled: further texts of the task without classes; read where the biLM is fine-tuned.
            report: called with the progress; an error it raises stops the work.

        Raises:
            ConfigError: a setting is impossible.
            InputError: X, y or the weights are unusable.
            ModelError: the model cannot be loaded.
        """
        self.check()
        texts: list[Item] | TextLayers = X if isinstance(X, TextLayers) else check_texts(X)
        classes, codes = encode_labels(y, len(texts))
        weights = check_weights(sample_weight, len(texts))
        if not weights.all():
            rows = np.flatnonzero(weights)
            texts = texts.take(rows) if isinstance(texts, TextLayers) else [texts[row] for row in rows]
            classes, codes = encode_labels(classes[codes[rows]], len(rows))
            weights = weights[rows]
        elmo = resolve_model(self.model)
        self.layers_of(elmo)
        _ = require_bilm(elmo) if self.fine_tune else None
        layers = texts if isinstance(texts, TextLayers) else self._embed(elmo, texts, report)
        weights = weights * class_weights(self.class_weight, classes, codes)[codes]
        end = math.inf if self.time_limit_s is None else time.monotonic() + self.time_limit_s
        kinds = USUAL if self.head == "product" else (WORDS,) * self.words
        kinds += (TUNED,) * self.fine_tune
        share = _TUNED_SHARE if self.fine_tune else _HEAD_SHARE if kinds else 1.0
        self.seed_ = seed_of(self.random_state)
        task = LabelledTexts(layers, codes, weights, self.seed_, end, part_of(report, 0.0, share))
        numbers = RandomNumbers(self.seed_)
        head = numbers.make(lambda: self.new_head(elmo, len(classes)))
        with numbers.drawn():
            fitted, self.history_ = self._fit_head(head, task)
        self.temperature_ = 1.0
        if self.calibrated:
            self.temperature_ = fit_temperature(fitted.held_out_logits, fitted.held_out(codes))
        self.penalty_, self.n_cut_ = fitted.penalty, layers.n_cut
        self.classes_, self.experts_ = classes, Experts()
        self.set_fitted_state(head)
        self.head_fit_ = fitted
        if kinds:
            tuning = Tuning(elmo, self.seed_, tokens_of(unlabelled, self.max_characters), end)
            self._add_experts(kinds, layers, codes, tuning, part_of(report, share, 1.0))
        return self

    @property
    def words_(self) -> WordModel | None:
        """The TF-IDF of words beside the head, if there is one."""
        model = self.experts_.models.get(WORDS)
        return model if isinstance(model, WordModel) else None

    @property
    def words_weight_(self) -> float:
        """What the logits of `words_` are multiplied by; 0 without them."""
        return self.experts_.weights.get(WORDS, 0.0)

    def add_experts(
        self, kind: str, layers: TextLayers, codes: np.ndarray, *, report: Report | None = None
    ) -> None:
        """Put an expert beside a fitted head and those that it has, and weigh all of them anew.

        Args:
            kind: among `elmo_core.learning.texts.experts.ALL`.
            layers: of the texts the head was fitted to.
            codes: int (n,), the numbers of their classes.
            report: called with the progress; an error it raises stops the work.
        """
        self.words, self.fine_tune = self.words or kind == WORDS, self.fine_tune or kind == TUNED
        self._add_experts((kind,), layers, codes, Tuning(self.elmo_, self.seed_), report)

    def _add_experts(
        self,
        kinds: Sequence[str],
        layers: TextLayers,
        codes: np.ndarray,
        tuning: Tuning,
        report: Report | None,
    ) -> None:
        """Fit experts beside those that are there, and weigh all of them against the head."""
        self.experts_, temperature = fit_experts(
            kinds,
            layers.words,
            codes,
            self.head_fit_,
            tuning,
            static=resolve_static(self.static) if self.head == "product" else None,
            prior=PRIOR if self.head == "product" else 0.0,
            known=self.experts_,
            report=report,
        )
        self.temperature_ = temperature if self.calibrated else 1.0

    def predict(self, X: Texts) -> np.ndarray:
        """The most probable class of each text; errors as `logits`."""
        logits = self.logits(X)
        return np.asarray(self.classes_[logits.argmax(axis=1)])

    def predict_proba(self, X: Texts) -> np.ndarray:
        """Probabilities float64 (n, K), the classes in the order of `classes_`; errors as `logits`."""
        logits = self.logits(X)
        return softmax(logits, self.temperature_)

    def predict_log_proba(self, X: Texts) -> np.ndarray:
        """Logarithms of the probabilities, float64 (n, K), never -inf; errors as `logits`."""
        logits = self.logits(X)
        return log_softmax(logits / self.temperature_)

    def decision_function(self, X: Texts) -> np.ndarray:
        """Log-odds (n,) of the second of two classes; of more classes log-probabilities but for a constant.

        They are float64 (n, K), and their softmax is `predict_proba`; errors as `logits`.
        """
        scores = self.logits(X) / self.temperature_
        return np.asarray(scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores)

    def logits(self, X: Texts) -> np.ndarray:
        """Logits float64 (n, K), before the temperature.

        Raises:
            NotFittedError: it is not fitted.
            InputError: X is no list of texts.
        """
        require_fitted(self, "head_")
        layers = X if isinstance(X, TextLayers) else self._embed(self.elmo_, check_texts(X), None)
        logits = self.head_.logits(layers)
        return self.experts_.added_to(logits, self.experts_.logits(layers.words))

    def _embed(self, elmo: Encoder, texts: list[Item], report: Report | None) -> TextLayers:
        keep, limit = self.head == "attention", whole(self.max_characters)
        return embed_texts(elmo, texts, keep_tokens=keep, max_characters=limit, report=report)

    def _fit_head(self, head: Any, task: LabelledTexts) -> tuple[Fitted, tuple[Epoch, ...]]:
        if isinstance(head, LinearHead):
            return fit_linear(head, task, self.penalty), ()
        return fit_attention(
            head,
            task,
            max_epochs=whole(self.max_epochs) or 1,
            patience=whole(self.patience) or 1,
            validation_share=self.validation_share,
        )

    def _rules(self) -> Iterator[tuple[bool, str, str]]:
        at_least_one, limit = "must be a whole number from 1 up", self.max_characters
        yield from (
            (self.head in HEADS, "head", f"must be one of {', '.join(HEADS)}"),
            (is_class_weight(self.class_weight), "class_weight", 'must be None, "balanced" or a dictionary'),
            (is_vectors(self.static), "static", "must be None, a name, a path or vectors by word"),
            (is_positive_or_none(self.penalty), "penalty", "must be None or a positive number"),
            (self.dropout == 0 or is_between(0, self.dropout, 1), "dropout", "must be from 0 to below 1"),
            (is_count(self.max_epochs), "max_epochs", at_least_one),
            (is_count(self.patience), "patience", at_least_one),
            (is_between(0, self.validation_share, 1), "validation_share", "must be between 0 and 1"),
            (limit is None or is_count(limit), "max_characters", f"{at_least_one}, or None"),
            (is_positive_or_none(self.time_limit_s), "time_limit_s", "must be None or a positive number"),
        )

    def new_head(self, elmo: Encoder, n_classes: int) -> LinearHead | AttentionHead:
        """Create an untrained head."""
        shape: Any = (elmo.n_layers, elmo.dim, n_classes, self.layers_of(elmo))
        learns_mix = bool(self.mix == "learned")
        if self.head == "attention":
            return AttentionHead(*shape, learns_mix=learns_mix, dropout=self.dropout)
        return LinearHead(*shape, learns_mix=learns_mix, has_maxima=self.head == "product")
