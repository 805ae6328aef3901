"""The methods that classify texts: what each costs, how it is fitted, what it predicts."""

from __future__ import annotations

import copy
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from elmo_core.embedder import Elmo
from elmo_core.encoders.protocol import Encoder
from elmo_core.learning.calibration import softmax
from elmo_core.learning.classifier import ElmoClassifier, TextHeadName, TextMix
from elmo_core.learning.methods import Budget, Method, Outcome
from elmo_core.learning.texts import baselines
from elmo_core.learning.texts.additions import HEAD, nested_products
from elmo_core.learning.texts.experts import TUNED, WORDS
from elmo_core.learning.texts.fine_tuning import passes
from elmo_core.learning.texts.results import (
    ATTENTION,
    ATTENTION_WORDS,
    FINE_TUNED,
    LEARNED,
    LEARNED_WORDS,
    MAJORITY,
    PRODUCT,
    STATIC,
    TFIDF,
    UNIFORM,
)
from elmo_core.learning.time_budget import affordable_rows
from elmo_core.measuring.splitting import Split
from elmo_core.progress import part_of

if TYPE_CHECKING:
    from elmo_core.learning.texts.task import TextTask

_TFIDF_SECONDS = {"word": 5e-6, "char": 4e-5}
"""For one character: three trials and the fit."""
_CHARACTERS_SECONDS = 2e-5
"""For one character whose n-grams within words are counted: as above."""
_STATIC_SECONDS = 1.0  # for the mean of static vectors, on few texts and many alike
_LINEAR_SECONDS = 4e-7
"""For each number that a linear head reads."""
_LINEAR_LEAST = 0.5
"""For a linear head on very few texts, since its penalty is chosen on several folds."""
_ATTENTION_SECONDS = 3e-4
"""For each character that an attention head reads."""


@dataclass(frozen=True, kw_only=True)
class TextOutcome(Outcome):
    """What a method has predicted for the test texts of one split."""

    probabilities: np.ndarray
    """float64 (n, K)."""
    unscaled: np.ndarray | None = None
    """float64 (n, K), before the scaling by a temperature."""
    products: dict[str, np.ndarray] = field(default_factory=dict)
    """float64 (n, K) of growing products of experts, by name; see `nested_products`."""

    def named(self, classes: Sequence[str]) -> ElmoClassifier | None:
        """Copy the classifier, which has learned numbers of classes, so that it predicts their names."""
        if not isinstance(self.estimator, ElmoClassifier):
            return None
        classifier = copy.copy(self.estimator)
        classifier.classes_ = np.array(classes)[classifier.classes_]
        return classifier


class Majority(Method["TextTask", TextOutcome]):
    """Predicts the shares of the classes among the training texts."""

    needs_model: ClassVar[bool] = False

    def cost(self, task: TextTask) -> float:
        """Nothing."""
        return 0.0

    def run(self, task: TextTask, split: Split, budget: Budget) -> TextOutcome:
        """Count classes."""
        codes, k = task.codes[split.train], len(task.classes)
        found = baselines.majority(codes, len(split.test), k)
        return TextOutcome(n_train=len(split.train), probabilities=found)


class _WordMethod(Method["TextTask", TextOutcome]):
    """A method that reads words, not layers; it learns from as many texts as the time allows."""

    needs_model: ClassVar[bool] = False

    def cost(self, task: TextTask) -> float:
        """Proportional to the characters."""
        return _tfidf_cost(task)

    def run(self, task: TextTask, split: Split, budget: Budget) -> TextOutcome:
        """Fit to the texts that the time allows."""
        lengths = np.array([len(task.texts[row]) for row in split.train])
        most = budget.seconds / _TFIDF_SECONDS[task.analyser]
        train, note = affordable_rows(split.train, lengths, most, task.seed)
        found = self._predict(task, Split(train, split.test), budget)
        return TextOutcome(n_train=len(train), note=note, probabilities=found)

    @abstractmethod
    def _predict(self, task: TextTask, split: Split, budget: Budget) -> np.ndarray:
        """Probabilities (n, K) of the test texts."""


class TfIdf(_WordMethod):
    """TF-IDF with logistic regression: the method to beat."""

    def _predict(self, task: TextTask, split: Split, budget: Budget) -> np.ndarray:
        return baselines.tfidf(
            task.take(split.train), task.codes[split.train], task.take(split.test), len(task.classes),
            balanced=task.settings.balanced, seed=task.seed, report=budget.report,
        )  # fmt: skip


