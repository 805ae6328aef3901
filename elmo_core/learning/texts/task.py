"""Texts with one label each, as a task."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.learning.calibration import calibration
from elmo_core.learning.methods import Method
from elmo_core.learning.task import Task
from elmo_core.learning.text_layers import TextLayers, embed_texts, segmented
from elmo_core.learning.texts.additions import additions
from elmo_core.learning.texts.methods import TextOutcome, text_methods
from elmo_core.learning.texts.results import FINE_TUNED, ComparisonSettings, TextResult
from elmo_core.learning.texts.scores import TextScores, score
from elmo_core.learning.texts.tfidf import word_settings
from elmo_core.learning.time_budget import USUAL_RATE, measured_rate
from elmo_core.learning.word_vectors import WordVectors
from elmo_core.measuring.splitting import Split, stratified_folds, stratified_split
from elmo_core.progress import Report

_TOKEN_BYTES = 3 << 29
"""Layers of all tokens beyond this are not kept; for a moment they are in memory twice."""
_TOKENS_PER_WORD = 1.3
_FRACTIONS = (1 / 8, 1 / 4, 1 / 2, 1.0)
_FEWEST = 2
"""Texts of each class in the smallest part of a learning curve."""


class TextTask(Task[TextOutcome, TextResult]):
    """n texts, each of one of K classes.

    Attributes:
        texts: the texts.
        classes: the K names in order.
        codes: int64 (n,), the class of each text.
        settings: what to compare, and how.
        static: static vectors by word.
        layers: layers of the texts that were read; None before.
    """

    ITEM: ClassVar[str] = "text"

    def __init__(
        self,
        elmo: Encoder,
        texts: Sequence[str],
        labels: Sequence[str],
        settings: ComparisonSettings | None = None,
        *,
        together: Sequence[tuple[int, int]] = (),
        split: Split | None = None,
        static: WordVectors | None = None,
    ) -> None:
        """Check the labels.

        Args:
            elmo: the model.
            texts: n texts, each once.
            labels: their labels.
            settings: what to compare, and how.
            together: pairs of near-duplicates, which are never on two sides of a split.
            split: a given split, instead of that of the settings.
            static: vectors of words (as gensim's KeyedVectors), for the mean of static vectors.

        Raises:
            InputError: there are no two classes, or one of them has a single text.
            ConfigError: the name of a method is wrong.
        """
        self.elmo, self.texts, self.settings = elmo, texts, settings or ComparisonSettings()
        self.seed, self.time_limit_s = self.settings.seed, self.settings.time_limit_s
        self.static = static
        self.classes, self.codes = _class_codes(texts, labels)
        self.lengths = np.array([len(text[: self.settings.max_characters]) + 1 for text in texts])
        self.at = np.full(len(texts), -1)
        self.layers: TextLayers | None = None
        self.together, self.has_given_splits, self._split = tuple(together), split is not None, split
        wanted = self.settings.methods
        fine_tunes = self.settings.fine_tune or FINE_TUNED in wanted
        self.known_methods = text_methods(elmo, has_static=static is not None, fine_tunes=fine_tunes)
        self.methods = self.chosen_methods((*wanted, FINE_TUNED) if wanted and fine_tunes else wanted)

    def with_model(self, elmo: Encoder) -> TextTask:
        """As `Task.with_model`."""
        known = text_methods(elmo, has_static=self.static is not None, fine_tunes=True)
        return TextTask(
            elmo,
            self.texts,
            [self.classes[code] for code in self.codes],
            self.settings.among({method.name for method in known}),
            together=self.together,
            split=self._split,
            static=self.static,
        )

    @cached_property
    def analyser(self) -> str:
        """What TF-IDF counts: "word", or "char" for scripts without blanks."""
        return word_settings(self.texts).analyser

    def splits(self) -> list[Split]:
        """The given split, stratified folds without empty ones, or one stratified split."""
        if self._split is not None:
            return [self._split]
        if self.settings.n_folds:
            folds = stratified_folds(self.codes, self.settings.n_folds, self.seed, self.together)
            return [fold for fold in folds if len(fold.test)]
        return [stratified_split(self.codes, self.settings.test_share, self.seed, self.together)]

    def take(self, rows: np.ndarray) -> list[str]:
        """Select texts."""
        return [self.texts[row] for row in rows]

    def taken_layers(self, rows: np.ndarray) -> TextLayers:
        """Select the layers of texts that were read."""
        assert self.layers is not None, "the texts are read before methods on the biLM run"
        return self.layers.take(self.at[rows])

    def measured_rate(self) -> float:
        """Seconds for one character, on a sample; a usual value without a time limit."""
        if math.isinf(self.time_limit_s):
            return USUAL_RATE
        return measured_rate(lambda rows: self._embed(rows, False, None), self.lengths, self.seed)

    def embed(self, rows: np.ndarray, *, keep_tokens: bool, report: Report | None) -> None:
        """Read texts; the layers of their tokens are kept only if they fit into memory."""
        most = self.settings.max_characters
        texts = (segmented(text[:most]) for text in self.take(rows))
        n_tokens = _TOKENS_PER_WORD * sum(len(text.split()) for text in texts)
        fits = n_tokens * self.elmo.n_layers * self.elmo.dim * 2 <= _TOKEN_BYTES
        self.layers = self._embed(rows, keep_tokens and fits, report)
        self.at[rows] = np.arange(len(rows))

    def _embed(self, rows: np.ndarray, keep_tokens: bool, report: Report | None) -> TextLayers:
        return embed_texts(
            self.elmo,
            self.take(rows),
            keep_tokens=keep_tokens,
            max_characters=self.settings.max_characters,
            report=report,
        )

    def growing_parts(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """An eighth, a quarter, a half and all of each class, where every class has two texts.

        Raises:
            InputError: some class has fewer than two texts in the whole.
        """
        rng = np.random.default_rng(0)
        codes = self.codes[rows]
        by_class = [rng.permutation(rows[codes == code]) for code in np.unique(codes)]
        parts = [[round(share * len(members)) for members in by_class] for share in _FRACTIONS]
        if min(parts[-1]) < _FEWEST:
            raise InputError("A learning curve needs at least two training texts of every class.")
        for sizes in parts:
            if min(sizes) >= _FEWEST:
                yield np.concatenate([members[:size] for members, size in zip(by_class, sizes, strict=True)])

    def score(self, splits: Sequence[Split], outcomes: Sequence[TextOutcome]) -> TextScores:
        """Macro-F1 and accuracy."""
        gold = self.codes[np.concatenate([split.test for split in splits])]
        predicted = np.concatenate([outcome.probabilities for outcome in outcomes]).argmax(axis=1)
        return score(gold, predicted, len(self.classes), self.seed)

    def result(
        self, method: Method[TextTask, TextOutcome], splits: Sequence[Split], outcomes: Sequence[TextOutcome]
    ) -> TextResult:
        """Scores and calibration of the probabilities."""
        rows = np.concatenate([split.test for split in splits])
        gold = self.codes[rows]
        probabilities = np.concatenate([outcome.probabilities for outcome in outcomes])
        first, *others = (outcome.products for outcome in outcomes)
        products = {
            name: np.concatenate([values, *(other[name] for other in others)])
            for name, values in first.items()
            if all(name in other for other in others)
        }
        unscaled = [outcome.unscaled for outcome in outcomes if outcome.unscaled is not None]
        return TextResult(
            method=method.name,
            needs_model=method.needs_model,
            rows=rows,
            scores=self.score(splits, outcomes),
            seed=self.seed,
            classes=self.classes,
            gold=gold,
            probabilities=probabilities,
            calibration=calibration(probabilities, gold),
            uncalibrated=calibration(np.concatenate(unscaled), gold) if unscaled else None,
            additions=additions(products, gold, len(self.classes), self.seed),
            estimator=outcomes[0].named(self.classes) if len(outcomes) == 1 else None,
        )


def _class_codes(texts: Sequence[str], labels: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """The K names of the classes in order, and the class of each text, int64 (n,)."""
    if len(texts) != len(labels):
        raise InputError(f"There are {len(texts)} texts but {len(labels)} labels.")
    names, codes = np.unique(np.asarray(labels), return_inverse=True)
    counts = np.bincount(codes) if len(codes) else np.zeros(0)
    if len(names) < 2 or counts.min() < 2:
        raise InputError("A comparison needs at least two classes with two texts each.")
    return tuple(map(str, names)), codes
