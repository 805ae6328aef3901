"""The methods that tag tokens by name, the settings of their comparison, and its results."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal, cast

import numpy as np

from elmo_core.exceptions import ConfigError
from elmo_core.learning.epochs import Epoch
from elmo_core.learning.results import Difference, MethodResult
from elmo_core.learning.tagger import ElmoTagger
from elmo_core.learning.tags.prediction import TaggedSentence
from elmo_core.learning.tags.scores import TagScores, compare_tags, unit_codes
from elmo_core.tables.records import counted
from elmo_core.weights.store import JsonValue

LOOK_UP, FEATURES, STATIC = "look-up", "feature CRF", "static only"
LAYER_0, UNIFORM, LEARNED, BOTH = "layer 0", "uniform mix", "learned mix", "learned mix + static"
METHODS = (LOOK_UP, FEATURES, STATIC, LAYER_0, UNIFORM, LEARNED, BOTH)
BASELINES = (LOOK_UP, FEATURES, STATIC)
"""Methods without a biLM; they run first."""


@dataclass(frozen=True)
class TagComparisonSettings:
    """Settings of a comparison of taggers."""

    methods: tuple[str, ...] = METHODS
    max_epochs: int = 40
    patience: int = 6
    hidden: int = 128
    head: Literal["lstm", "token"] = "lstm"
    """"token" = g(h_t, w_t): the context comes from the biLM alone."""
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = [name for name in self.methods if name not in METHODS]
        if unknown or not self.methods:
            raise ConfigError(
                f"methods must be some of {', '.join(METHODS)}; got {', '.join(unknown) or 'none'}."
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class TagResult(MethodResult):
    """The results of one method on the test sentences."""

    ITEM: ClassVar[str] = "sentence"
    GOLD: ClassVar[str] = "tags"
    REFERENCES: ClassVar[dict[str, str]] = {
        FEATURES: "the feature CRF",
        LOOK_UP: "look-up",
        STATIC: "the tagger on static vectors",
    }
    MORE: ClassVar[str] = "tag more sentences"

    is_spans: bool
    gold: tuple[tuple[str, ...], ...]
    """The true tags of the test sentences."""
    predicted: tuple[tuple[str, ...], ...]
    scores: TagScores
    tagged: tuple[TaggedSentence, ...] = ()
    """The test sentences with probabilities, of methods that have them."""

    @property
    def tagger(self) -> ElmoTagger | None:
        """The fitted tagger, of methods that have one."""
        return cast(ElmoTagger | None, self.estimator)

    @property
    def history(self) -> tuple[Epoch, ...]:
        """The epochs of the tagger; empty without one."""
        return self.tagger.history_ if self.tagger else ()

    @property
    def seconds_per_epoch(self) -> float | None:
        """Mean over all epochs; None where there are none."""
        return sum(epoch.seconds for epoch in self.history) / len(self.history) if self.history else None

    def compare(self, other: TagResult) -> Difference:
        """Compare sentence by sentence."""
        return compare_tags(
            self.gold, self.predicted, other.predicted, is_spans=self.is_spans, seed=self.seed
        )

    @cached_property
    def _units(self) -> tuple[np.ndarray, np.ndarray]:
        """Codes of the gold and of the predicted units at each token: int64 (N,) each; 0 = none starts."""
        return unit_codes(self.gold, self.predicted, is_spans=self.is_spans)

    def score_orders(self, orders: np.ndarray, *, is_perfect: bool = False) -> np.ndarray:
        """Span F1 or accuracy after whole sentences of tags have changed places.

        The tags of all sentences are laid end to end in the new order over the tokens in the old one, so that
        units keep their lengths and numbers although sentences differ in length.
        """
        gold, predicted = self._units
        guessed = gold if is_perfect else predicted
        lengths = np.array([len(tags) for tags in self.gold], dtype=np.int64)
        starts = np.cumsum(lengths) - lengths
        sizes = lengths[orders]  # (S, n)
        shifts = starts[orders] - (np.cumsum(sizes, axis=1) - sizes)
        places = np.repeat(shifts.ravel(), sizes.ravel()).reshape(len(orders), -1) + np.arange(len(gold))
        right = ((gold[places] == guessed) & (guessed > 0)).sum(axis=1)
        return np.asarray(2 * right / max((gold > 0).sum() + (guessed > 0).sum(), 1))

    @property
    def n_cells(self) -> int:
        """One code a token."""
        return len(self._units[0])

    @property
    def uniformity(self) -> str:
        """Whether there is one test sentence, or one tag only."""
        n = len(self.gold)
        if n < 2:
            return "there is one test sentence"
        if len({tag for tags in self.gold for tag in tags}) > 1:
            return ""
        what = "hold no span" if self.is_spans else "have one tag"
        return f"all {counted(n, 'test sentence')} {what}"

    def facts(self, data: str) -> dict[str, JsonValue]:
        """Data, method, score and counts, and what the feature CRF reached."""
        value = self.scores.value
        facts: dict[str, JsonValue] = {
            "data": data,
            "method": self.method,
            "measure": self.scores.measure,
            "score": value.value,
            "score_low": value.low,
            "score_high": value.high,
            "sentences_learned_from": self.n_train,
            "sentences_tested_on": self.scores.n_sentences,
            "seed": self.seed,
        }
        if FEATURES in self.against:
            gap = self.against[FEATURES].value
            facts["feature_crf_score"] = value.value - gap.value
            facts["less_feature_crf"] = [gap.value, gap.low, gap.high]
        return facts