class StaticMean(_WordMethod):
    """The mean of static vectors with logistic regression."""

    def _predict(self, task: TextTask, split: Split, budget: Budget) -> np.ndarray:
        assert task.static is not None, "only a task with static vectors has this method"
        return baselines.static_mean(
            task.static, task.take(split.train), task.codes[split.train], task.take(split.test),
            len(task.classes), balanced=task.settings.balanced, seed=task.seed,
        )  # fmt: skip


class HeadMethod(Method["TextTask", TextOutcome]):
    """A head on the mean of the mixed layers."""

    adds: ClassVar[str]
    """The expert that stands beside the classifier of the base, where there is one."""

    def __init__(
        self, name: str, mix: TextMix, head: TextHeadName = "linear", *, with_tfidf: bool = False
    ) -> None:
        """Store what sets the classifier apart; the rest comes from the task's settings."""
        super().__init__(name)
        self._options: dict[str, Any] = {"mix": mix, "head": head, "words": with_tfidf}

    def classifier(self, task: TextTask, seconds: float = math.inf) -> ElmoClassifier:
        """Make the classifier, not fitted."""
        settings = task.settings
        return ElmoClassifier(
            task.elmo,
            static=None,
            class_weight="balanced" if settings.balanced else None,
            max_characters=settings.max_characters,
            time_limit_s=None if math.isinf(seconds) else max(seconds, 0.1),
            random_state=task.seed,
            **self._options,
        )

    def cost(self, task: TextTask) -> float:
        """Proportional to the numbers that the head reads."""
        return self.least_cost(task) + _LINEAR_LEAST

    def least_cost(self, task: TextTask) -> float:
        """One pass over those numbers."""
        n_layers = task.elmo.n_layers if self._options["mix"] == "learned" else 1
        n_texts = len(task.texts) if task.layers is None else len(task.layers)
        return _LINEAR_SECONDS * n_texts * task.elmo.dim * n_layers

    def run(self, task: TextTask, split: Split, budget: Budget) -> TextOutcome:
        """Fit the classifier."""
        classifier = self._fitted(task, split, budget)
        return self._tested(task, split, classifier, classifier.logits(task.taken_layers(split.test)))

    def _fitted(self, task: TextTask, split: Split, budget: Budget) -> ElmoClassifier:
        """Put an expert beside the classifier that the base has fitted, or fit all where there is none."""
        layers, codes = task.taken_layers(split.train), task.codes[split.train]
        earlier = budget.earlier.get(self.base or "")
        if earlier is None or not isinstance(earlier.estimator, ElmoClassifier):
            return self.classifier(task, budget.seconds).fit(layers, codes, report=budget.report)
        classifier = copy.copy(earlier.estimator)
        classifier.add_experts(self.adds, layers, _own_codes(classifier, codes), report=budget.report)
        return classifier

    def _tested(
        self, task: TextTask, split: Split, classifier: ElmoClassifier, logits: np.ndarray
    ) -> TextOutcome:
        scaled, unscaled = (
            _spread(softmax(logits, temperature), classifier.classes_, len(task.classes))
            for temperature in (classifier.temperature_, 1.0)
        )
        return TextOutcome(
            n_train=len(split.train), estimator=classifier, probabilities=scaled, unscaled=unscaled
        )


class ProductOfExperts(HeadMethod):
    """The default of `ElmoClassifier`: mean and maximum of the layers, words, characters, static vectors."""

    def __init__(self, name: str) -> None:
        """Store the name under which the method is chosen and shown."""
        super().__init__(name, "learned", "product")

    def classifier(self, task: TextTask, seconds: float = math.inf) -> ElmoClassifier:
        """Make the classifier, not fitted; rare classes always count as much as frequent ones."""
        own = {"static": task.static, "class_weight": "balanced"}
        return super().classifier(task, seconds).set_params(**own)  # type: ignore[no-any-return]

    def cost(self, task: TextTask) -> float:
        """That of the head on two vectors a text, and of what is counted."""
        counted = _tfidf_cost(task) + _CHARACTERS_SECONDS * float(task.lengths.sum())
        return 2 * self.least_cost(task) + _LINEAR_LEAST + counted + _STATIC_SECONDS

    def run(self, task: TextTask, split: Split, budget: Budget) -> TextOutcome:
        """Fit the classifier, and keep what each of its experts adds."""
        classifier = self._fitted(task, split, budget)
        layers, told = task.taken_layers(split.test), part_of(budget.report, 1.0, 1.0)
        logits = {HEAD: classifier.head_.logits(layers)} | classifier.experts_.logits(layers.words, told)
        found = nested_products(classifier, logits, _own_codes(classifier, task.codes[split.train]))
        own, k = classifier.classes_, len(task.classes)
        products = {name: _spread(values, own, k) for name, values in found.items()}
        whole = classifier.experts_.added_to(logits[HEAD], logits)
        return replace(self._tested(task, split, classifier, whole), products=products)


