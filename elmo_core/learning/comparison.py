"""One run, many methods on the same rows: each result as soon as it is there, within a time limit."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elmo_core.embedder import Elmo
from elmo_core.learning.budget import (
    affordable_folds,
    affordable_rows,
    affordable_tests,
    affordable_vectors,
)
from elmo_core.learning.calibration import calibration, softmax
from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.judging import judge, spread
from elmo_core.learning.layout import chosen_methods, class_codes, make_splits
from elmo_core.learning.methods import BASE, classifier_of, method_names
from elmo_core.learning.plan import LINEAR_SECONDS, READING, TFIDF_SECONDS, Progress, step_seconds
from elmo_core.learning.results import (
    ATTENTION,
    BASELINES,
    LEARNED,
    MAJORITY,
    TFIDF,
    ComparisonSettings,
    LeftOut,
    MethodResult,
)
from elmo_core.learning.text_layers import Report, TextLayers
from elmo_core.learning.texts import baselines
from elmo_core.learning.texts.text_source import TextSource
from elmo_core.learning.texts.tfidf import word_settings
from elmo_core.learning.word_vectors import WordVectors
from elmo_core.measuring.splitting import Split, rows_beside_training

_TFIDF_SHARE = 0.25


def compare_methods(
    elmo: Elmo,
    texts: Sequence[str],
    labels: Sequence[str],
    settings: ComparisonSettings | None = None,
    *,
    together: Sequence[tuple[int, int]] = (),
    split: Split | None = None,
    static: WordVectors | None = None,
    report: Report | None = None,
) -> Iterator[MethodResult | LeftOut]:
    """Compare methods on the same rows.

    Args:
        elmo: the model.
        texts: n texts, each once.
        labels: their labels.
        settings: what to compare, and how.
        together: pairs of near-duplicates, which never get on two sides of a split.
        split: a given one, instead of that of the settings.
        static: vectors of words (as gensim's KeyedVectors), for the mean of static vectors.
        report: told how far a step is; an error it raises stops the work.

    Yields:
        The result of each method as soon as it is there, or why there is none.

    Raises:
        InputError: there are no two classes, or one of them has a single text.
        ConfigError: a name of a method is wrong.
    """
    comparison = Comparison(
        elmo, texts, labels, settings, together=together, split=split, static=static, report=report
    )
    yield from comparison.results()


class Comparison:
    """A comparison that also hands out what its results rest on.

    Attributes:
        classes: the K names in order.
        codes: int64 (n,), the class of each text.
        splits: what is learned from and tested on; fewer rows than asked for where time is short.
        layers: of the texts that were embedded; None before the first method on the biLM.
        at: int64 (n,), where each text is among `layers`; -1 = nowhere.
    """

    def __init__(
        self,
        elmo: Elmo,
        texts: Sequence[str],
        labels: Sequence[str],
        settings: ComparisonSettings | None = None,
        *,
        together: Sequence[tuple[int, int]] = (),
        split: Split | None = None,
        static: WordVectors | None = None,
        report: Report | None = None,
    ) -> None:
        """Check what is compared; arguments and errors as `compare_methods`."""
        self.elmo, self.texts, self.settings = elmo, texts, settings or ComparisonSettings()
        self._end = time.monotonic() + self.settings.time_limit_s
        self._static, self._progress = static, Progress(report)
        self._source = TextSource(elmo, texts, self.settings.max_characters, self._progress)
        self.classes, self.codes = class_codes(texts, labels)
        known = method_names(elmo, has_static=static is not None)
        self.methods = chosen_methods(self.settings.methods, known)
        self.splits = [split] if split is not None else make_splits(self.codes, self.settings, together)
        self.layers: TextLayers | None = None
        self.at = np.full(len(texts), -1)
        self._is_given = split is not None
        self._together = tuple(together)
        self._tfidf: np.ndarray | None = None
        self._fitted: dict[str, list[ElmoClassifier]] = {}
        self._note = ""

    @property
    def left_s(self) -> float:
        """Seconds until its time is up."""
        return self._end - time.monotonic()

    def results(self) -> Iterator[MethodResult | LeftOut]:
        """Run the methods that need no vectors, embed, run the others; errors as `compare_methods`."""
        needs_vectors = [name for name in self.methods if name not in BASELINES]
        rate = self._fit_to_time() if needs_vectors else 0.0
        self._progress.expect(self._expected(rate))
        for name in self.methods:
            if name not in needs_vectors:
                yield self._baseline(name)
        if not needs_vectors:
            return
        kept, note = affordable_vectors(
            rate, self._source.lengths, self.splits, self.left_s, self.settings.seed
        )
        if kept is None:
            yield from (LeftOut(name, note) for name in needs_vectors)
            return
        self._progress.start(READING)
        self.layers = self._source.read(kept, keep_tokens=ATTENTION in needs_vectors)
        self.at[kept] = np.arange(len(kept))
        for index, name in enumerate(needs_vectors):
            reason = self._too_slow(name)
            if reason:
                yield LeftOut(name, reason)
            else:
                yield self._elmo_method(name, note, len(needs_vectors) - index)

    def _expected(self, rate: float) -> dict[str, float]:
        return step_seconds(
            self.methods,
            n_texts=len(self.texts),
            n_characters=float(self._source.lengths.sum()),
            rate=rate,
            shape=(self.elmo.n_layers, self.elmo.dim),
            analyser=word_settings(self.texts).analyser,
            n_folds=len(self.splits),
            limit_s=self.settings.time_limit_s,
        )

    def _baseline(self, name: str) -> MethodResult:
        started = time.monotonic()
        parts, note, n_train = [], "", 0
        for index, split in enumerate(self.splits):
            self._progress.start(name, index, len(self.splits))
            train = split.train
            if name != MAJORITY:
                train, note = self._affordable_train(split.train)
            n_train = len(train)
            parts.append(self._predict_baseline(name, train, split.test))
        result = replace(self._result(name, parts, started, n_train), note=self._noted(note))
        if name == TFIDF:
            self._tfidf = result.predicted
        return result

    def _predict_baseline(self, name: str, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        codes, k, settings = self.codes[train], len(self.classes), self.settings
        if name == MAJORITY:
            return baselines.majority(codes, len(test), k)
        texts, others = self._source.take(train), self._source.take(test)
        options: dict[str, Any] = {"balanced": settings.balanced, "seed": settings.seed}
        if name == TFIDF:
            return baselines.tfidf(texts, codes, others, k, report=self._progress, **options)
        assert self._static is not None
        return baselines.static_mean(self._static, texts, codes, others, k, **options)

    def _affordable_train(self, train: np.ndarray) -> tuple[np.ndarray, str]:
        """Training rows that a baseline reads in its share of the time."""
        cost = TFIDF_SECONDS[word_settings(self.texts).analyser]
        most = _TFIDF_SHARE * self.settings.time_limit_s / len(self.splits) / cost
        lengths = np.array([len(self.texts[row]) for row in train])
        return affordable_rows(train, lengths, most, self.settings.seed)

    def _elmo_method(self, name: str, note: str, n_left: int) -> MethodResult:
        assert self.layers is not None
        started = time.monotonic()
        parts, unscaled, fitted, n_train = [], [], [], 0
        limit = max(self.left_s, 0.0) / len(self.splits)
        share = limit if name == ATTENTION else limit / max(n_left - 1, 1)
        for index, split in enumerate(self.splits):
            self._progress.start(name, index, len(self.splits))
            rows = split.train[self.at[split.train] >= 0]
            n_train = len(rows)
            train, test = (self.layers.take(self.at[one]) for one in (rows, split.test))
            if name in BASE:
                classifier = copy.copy(self._fitted[BASE[name]][index])
                classifier.add_words(train, self.codes[rows], report=self._progress)
            else:
                classifier = self._classifier(name, share)
                classifier.fit(train, self.codes[rows], report=self._progress)
            fitted.append(classifier)
            logits = classifier.logits(test)
            present, k = classifier.classes_, len(self.classes)
            parts.append(spread(softmax(logits, classifier.temperature_), present, k))
            unscaled.append(spread(softmax(logits), present, k))
        self._fitted[name] = fitted
        result = self._result(name, parts, started, n_train)
        weights = np.mean([one.layer_weights_ for one in fitted], axis=0)
        only = None
        if len(self.splits) == 1:  # it has learned numbers of classes; whoever uses it wants their names
            only = copy.copy(fitted[0])
            only.classes_ = np.array(self.classes)[only.classes_]
        return replace(
            result,
            uncalibrated=calibration(np.concatenate(unscaled), result.gold),
            layer_weights=tuple(weights.tolist()),
            note=self._noted(note),
            classifier=only,
        )

    def _classifier(self, name: str, seconds: float) -> ElmoClassifier:
        settings = self.settings
        return classifier_of(
            name,
            self.elmo,
            seed=settings.seed,
            balanced=settings.balanced,
            max_characters=settings.max_characters,
            time_limit_s=max(seconds, 0.1),
        )

    def _noted(self, note: str) -> str:
        """What to say about the rows of a result; empty = all took part."""
        parts = ", ".join(part for part in (note, self._note) if part)
        return f"{parts} to keep to the time limit" if parts else ""

    def _fit_to_time(self) -> float:
        """Take fewer test rows where all of them would take too long; seconds for one character."""
        lengths, limit, seed = self._source.lengths, self.settings.time_limit_s, self.settings.seed
        rate = self._source.rate(seed)
        if self.settings.n_folds and not self._is_given:
            self.splits, self._note = affordable_folds(self.splits, lengths, rate, limit, seed)
        elif not self._is_given:
            found, self._note = affordable_tests(self.splits[0], lengths, rate, limit, seed)
            self.splits = [found]
        return rate

    def _too_slow(self, name: str) -> str:
        """Why a method cannot be run; empty if it can."""
        assert self.layers is not None
        if name in BASE and BASE[name] not in self._fitted:
            return f"it builds on {BASE[name]}, which was left out"
        if name == ATTENTION and self.layers.tokens is None:
            return "the vectors of all words of these texts need too much memory; use fewer or shorter texts"
        n_layers = self.elmo.n_layers if name == LEARNED else 1
        if LINEAR_SECONDS * len(self.layers) * self.elmo.dim * n_layers * len(self.splits) > self.left_s:
            return "the time was up; allow more"
        return ""

    def _result(self, name: str, parts: list[np.ndarray], started: float, n_train: int) -> MethodResult:
        rows = np.concatenate([split.test for split in self.splits])
        found = judge(
            name,
            self.classes,
            rows,
            self.codes[rows],
            np.concatenate(parts),
            tfidf=self._tfidf,
            seconds=time.monotonic() - started,
            n_train=n_train,
            seed=self.settings.seed,
        )
        n_beside = rows_beside_training(self.splits, self._together)
        return replace(found, n_folds=len(self.splits), n_beside_training=n_beside)
