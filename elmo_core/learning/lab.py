"""A whole session of the classifier lab: the comparison, then a look inside its best head."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from elmo_core.embedder import Elmo
from elmo_core.exceptions import InputError
from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.comparison import Comparison
from elmo_core.learning.inside.label_errors import Suspect, find_label_errors, out_of_fold
from elmo_core.learning.inside.learning_curve import Point, learning_curve
from elmo_core.learning.methods import classifier_of
from elmo_core.learning.results import (
    BASELINES,
    LEARNED,
    LEARNED_WORDS,
    ComparisonSettings,
    LeftOut,
    MethodResult,
)
from elmo_core.learning.text_layers import Report, TextLayers, part_of
from elmo_core.learning.texts.dataset import Dataset
from elmo_core.learning.verdict import Verdict
from elmo_core.learning.word_vectors import WordVectors
from elmo_core.measuring.splitting import Split
from elmo_core.weights.store import JsonValue

COMPARED = 0.8
"""Share of the time for the comparison."""
PROBE = LEARNED_WORDS
"""The method that learning curve and label errors are computed with: a strong one that is learned quickly."""


@dataclass(frozen=True, eq=False)
class Inspection:
    """What a look inside has found; rows are positions in the dataset."""

    rows: np.ndarray
    """int64 (m,): the texts that were read."""
    means: np.ndarray
    """float32 (m, D): their vectors, the mean over layers and tokens."""
    curve: tuple[Point, ...]
    suspects: tuple[Suspect, ...]
    left_out: tuple[str, ...]
    """Sentences about what is missing."""
    best: MethodResult
    """The best method on the biLM."""
    classifier: ElmoClassifier
    """Its classifier: that of the one split or, after a cross-validation, one trained on all rows."""
    n_learned: int
    """Rows it has learned from."""


def run_lab(
    elmo: Elmo,
    data: Dataset,
    settings: ComparisonSettings,
    *,
    static: WordVectors | None = None,
    report: Report | None = None,
) -> Iterator[MethodResult | LeftOut | Inspection]:
    """Compare methods on a dataset, then look inside.

    Args:
        elmo: the model.
        data: texts with labels.
        settings: what to compare; all of it keeps to their time limit.
        static: vectors of words, for the mean of static vectors.
        report: told how far it is; an error it raises stops the work.

    Yields:
        The results as `compare_methods` does, then, where a method on the biLM could be run, an inspection.

    Raises:
        InputError: the dataset cannot be learned from.
        ConfigError: a setting is impossible.
    """
    data.require_usable()
    end = time.monotonic() + settings.time_limit_s
    comparison = Comparison(
        elmo,
        data.texts,
        data.labels,
        replace(settings, time_limit_s=COMPARED * settings.time_limit_s),
        together=[(pair.first, pair.second) for pair in data.near_duplicates],
        static=static,
        report=part_of(report, 0.0, COMPARED),
    )
    results: list[MethodResult | LeftOut] = []
    for result in comparison.results():
        results.append(result)
        yield result
    best = best_on_bilm(results)
    if best is not None:
        linear = (
            one.classifier for one in results if isinstance(one, MethodResult) and one.method == LEARNED
        )
        penalty = next((one.penalty_ for one in linear if one is not None), None)
        yield _inspect(comparison, data, best, penalty, end, report)


def best_on_bilm(results: Sequence[MethodResult | LeftOut]) -> MethodResult | None:
    """The method on the biLM with the highest macro-F1; None where none was run."""
    done = [one for one in results if isinstance(one, MethodResult) and one.method not in BASELINES]
    return max(done, key=lambda one: one.scores.macro_f1.value, default=None)


def facts_of(
    inspection: Inspection, data: Dataset, columns: tuple[str, str], found: Verdict
) -> dict[str, JsonValue]:
    """What is kept with the saved classifier of an inspection.

    Args:
        inspection: with the classifier and its scores.
        data: what it was trained on.
        columns: of the texts and of the labels.
        found: the verdict of the comparison.
    """
    best = inspection.best
    f1, accuracy = best.scores.macro_f1, best.scores.accuracy
    return {
        "data": data.name,
        "text_column": columns[0],
        "label_column": columns[1],
        "method": best.method,
        "macro_f1": round(f1.value, 4),
        "macro_f1_low": round(f1.low, 4),
        "macro_f1_high": round(f1.high, 4),
        "accuracy": round(accuracy.value, 4),
        "rows_learned_from": inspection.n_learned,
        "rows_tested_on": best.scores.n,
        "seed": best.seed,
        "verdict": found.sentence,
    }


def _inspect(
    comparison: Comparison, data: Dataset, best: MethodResult, penalty: float | None, end: float,
    report: Report | None,
) -> Inspection:  # fmt: skip
    """Look inside; `penalty` is that of the linear head on all training rows, if it is known."""
    assert comparison.layers is not None
    settings = comparison.settings
    rows = np.flatnonzero(comparison.at >= 0)
    layers, codes = comparison.layers.take(comparison.at[rows]), comparison.codes[rows]
    make = partial(
        classifier_of,
        model=comparison.elmo,
        seed=settings.seed,
        balanced=settings.balanced,
        max_characters=settings.max_characters,
    )
    classifier, n_learned = best.classifier, best.n_train
    if classifier is None:
        labels = [data.labels[row] for row in rows]
        classifier = make(best.method).fit(
            layers, labels, report=part_of(report, COMPARED, 0.85, "training on all texts")
        )
        n_learned = len(rows)
    layers = layers.without_tokens()
    probe = make(PROBE)
    curve, missing = _curve(probe, layers, codes, comparison.splits[0].among(rows), end, report)
    suspects = tuple[Suspect, ...]()
    if time.monotonic() < end:
        probe.set_params(penalty=penalty)
        found = out_of_fold(
            probe,
            layers,
            codes,
            seed=settings.seed,
            together=_among([(pair.first, pair.second) for pair in data.near_duplicates], rows),
            report=part_of(report, 0.92, 1.0, "label errors"),
        )
        suspects = tuple(replace(one, row=int(rows[one.row])) for one in find_label_errors(found, codes))
    else:
        missing.append("There was no time left to look for label errors; allow more.")
    means = layers.means.mean(axis=1)
    return Inspection(rows, means, curve, suspects, tuple(missing), best, classifier, n_learned)


def _among(pairs: Sequence[tuple[int, int]], rows: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of some rows (int64, in rising order) as pairs of positions among them."""
    at = {row: index for index, row in enumerate(rows.tolist())}
    return [(at[a], at[b]) for a, b in pairs if a in at and b in at]


def _curve(
    probe: ElmoClassifier,
    layers: TextLayers,
    codes: np.ndarray,
    split: Split,
    end: float,
    report: Report | None,
) -> tuple[tuple[Point, ...], list[str]]:
    """The learning curve as far as there is time, and why it is not complete."""
    points: list[Point] = []
    try:
        for point in learning_curve(
            probe, layers, codes, split, report=part_of(report, 0.85, 0.92, "learning curve")
        ):
            points.append(point)
            if time.monotonic() > end:
                return tuple(points), ["There was no time left for the whole learning curve; allow more."]
    except InputError as error:
        return (), [str(error)]
    return tuple(points), []
