"""Tagged sentences as a task."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np

from elmo_core.encoders.protocol import Encoder
from elmo_core.learning.methods import Method
from elmo_core.learning.tags.methods import TAG_METHODS, TagOutcome
from elmo_core.learning.tags.results import (
    BOTH,
    FEATURES,
    LAYER_0,
    LEARNED,
    LOOK_UP,
    STATIC,
    TagComparisonSettings,
    TagResult,
)
from elmo_core.learning.tags.scores import TagScores, score_tags
from elmo_core.learning.tags.sentences import TaggedSentences
from elmo_core.learning.tags.token_data import TokenData, Words, embed_tokens
from elmo_core.learning.task import Task
from elmo_core.learning.word_vectors import WordVectors, has_output_vectors
from elmo_core.measuring.splitting import Split
from elmo_core.progress import Report

_SHARES = (0.1, 0.25, 0.5, 1.0)
_FEWEST = 10
"""Sentences in the smallest part of a learning curve."""
_CHARACTERS_PER_S = 15_000
"""Characters that the biLM reads in a second; measured on english-small."""


class TagTask(Task[TagOutcome, TagResult]):
    """Sentences to learn from and sentences to test on; together n.

    Attributes:
        train: sentences to learn from.
        test: sentences to test on.
        settings: what to compare, and how.
        static: static vectors by word; None = those of the model's own softmax.
        data: words of all sentences, and their layers once they are read.
        is_spans: whether tags are of spans; otherwise each token has a class.
        read_s: seconds that the biLM took.
    """

    ITEM: ClassVar[str] = "sentence"

    def __init__(
        self,
        elmo: Encoder,
        train: TaggedSentences,
        test: TaggedSentences,
        settings: TagComparisonSettings | None = None,
        *,
        static: WordVectors | None = None,
    ) -> None:
        """Put the sentences side by side.

        Args:
            elmo: the model.
            train: sentences to learn from.
            test: sentences to test on.
            settings: what to compare, and how.
            static: static vectors by word; None = those of the model's own softmax.
        """
        self.elmo, self.train, self.test = elmo, train, test
        self.settings = settings or TagComparisonSettings()
        self.static, self.seed, self.time_limit_s = static, self.settings.seed, math.inf
        self.is_spans = test.is_spans
        self.data = TokenData(tuple(map(tuple, (*train.tokens, *test.tokens))), None)
        self._tags = (*train.tags, *test.tags)
        self.lengths = np.array([sum(map(len, words)) + len(words) for words in self.data.words])
        self.at = np.full(len(self.lengths), -1)
        self.n_train_tokens = sum(map(len, train.tokens))
        self.together, self.has_given_splits, self.known_methods = (), True, TAG_METHODS
        self.methods = self.chosen_methods(self.settings.methods)
        self.read_s = 0.0

    def with_model(self, elmo: Encoder) -> TagTask:
        """As `Task.with_model`."""
        return TagTask(elmo, self.train, self.test, self.settings, static=self.static)

    def splits(self) -> list[Split]:
        """The one split into the given parts."""
        n = len(self.train)
        return [Split(np.arange(n), np.arange(n, n + len(self.test)))]

    def take(self, rows: np.ndarray) -> tuple[list[Words], list[tuple[str, ...]]]:
        """Select the tokens and the tags of sentences."""
        numbers = rows.tolist()
        return [self.data.words[row] for row in numbers], [tuple(self._tags[row]) for row in numbers]

    def measured_rate(self) -> float:
        """A usual value, as there is no time limit."""
        return 1 / _CHARACTERS_PER_S

    def embed(self, rows: np.ndarray, *, keep_tokens: bool, report: Report | None) -> None:
        """Read all sentences, with the layers of each token; once for all comparisons of the task."""
        if self.data.layers is None:
            started = time.monotonic()
            self.data = embed_tokens(self.elmo, self.data.words, report=report)
            self.at = np.arange(len(self.lengths))
            self.read_s = time.monotonic() - started

    def growing_parts(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """A tenth, a quarter, a half and all of the sentences, at least ten, where two tags occur."""
        order = np.random.default_rng(self.seed).permutation(rows)
        n = len(rows)
        for size in sorted({min(n, max(_FEWEST, round(share * n))) for share in _SHARES}):
            part = np.sort(order[:size])
            _, tags = self.take(part)
            if len({tag for sentence in tags for tag in sentence}) > 1:
                yield part

    def score(self, splits: Sequence[Split], outcomes: Sequence[TagOutcome]) -> TagScores:
        """Span F1, or accuracy of plain tags."""
        (split,), (outcome,) = splits, outcomes
        _, gold = self.take(split.test)
        return score_tags(gold, outcome.tags, is_spans=self.is_spans, seed=self.seed)

    def result(
        self, method: Method[TagTask, TagOutcome], splits: Sequence[Split], outcomes: Sequence[TagOutcome]
    ) -> TagResult:
        """Scores, and the tags themselves."""
        (split,), (outcome,) = splits, outcomes
        _, gold = self.take(split.test)
        return TagResult(
            method=method.name,
            needs_model=method.needs_model,
            rows=split.test,
            scores=self.score(splits, outcomes),
            seed=self.seed,
            is_spans=self.is_spans,
            gold=tuple(gold),
            predicted=tuple(map(tuple, outcome.tags)),
            tagged=outcome.tagged,
            estimator=outcome.estimator,
        )


def usual_methods(elmo: Encoder) -> tuple[str, ...]:
    """A choice that answers fast: the baselines, layer 0, and the mix as it was published."""
    if has_output_vectors(elmo):
        return LOOK_UP, FEATURES, STATIC, LAYER_0, BOTH
    return LOOK_UP, FEATURES, LAYER_0, LEARNED
