"""The methods that tag tokens: what each costs, how it is fitted, what it predicts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from elmo_core.learning.methods import Budget, Method, Outcome
from elmo_core.learning.tagger import ElmoTagger, TagMix
from elmo_core.learning.tags.baselines import look_up
from elmo_core.learning.tags.feature_crf import feature_crf
from elmo_core.learning.tags.prediction import TaggedSentence, tag_data
from elmo_core.learning.tags.results import BOTH, FEATURES, LAYER_0, LEARNED, LOOK_UP, STATIC, UNIFORM
from elmo_core.learning.word_vectors import WordVectors, has_output_vectors
from elmo_core.measuring.splitting import Split

if TYPE_CHECKING:
    from elmo_core.learning.tags.task import TagTask

_LEARNED_PER_S, _FEATURES_PER_S, _USUAL_EPOCHS = 6500, 3500, 16
"""Tokens a second of an epoch of a tagger and of the feature CRF; epochs until no gain.
Measured on english-small."""


@dataclass(frozen=True, kw_only=True)
class TagOutcome(Outcome):
    """The tags that a method gives to the test sentences of one split."""

    tags: list[list[str]]
    tagged: tuple[TaggedSentence, ...] = ()
    """The predictions with probabilities, for methods that have them."""


class LookUp(Method["TagTask", TagOutcome]):
    """What the training sentences have called the same words."""

    needs_model: ClassVar[bool] = False

    def cost(self, task: TagTask) -> float:
        """Nothing."""
        return 0.0

    def run(self, task: TagTask, split: Split, budget: Budget) -> TagOutcome:
        """Look the words up."""
        tokens, tags = task.take(split.train)
        test, _ = task.take(split.test)
        return TagOutcome(n_train=len(tokens), tags=look_up(tokens, tags, test, is_spans=task.is_spans))


class FeatureCrf(Method["TagTask", TagOutcome]):
    """A CRF over features of the words: the method to beat."""

    needs_model: ClassVar[bool] = False

    def cost(self, task: TagTask) -> float:
        """Proportional to the tokens."""
        return task.n_train_tokens / _FEATURES_PER_S

    def run(self, task: TagTask, split: Split, budget: Budget) -> TagOutcome:
        """Fit in a process of its own."""
        tokens, tags = task.take(split.train)
        test, _ = task.take(split.test)
        report = budget.report
        tick = None if report is None else lambda: report("", 0.5)
        return TagOutcome(n_train=len(tokens), tags=feature_crf(tokens, tags, test, tick=tick))


class TaggerMethod(Method["TagTask", TagOutcome]):
    """A tagger over a mix of the layers, static vectors, or both."""

    def __init__(self, name: str, mix: TagMix, *, has_static: bool = False) -> None:
        """Store what sets the tagger apart; the rest comes from the task's settings."""
        super().__init__(name)
        self._mix, self._has_static = mix, has_static

    def tagger(self, task: TagTask, seconds: float = math.inf) -> ElmoTagger:
        """Make the tagger, not fitted."""
        settings = task.settings
        vectors: WordVectors | Literal["output"] = "output" if task.static is None else task.static
        return ElmoTagger(
            task.elmo,
            mix=self._mix,
            static=vectors if self._has_static else None,
            head=settings.head,
            hidden=settings.hidden,
            max_epochs=settings.max_epochs,
            patience=settings.patience,
            time_limit_s=None if math.isinf(seconds) else max(seconds, 0.1),
            random_state=task.seed,
        )

    def cost(self, task: TagTask) -> float:
        """Proportional to the tokens of all epochs."""
        epochs = min(task.settings.max_epochs, _USUAL_EPOCHS)
        return epochs * task.n_train_tokens / _LEARNED_PER_S

    def obstacle(self, task: TagTask) -> str:
        """No static vectors."""
        if self._has_static and task.static is None and not has_output_vectors(task.elmo):
            return f"{task.elmo.name} has no softmax, so no static vectors of its own"
        return ""

    def run(self, task: TagTask, split: Split, budget: Budget) -> TagOutcome:
        """Fit the tagger."""
        _, tags = task.take(split.train)
        tagger = self.tagger(task, budget.seconds)
        tagger.fit(task.data.take(split.train), tags, report=budget.report, on_epoch=budget.on_epoch)
        tagged = tuple(tag_data(tagger, task.data.take(split.test)))
        return TagOutcome(
            n_train=len(tags), estimator=tagger, tags=[list(one.tags) for one in tagged], tagged=tagged
        )


class StaticTagger(TaggerMethod):
    """A tagger that reads static vectors alone."""

    needs_model: ClassVar[bool] = False


TAG_METHODS: tuple[Method[TagTask, TagOutcome], ...] = (
    LookUp(LOOK_UP),
    FeatureCrf(FEATURES),
    StaticTagger(STATIC, "none", has_static=True),
    TaggerMethod(LAYER_0, 0),
    TaggerMethod(UNIFORM, "uniform"),
    TaggerMethod(LEARNED, "learned"),
    TaggerMethod(BOTH, "learned", has_static=True),
)
"""All methods in the order in which they run."""
