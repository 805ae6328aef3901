"""What is to be learned: items with their gold, how they are split, embedded and scored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Generic, Self

import numpy as np

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import ConfigError
from elmo_core.learning.methods import Method, OutcomeT
from elmo_core.learning.results import ResultT, Scores
from elmo_core.measuring.splitting import Split
from elmo_core.progress import Report


class Task(ABC, Generic[OutcomeT, ResultT]):
    """n items with their gold, and the model that reads them.

    Attributes:
        elmo: the model.
        lengths: int64 (n,), characters of each item, a measure of what reading it takes.
        at: int64 (n,), where the layers of each item are among those that were read; -1 = nowhere.
        seed: of the splits, of learning and of the tests.
        time_limit_s: for the whole comparison; infinite = no limit.
        together: pairs of near-duplicates, which are never on two sides of a split.
        has_given_splits: whether the splits were given, so that no test item is left out to save time.
        known_methods: all methods in the order in which they run, those without a biLM first.
        methods: those to compare, in the same order.
    """

    ITEM: ClassVar[str]
    """"text" or "sentence"."""

    elmo: Encoder
    lengths: np.ndarray
    at: np.ndarray
    seed: int
    time_limit_s: float
    together: Sequence[tuple[int, int]]
    has_given_splits: bool
    known_methods: Sequence[Method[Any, OutcomeT]]
    methods: Sequence[Method[Any, OutcomeT]]

    @abstractmethod
    def with_model(self, elmo: Encoder) -> Self:
        """Make the same task for another model, with those of the chosen methods that this one has."""

    @abstractmethod
    def splits(self) -> list[Split]:
        """Make the folds of a cross-validation, or one split."""

    @abstractmethod
    def measured_rate(self) -> float:
        """Measure the seconds that the layers of one character take."""

    @abstractmethod
    def embed(self, rows: np.ndarray, *, keep_tokens: bool, report: Report | None) -> None:
        """Run the biLM once over some items, and keep their layers.

        Args:
            rows: int64 (m,), the items.
            keep_tokens: whether a method needs the layers of each token.
            report: called with the progress; an error it raises stops the work.
        """

    @abstractmethod
    def growing_parts(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Select growing parts of training items, each within the next, the whole last."""

    @abstractmethod
    def score(self, splits: Sequence[Split], outcomes: Sequence[OutcomeT]) -> Scores:
        """Score the predictions for the test items of all splits."""

    @abstractmethod
    def result(
        self, method: Method[Any, OutcomeT], splits: Sequence[Split], outcomes: Sequence[OutcomeT]
    ) -> ResultT:
        """Make the result of a method from its outcome on each split."""

    def method(self, name: str) -> Method[Any, OutcomeT]:
        """Find a method by name.

        Raises:
            ConfigError: there is none of this name.
        """
        known = {method.name: method for method in self.known_methods}
        if name not in known:
            raise ConfigError(f"There is no method {name!r}; there are {', '.join(known)}.")
        return known[name]

    def chosen_methods(self, wanted: Sequence[str]) -> list[Method[Any, OutcomeT]]:
        """Select methods by name with those that they build on, in the known order; all if none is named.

        Raises:
            ConfigError: a name is wrong.
        """
        asked = {self.method(name) for name in sorted(set(wanted))}
        names = {name for method in asked for name in (method.name, method.base) if name}
        return [method for method in self.known_methods if not names or method.name in names]

    def read_part(self, rows: np.ndarray) -> np.ndarray:
        """Select those of some items whose layers were read."""
        return np.asarray(rows[self.at[rows] >= 0])
