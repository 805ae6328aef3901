"""The mixed layers beside what they have to beat, all on the same test sentences."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from elmo_core.embedder import Elmo
from elmo_core.exceptions import ConfigError
from elmo_core.learning.tagger import ElmoTagger, HeadName, Mix
from elmo_core.learning.tags.baselines import look_up
from elmo_core.learning.tags.feature_crf import feature_crf
from elmo_core.learning.tags.fitting import TagEpoch
from elmo_core.learning.tags.prediction import TaggedSentence, tag_data
from elmo_core.learning.tags.scores import TagDifference, TagScores, compare_tags, score_tags
from elmo_core.learning.tags.sentences import TaggedSentences
from elmo_core.learning.tags.token_data import TokenData, embed_tokens
from elmo_core.learning.text_layers import Report, part_of
from elmo_core.learning.word_vectors import WordVectors

LOOK_UP, FEATURES, STATIC = "look-up", "feature CRF", "static only"
LAYER_0, UNIFORM, LEARNED, BOTH = "layer 0", "uniform mix", "learned mix", "learned mix + static"
METHODS = (LOOK_UP, FEATURES, STATIC, LAYER_0, UNIFORM, LEARNED, BOTH)
BASELINES = (LOOK_UP, FEATURES, STATIC)
"""Those that need no biLM; they run first."""
_WITH_STATIC = (STATIC, BOTH)
_MIXES: dict[str, Mix] = {
    STATIC: "none",
    LAYER_0: 0,
    UNIFORM: "uniform",
    LEARNED: "learned",
    BOTH: "learned",
}
_COST = {LOOK_UP: 0.1, FEATURES: 0.5}
"""Of a method, as a share of what a tagger over a biLM costs."""
_READ_PER_S, _LEARNED_PER_S, _FEATURES_PER_S, _USUAL_PASSES = 3000, 6500, 3500, 16
"""Tokens a second of the biLM, of a pass of a tagger, and of the feature CRF; passes until no gain.
Measured on english-small."""


@dataclass(frozen=True)
class TagComparisonSettings:
    """What to compare, and how."""

    methods: tuple[str, ...] = METHODS
    max_epochs: int = 40
    patience: int = 6
    hidden: int = 128
    head: HeadName = "lstm"
    """"token" = g(h_t, w_t): the context comes from the biLM alone."""
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = [name for name in self.methods if name not in METHODS]
        if unknown or not self.methods:
            raise ConfigError(
                f"methods must be some of {', '.join(METHODS)}; got {', '.join(unknown) or 'none'}."
            )


@dataclass(frozen=True, eq=False)
class TagResult:
    """What one method reached on the test sentences."""

    method: str
    predicted: tuple[tuple[str, ...], ...]
    scores: TagScores
    seconds: float
    """For learning and tagging, the pass of the biLM not counted."""
    n_train: int
    seed: int
    against: dict[str, TagDifference] = field(default_factory=dict)
    """This method less each baseline that was run before."""
    layer_weights: tuple[float, ...] | None = None
    history: tuple[TagEpoch, ...] = ()
    tagged: tuple[TaggedSentence, ...] = ()
    """The test sentences with probabilities, for methods that have them."""
    tagger: ElmoTagger | None = field(default=None, repr=False)

    @property
    def seconds_per_epoch(self) -> float | None:
        """Mean over all passes; None where there are none."""
        return sum(epoch.seconds for epoch in self.history) / len(self.history) if self.history else None


@dataclass(frozen=True)
class TagLeftOut:
    """A method that was not run, and why."""

    method: str
    reason: str


@dataclass(frozen=True, eq=False)
class TagTask:
    """Sentences to learn from and sentences to test on, read once by the biLM."""

    train: TaggedSentences
    test: TaggedSentences
    train_data: TokenData
    test_data: TokenData
    seconds: float
    """For the pass of the biLM."""
    static: WordVectors | None = None
    """Of the methods with static vectors; None = those of the model's own softmax."""


def estimated_seconds(n_train: int, n_test: int, settings: TagComparisonSettings) -> float:
    """About how long a comparison takes on one core, from the numbers of tokens."""
    n_taggers = sum(name in _MIXES for name in settings.methods)
    passes = min(settings.max_epochs, _USUAL_PASSES)
    learning = n_taggers * passes * n_train / _LEARNED_PER_S
    features = n_train / _FEATURES_PER_S if FEATURES in settings.methods else 0.0
    return (n_train + n_test) / _READ_PER_S + learning + features


def usual_methods(elmo: Elmo) -> tuple[str, ...]:
    """A choice that answers fast: the baselines, layer 0, and the mix as it was published."""
    return (
        (LOOK_UP, FEATURES, STATIC, LAYER_0, BOTH)
        if elmo.model.softmax
        else (LOOK_UP, FEATURES, LAYER_0, LEARNED)
    )


