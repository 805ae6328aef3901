"""What a comparison yields for each method: a result on the test items, or the reason why there is none."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Self, TypeVar

import numpy as np

from elmo_core.learning.estimator import ElmoEstimator
from elmo_core.measuring.intervals import Estimate
from elmo_core.weights.store import JsonValue


@dataclass(frozen=True)
class Scores:
    """How well the test items were predicted."""

    measure: str
    """Name of the main measure, such as "macro-F1"."""
    value: Estimate
    """Of the main measure, from 0 to 1, with its 95% interval."""
    n: int
    """Cases that were scored: texts, gold spans or tokens."""


@dataclass(frozen=True)
class Difference:
    """Scores of one method minus those of another on the same test items."""

    value: Estimate
    """Difference of the main measure, with the 95% interval of the paired bootstrap."""
    p_value: float
    """Two-sided, by randomisation: the predictions for an item change sides at random (Yeh 2000)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MethodResult(ABC):
    """What one method reached, on the same test items as all others of its comparison."""

    ITEM: ClassVar[str]
    """What is predicted as a whole: "text" or "sentence"."""
    GOLD: ClassVar[str]
    """What is learned, in the plural: "labels" or "tags"."""
    REFERENCES: ClassVar[dict[str, str]]
    """Methods without a biLM to judge by, the first one that was run, and how a sentence calls them."""
    TRIVIAL: ClassVar[tuple[str, ...]] = ()
    """Methods that look at nothing; they are neither judged nor judged by."""
    MORE: ClassVar[str]
    """What to do where there are too few test items."""

    method: str
    needs_model: bool
    """Whether the method reads the layers of the biLM."""
    model: str = ""
    """The second model that it reads with, after which it is named; empty = the first, or none."""
    rows: np.ndarray
    """int64 (n,): the test items."""
    scores: Scores
    seed: int
    n_train: int = 0
    """Items learned from (in each fold)."""
    seconds: float = 0.0
    """For learning and predicting, without the pass of the biLM."""
    n_folds: int = 1
    """Folds of the cross-validation; 1 = one split."""
    n_beside_training: int = 0
    """Test items with a near-duplicate among the training items."""
    note: str = ""
    """Which items were left out to keep to the time limit."""
    layer_weights: tuple[float, ...] | None = None
    """The weight s_j of each layer, the mean over folds; None where no layers are mixed."""
    against: dict[str, Difference] = field(default_factory=dict)
    """This method minus each baseline that was run before it."""
    estimator: ElmoEstimator | None = field(default=None, repr=False)
    """The fitted estimator of a single split."""

    @abstractmethod
    def compare(self, other: Self) -> Difference:
        """Score this result minus another one of the same comparison."""

    @abstractmethod
    def score_orders(self, orders: np.ndarray, *, is_perfect: bool = False) -> np.ndarray:
        """Score the predictions after the gold of the test items has been dealt out anew.

        Args:
            orders: int (S, n), a permutation of the test items in each row.
            is_perfect: whether to take the gold itself for the predictions.

        Returns:
            The main measure of each permutation, float64 (S,).
        """

    @property
    @abstractmethod
    def n_cells(self) -> int:
        """Numbers that one permutation takes in memory."""

    @property
    @abstractmethod
    def uniformity(self) -> str:
        """Why the test items allow no judgement, such as all labels being the same; empty if they do."""

    @abstractmethod
    def facts(self, data: str) -> dict[str, JsonValue]:
        """List what to keep with the saved estimator.

        Args:
            data: name of the data it was trained on.
        """


@dataclass(frozen=True)
class SkippedMethod:
    """A method that was not run, and why."""

    method: str
    reason: str


ResultT = TypeVar("ResultT", bound=MethodResult)


def results_run(results: Iterable[ResultT | SkippedMethod]) -> list[ResultT]:
    """Select the results of the methods that were run."""
    return [result for result in results if not isinstance(result, SkippedMethod)]


def best_result(results: Iterable[ResultT | SkippedMethod]) -> ResultT | None:
    """Find the best method on the biLM, or else the best one with an estimator; None if neither was run.

    Methods of a second model do not count.
    """
    done = [result for result in results_run(results) if not result.model]
    on_bilm = [result for result in done if result.needs_model]
    candidates = on_bilm or [result for result in done if result.estimator is not None]
    return max(candidates, key=lambda result: result.scores.value.value, default=None)
