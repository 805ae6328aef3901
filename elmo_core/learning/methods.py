"""What a method is: it knows its cost, how it is fitted, and what it predicts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from elmo_core.learning.epochs import Epoch
from elmo_core.learning.estimator import ElmoEstimator
from elmo_core.measuring.splitting import Split
from elmo_core.progress import Report


@dataclass(frozen=True)
class Outcome:
    """What a method has done on one split."""

    n_train: int
    """Items learned from."""
    estimator: ElmoEstimator | None = None
    """The fitted estimator, where the method has one."""
    note: str = ""
    """Which training items were left out to keep to the time limit."""


TaskT = TypeVar("TaskT")
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


@dataclass(frozen=True)
class Budget:
    """What a method may use on one split."""

    seconds: float
    """For learning; then the best so far is taken. Infinite without a time limit."""
    report: Report | None = None
    """Called with the progress; an error it raises stops the work."""
    on_epoch: Callable[[Epoch], None] | None = None
    """Called after each epoch of a method that learns in epochs."""
    earlier: Mapping[str, Outcome] = field(default_factory=dict)
    """What the methods run before have done on the same split, by name."""


class Method(ABC, Generic[TaskT, OutcomeT]):
    """One way to predict; a comparison runs several on the same task."""

    needs_model: ClassVar[bool] = True
    """Whether it reads the layers of the biLM."""
    needs_tokens: ClassVar[bool] = False
    """Whether it reads the layers of each token, not only their mean."""
    is_open_ended: ClassVar[bool] = False
    """Whether it may take all the time that is left."""
    is_beyond_limit: ClassVar[bool] = False
    """Whether it takes time of its own, beyond the limit of the comparison; such a method runs only where it
    is asked for, after all others."""
    base: str | None = None
    """The method whose outcome it builds on, which runs first."""

    def __init__(self, name: str) -> None:
        """Store the name under which the method is chosen and shown."""
        self.name = name

    @abstractmethod
    def cost(self, task: TaskT) -> float:
        """Estimate the seconds of one split; rough, as they depend on the machine."""

    @abstractmethod
    def run(self, task: TaskT, split: Split, budget: Budget) -> OutcomeT:
        """Learn from the training items of a split and predict its test items.

        Raises:
            TrainingError: the items cannot be learned from.
        """

    def passes(self, task: TaskT) -> float:
        """Estimate what one split costs beside `cost`, in times of reading all items once with the biLM."""
        return 0.0

    def least_cost(self, task: TaskT) -> float:
        """Estimate the seconds below which one split is not worth starting."""
        return 0.0

    def obstacle(self, task: TaskT) -> str:
        """Say why the method cannot run on a task; empty if it can."""
        return ""


AnyMethod = Method[Any, Any]
