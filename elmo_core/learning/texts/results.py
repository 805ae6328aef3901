"""The methods that classify texts by name, the settings of their comparison, and its results."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, cast

import numpy as np

from elmo_core.exceptions import ConfigError
from elmo_core.learning.calibration import Calibration
from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.results import Difference, MethodResult, SkippedMethod, results_run
from elmo_core.learning.texts.additions import Addition
from elmo_core.learning.texts.scores import TextScores, compare, shuffled_f1
from elmo_core.tables.records import counted
from elmo_core.weights.store import JsonValue

MAJORITY, TFIDF, STATIC = "majority class", "TF-IDF + LR", "static vectors + LR"
UNIFORM, LEARNED, ATTENTION = "uniform mix + LR", "learned mix + LR", "learned mix + attention"
PRODUCT, FINE_TUNED = "product of experts", "product of experts, fine-tuned"
LEARNED_WORDS, ATTENTION_WORDS = f"{LEARNED}, with TF-IDF", f"{ATTENTION}, with TF-IDF"


def latest_additions(results: Iterable[TextResult | SkippedMethod]) -> tuple[Addition, ...]:
    """Return what each part added in the largest product of experts; empty where none was run."""
    found = [result.additions for result in results_run(results) if result.additions]
    return max(found, key=len, default=())


@dataclass(frozen=True)
class ComparisonSettings:
    """What to compare, and how."""

    time_limit_s: float = 60.0
    n_folds: int = 0
    """0 = one stratified split; otherwise cross-validation over so many folds."""
    test_share: float = 0.2
    """Share of the texts that one split tests on."""
    balanced: bool = False
    """Whether a rare class counts as much as a frequent one."""
    methods: tuple[str, ...] = ()
    """Names of the methods to run; empty = all."""
    max_characters: int | None = None
    """Characters that are read of a text; None = all, long texts in windows."""
    seed: int = 0
    fine_tune: bool = False
    """Whether the biLM learns the task too; that takes minutes, beyond the time limit."""

    def among(self, known: Collection[str]) -> ComparisonSettings:
        """The same with those of the methods that another model has; guessing alone where it has none."""
        kept = tuple(name for name in self.methods if name in known)
        return replace(self, methods=kept or (MAJORITY,)) if self.methods else self

    def __post_init__(self) -> None:
        if not self.time_limit_s > 0:
            raise ConfigError(f"time_limit_s must be positive, got {self.time_limit_s}.")
        if not 0 < self.test_share < 1:
            raise ConfigError(f"test_share must be between 0 and 1, got {self.test_share}.")
        if self.seed < 0:
            raise ConfigError(f"seed must be 0 or more, got {self.seed}.")
        if self.n_folds and not 2 <= self.n_folds <= 20:
            raise ConfigError(f"n_folds must be 0 or from 2 to 20, got {self.n_folds}.")


@dataclass(frozen=True, kw_only=True, eq=False)
class TextResult(MethodResult):
    """What one method reached on the test texts; K classes."""

    ITEM: ClassVar[str] = "text"
    GOLD: ClassVar[str] = "labels"
    REFERENCES: ClassVar[dict[str, str]] = {TFIDF: "TF-IDF"}
    TRIVIAL: ClassVar[tuple[str, ...]] = (MAJORITY,)
    MORE: ClassVar[str] = "label more texts, or test on folds"

    classes: tuple[str, ...]
    gold: np.ndarray
    """int64 (n,): the true classes of the test texts."""
    probabilities: np.ndarray
    """float64 (n, K)."""
    scores: TextScores
    calibration: Calibration
    uncalibrated: Calibration | None = None
    """Calibration before the probabilities were scaled by a temperature."""
    additions: tuple[Addition, ...] = ()
    """What each expert of a product added, in order."""

    @property
    def predicted(self) -> np.ndarray:
        """int64 (n,): the most probable classes."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def classifier(self) -> ElmoClassifier | None:
        """The fitted classifier of a single split."""
        return cast(ElmoClassifier | None, self.estimator)

    def compare(self, other: TextResult) -> Difference:
        """Compare text by text."""
        return compare(self.gold, self.predicted, other.predicted, len(self.classes), self.seed)

    def score_orders(self, orders: np.ndarray, *, is_perfect: bool = False) -> np.ndarray:
        """Macro-F1 after the labels have changed places."""
        predicted = self.gold if is_perfect else self.predicted
        return shuffled_f1(self.gold[orders], predicted, len(self.classes))

    @property
    def n_cells(self) -> int:
        """One class a text."""
        return len(self.gold)

    @property
    def uniformity(self) -> str:
        """Whether the test texts have one label only."""
        n = len(self.gold)
        if len(np.unique(self.gold)) > 1:
            return ""
        return f"all {counted(n, 'test text')} have one label" if n > 1 else "there is one test text"

    def facts(self, data: str) -> dict[str, JsonValue]:
        """Data, method, scores and counts."""
        f1, accuracy = self.scores.macro_f1, self.scores.accuracy
        return {
            "data": data,
            "method": self.method,
            "macro_f1": f1.value,
            "macro_f1_low": f1.low,
            "macro_f1_high": f1.high,
            "accuracy": accuracy.value,
            "rows_learned_from": self.n_train,
            "rows_tested_on": self.scores.n,
            "seed": self.seed,
        }
