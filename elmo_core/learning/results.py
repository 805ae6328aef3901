"""What a comparison is asked for, and what it hands out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from elmo_core.exceptions import ConfigError
from elmo_core.learning.calibration import Calibration
from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.metrics import Difference, Scores

MAJORITY, TFIDF, STATIC = "majority class", "TF-IDF + LR", "static vectors + LR"
UNIFORM, LEARNED, ATTENTION = "uniform mix + LR", "learned mix + LR", "learned mix + attention"
LEARNED_WORDS, ATTENTION_WORDS = f"{LEARNED}, with TF-IDF", f"{ATTENTION}, with TF-IDF"
BASELINES = (MAJORITY, TFIDF, STATIC)
"""Those that need no biLM."""


@dataclass(frozen=True)
class ComparisonSettings:
    """What to compare, and how."""

    time_limit_s: float = 60.0
    n_folds: int = 0
    """0 = one stratified split; else cross-validation over so many folds."""
    test_share: float = 0.2
    """Of the one split."""
    balanced: bool = False
    """Whether a rare class counts as much as a frequent one."""
    methods: tuple[str, ...] = ()
    """Names of those to run; empty = all."""
    max_characters: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.time_limit_s > 0:
            raise ConfigError(f"time_limit_s must be positive, got {self.time_limit_s}.")
        if not 0 < self.test_share < 1:
            raise ConfigError(f"test_share must be between 0 and 1, got {self.test_share}.")
        if self.seed < 0:
            raise ConfigError(f"seed must be 0 or more, got {self.seed}.")
        if self.n_folds and not 2 <= self.n_folds <= 20:
            raise ConfigError(f"n_folds must be 0 or from 2 to 20, got {self.n_folds}.")


@dataclass(frozen=True, eq=False)
class MethodResult:
    """What one method reached, on the same test rows as all others."""

    method: str
    classes: tuple[str, ...]
    rows: np.ndarray
    """int64 (n,): the test rows."""
    gold: np.ndarray
    """int64 (n,): their true classes."""
    probabilities: np.ndarray
    """float64 (n, K)."""
    scores: Scores
    calibration: Calibration
    seconds: float
    """For learning and predicting, the vectors not counted."""
    n_train: int
    """Rows learned from (in each fold)."""
    seed: int
    against_tfidf: Difference | None = None
    uncalibrated: Calibration | None = None
    """Before its probabilities were scaled by a temperature."""
    layer_weights: tuple[float, ...] | None = None
    note: str = ""
    n_folds: int = 1
    """Folds of the cross-validation; 1 = one split."""
    n_beside_training: int = 0
    """Test rows with a near-duplicate among the training rows, because a label has no other texts."""
    classifier: ElmoClassifier | None = field(default=None, repr=False)
    """The fitted classifier of a single split."""

    @property
    def predicted(self) -> np.ndarray:
        """int64 (n,): the most probable classes."""
        return np.asarray(self.probabilities.argmax(axis=1))


@dataclass(frozen=True)
class LeftOut:
    """A method that was not run, and why."""

    method: str
    reason: str