def prepare_task(
    elmo: Elmo,
    train: TaggedSentences,
    test: TaggedSentences,
    report: Report | None = None,
    *,
    static: WordVectors | None = None,
) -> TagTask:
    """Run the biLM once over training and test sentences; errors as `embed_tokens`.

    Args:
        elmo: the model.
        train: sentences to learn from.
        test: sentences to test on.
        report: told how far it is.
        static: vectors of the methods with static ones; None = those of the model's own softmax.
    """
    started = time.monotonic()
    share = len(train) / (len(train) + len(test))

    data = embed_tokens(elmo, train.tokens, report=part_of(report, 0.0, share))
    other = embed_tokens(elmo, test.tokens, report=part_of(report, share, 1.0))
    return TagTask(train, test, data, other, time.monotonic() - started, static)


def compare_taggers(
    elmo: Elmo,
    task: TagTask,
    settings: TagComparisonSettings,
    *,
    report: Report | None = None,
    on_epoch: Callable[[str, TagEpoch], None] | None = None,
) -> Iterator[TagResult | TagLeftOut]:
    """Run the methods one after the other.

    Args:
        elmo: the model that the task was prepared with.
        task: see `prepare_task`.
        settings: see there.
        report: told how far it is; an error it raises stops the work.
        on_epoch: told the method, and loss and held-out score of each epoch.

    Raises:
        TrainingError: a method cannot learn from these sentences.
    """
    methods = [name for name in METHODS if name in settings.methods]
    total = sum(_COST.get(name, 1.0) for name in methods)
    done = 0.0
    baselines: list[TagResult] = []
    for name in methods:
        cost = _COST.get(name, 1.0)
        own = None if report is None else _part(report, name, done / total, cost / total)
        result = _run(elmo, name, task, settings, baselines, own, on_epoch)
        if isinstance(result, TagResult) and name in BASELINES:
            baselines.append(result)
        yield result
        done += cost


def _part(report: Report, name: str, first: float, length: float) -> Report:
    return lambda doing, share: report(f"{name}, {doing}" if doing else name, first + length * share)


def _run(
    elmo: Elmo,
    name: str,
    task: TagTask,
    settings: TagComparisonSettings,
    baselines: list[TagResult],
    report: Report | None,
    on_epoch: Callable[[str, TagEpoch], None] | None,
) -> TagResult | TagLeftOut:
    train, test = task.train, task.test
    started = time.monotonic()
    tagger: ElmoTagger | None = None
    tagged: list[TaggedSentence] = []
    if name == LOOK_UP:
        predicted = look_up(train.tokens, train.tags, test.tokens, is_spans=train.is_spans)
    elif name == FEATURES:
        tick = None if report is None else lambda: report("", 0.5)
        predicted = feature_crf(train.tokens, train.tags, test.tokens, tick=tick)
    elif name in _WITH_STATIC and task.static is None and elmo.model.softmax is None:
        return TagLeftOut(name, f"{elmo.name} has no softmax, so no static vectors of its own")
    else:
        tagger = tagger_of(name, elmo, settings, task.static)
        tagger.fit(
            task.train_data,
            train.tags,
            report=report,
            on_epoch=on_epoch and (lambda one: on_epoch(name, one)),
        )
        tagged = tag_data(tagger, task.test_data)
        predicted = [list(one.tags) for one in tagged]
    scores = score_tags(test.tags, predicted, is_spans=test.is_spans, seed=settings.seed)
    against = {
        other.method: compare_tags(
            test.tags, predicted, other.predicted, is_spans=test.is_spans, seed=settings.seed
        )
        for other in baselines
    }
    return TagResult(
        name,
        tuple(map(tuple, predicted)),
        scores,
        time.monotonic() - started,
        len(train),
        settings.seed,
        against,
        tagger.layer_weights_ if tagger and name != STATIC else None,
        tagger.history_ if tagger else (),
        tuple(tagged),
        tagger,
    )


def tagger_of(
    name: str, model: Elmo | str, settings: TagComparisonSettings, static: WordVectors | None = None
) -> ElmoTagger:
    """The tagger behind a method, not fitted; `static` as in `TagTask`."""
    vectors: WordVectors | Literal["output"] = "output" if static is None else static
    return ElmoTagger(
        model,
        mix=_MIXES[name],
        static=vectors if name in _WITH_STATIC else None,
        head=settings.head,
        hidden=settings.hidden,
        max_epochs=settings.max_epochs,
        patience=settings.patience,
        random_state=settings.seed,
    )