class FineTunedProduct(ProductOfExperts):
    """The product of experts, and beside them a copy of the biLM that has learned the task."""

    is_beyond_limit: ClassVar[bool] = True
    adds: ClassVar[str] = TUNED
    base = PRODUCT

    def classifier(self, task: TextTask, seconds: float = math.inf) -> ElmoClassifier:
        """Make the classifier, not fitted."""
        return super().classifier(task, seconds).set_params(fine_tune=True)  # type: ignore[no-any-return]

    def cost(self, task: TextTask) -> float:
        """Nothing beside the passes of the biLM; the product is there already."""
        return 0.0

    def obstacle(self, task: TextTask) -> str:
        """A model that is no biLM."""
        return "" if isinstance(task.elmo, Elmo) else "only a biLM can be fine-tuned here"

    def passes(self, task: TextTask) -> float:
        """Of learning on the folds and on the whole; none of a model that cannot be fine-tuned."""
        return 0.0 if self.obstacle(task) else passes(len(task.texts))


class AttentionMethod(HeadMethod):
    """A head that attends to the tokens."""

    needs_tokens: ClassVar[bool] = True
    is_open_ended: ClassVar[bool] = True

    def cost(self, task: TextTask) -> float:
        """Proportional to the characters."""
        return _ATTENTION_SECONDS * float(task.lengths.sum())

    def obstacle(self, task: TextTask) -> str:
        """Too much memory for the layers of all tokens."""
        if task.layers is not None and task.layers.tokens is None:
            return "the vectors of all words of these texts need too much memory; use fewer or shorter texts"
        return ""


class WithTfIdf(HeadMethod):
    """Another head, its probabilities multiplied by those of TF-IDF."""

    adds: ClassVar[str] = WORDS

    def __init__(self, name: str, base: str, mix: TextMix, head: TextHeadName = "linear") -> None:
        """Store the name of the method with that head."""
        super().__init__(name, mix, head, with_tfidf=True)
        self.base = base

    def cost(self, task: TextTask) -> float:
        """That of TF-IDF; the head is there already."""
        return _tfidf_cost(task)


def text_methods(
    elmo: Encoder, *, has_static: bool, fine_tunes: bool = False
) -> tuple[Method[TextTask, TextOutcome], ...]:
    """List all methods in the order in which they run.

    Args:
        elmo: the model, each layer of which is a method.
        has_static: whether there are static vectors.
        fine_tunes: whether the method that takes minutes is among them.
    """
    return (
        Majority(MAJORITY),
        TfIdf(TFIDF),
        *((StaticMean(STATIC),) if has_static else ()),
        *(HeadMethod(f"layer {number} + LR", number) for number in range(elmo.n_layers)),
        HeadMethod(UNIFORM, "uniform"),
        HeadMethod(LEARNED, "learned"),
        WithTfIdf(LEARNED_WORDS, LEARNED, "learned"),
        ProductOfExperts(PRODUCT),
        AttentionMethod(ATTENTION, "learned", "attention"),
        WithTfIdf(ATTENTION_WORDS, ATTENTION, "learned", "attention"),
        *((FineTunedProduct(FINE_TUNED),) if fine_tunes else ()),
    )


def _tfidf_cost(task: TextTask) -> float:
    return _TFIDF_SECONDS[task.analyser] * float(task.lengths.sum())


def _own_codes(classifier: ElmoClassifier, codes: np.ndarray) -> np.ndarray:
    """Numbers of classes among those that occur in training, from numbers among all classes."""
    return np.searchsorted(classifier.classes_, codes)


def _spread(probabilities: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Probabilities (n, K) of all classes from those (n, k) of the classes that occur in training."""
    found = np.zeros((len(probabilities), n_classes))
    found[:, codes] = probabilities
    return found
