"""Whole runs, for pages, commands and notebooks: a comparison and what follows from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from elmo_core.encoders.protocol import Encoder
from elmo_core.learning.comparison import Comparison
from elmo_core.learning.epochs import Epoch
from elmo_core.learning.inside.inspection import Inspection, inspect
from elmo_core.learning.results import SkippedMethod, best_result, results_run
from elmo_core.learning.tags.results import TagResult
from elmo_core.learning.tags.task import TagTask
from elmo_core.learning.texts.dataset import Dataset
from elmo_core.learning.texts.results import LEARNED, ComparisonSettings, TextResult
from elmo_core.learning.texts.task import TextTask
from elmo_core.learning.time_budget import expected_steps
from elmo_core.learning.verdict import Verdict
from elmo_core.learning.word_vectors import WordVectors
from elmo_core.measuring.splitting import Split
from elmo_core.progress import Report, part_of
from elmo_core.weights.store import JsonValue

COMPARED = 0.8
"""Share of the time for the comparison; the rest is for the look inside."""


def compare_methods(
    elmo: Encoder,
    texts: Sequence[str],
    labels: Sequence[str],
    settings: ComparisonSettings | None = None,
    *,
    together: Sequence[tuple[int, int]] = (),
    split: Split | None = None,
    static: WordVectors | None = None,
    second: Encoder | None = None,
    report: Report | None = None,
) -> Iterator[TextResult | SkippedMethod]:
    """Compare methods that classify texts; arguments and errors as `TextTask` and `Comparison`.

    Args:
        elmo: see there.
        texts: see there.
        labels: see there.
        settings: see there.
        together: see there.
        split: see there.
        static: see there.
        second: another model, with which the methods on the model run too, within a time limit of their own.
        report: see there.

    Yields:
        The result of each method as soon as it is ready, or why it was skipped.
    """
    task = TextTask(elmo, texts, labels, settings, together=together, split=split, static=static)
    first = Comparison(task, report=report if second is None else part_of(report, 0.0, 0.5))
    yield from first.results()
    if second is not None:
        yield from Comparison(task.with_model(second), first=first, report=part_of(report, 0.5, 1)).results()


def compare_taggers(
    task: TagTask,
    *,
    second: Encoder | None = None,
    report: Report | None = None,
    on_epoch: Callable[[str, Epoch], None] | None = None,
) -> Iterator[TagResult | SkippedMethod]:
    """Compare methods that tag tokens; arguments and errors as `Comparison`.

    Args:
        task: see there.
        second: another model, with which the methods on the model run too.
        report: see there.
        on_epoch: see there.

    Yields:
        The result of each method as soon as it is ready, or why it was skipped.
    """
    own = report if second is None else part_of(report, 0.0, 0.5)
    first = Comparison(task, report=own, on_epoch=on_epoch)
    yield from first.results()
    if second is not None:
        told = part_of(report, 0.5, 1.0)
        other = Comparison(task.with_model(second), first=first, report=told, on_epoch=on_epoch)
        yield from other.results()


def run_classification(
    elmo: Encoder,
    data: Dataset,
    settings: ComparisonSettings,
    *,
    static: WordVectors | None = None,
    second: Encoder | None = None,
    report: Report | None = None,
) -> Iterator[TextResult | SkippedMethod | Inspection]:
    """Compare methods on a dataset, then look inside the best one.

    Args:
        elmo: the model.
        data: texts with labels.
        settings: what to compare; comparison and look inside keep to their time limit together.
        static: vectors of words, for the mean of static vectors.
        second: see `compare_methods`; it has as much time again, and is not looked into.
        report: called with the progress; an error it raises stops the work.

    Yields:
        The results as `compare_methods` does, then an inspection if a method on the biLM was run.

    Raises:
        InputError: the dataset cannot be learned from.
        ConfigError: a setting is impossible.
    """
    data.require_usable()
    end = time.monotonic() + settings.time_limit_s
    shortened = replace(settings, time_limit_s=COMPARED * settings.time_limit_s)
    pairs = [(pair.first, pair.second) for pair in data.near_duplicates]
    task = TextTask(elmo, data.texts, data.labels, shortened, together=pairs, static=static)
    comparison = Comparison(task, report=part_of(report, 0.0, COMPARED / (1 if second is None else 2)))
    results: list[TextResult | SkippedMethod] = []
    for result in comparison.results():
        if isinstance(result, TextResult) and task.method(result.method).is_beyond_limit:
            end += result.seconds
        results.append(result)
        yield result
    if second is not None:
        started, told = time.monotonic(), part_of(report, COMPARED / 2, COMPARED)
        yield from Comparison(task.with_model(second), first=comparison, report=told).results()
        end += time.monotonic() - started
    best = best_result(results)
    if best is None:
        return
    linear = (one.classifier for one in results_run(results) if one.method == LEARNED)
    penalty = next((one.penalty_ for one in linear if one is not None), None)
    inside = part_of(report, COMPARED, 1.0)
    yield inspect(task, comparison.splits[0], best, penalty=penalty, end=end, report=inside)


def expected_seconds(
    elmo: Encoder,
    data: Dataset,
    settings: ComparisonSettings,
    *,
    static: WordVectors | None = None,
    rate: float | None = None,
) -> tuple[float, float]:
    """Estimate what `run_classification` takes; arguments as there.

    Args:
        elmo: see there.
        data: see there.
        settings: see there.
        static: see there.
        rate: seconds that the layers of one character take; None = measure it on a sample.

    Returns:
        Seconds within the time limit, and the seconds of fine-tuning beyond it.

    Raises:
        InputError: the dataset cannot be learned from.
        ConfigError: a setting is impossible.
    """
    data.require_usable()
    task = TextTask(elmo, data.texts, data.labels, settings, static=static)
    steps = expected_steps(
        task,
        task.methods,
        task.measured_rate() if rate is None else rate,
        max(settings.n_folds, 1),
        COMPARED * settings.time_limit_s,
    )
    beyond = sum(steps[method.name] for method in task.methods if method.is_beyond_limit)
    within = (sum(steps.values()) - beyond) / COMPARED
    if settings.n_folds:  # the look inside trains once more, on all texts
        beyond *= (settings.n_folds + 1) / settings.n_folds
    return min(within, settings.time_limit_s), beyond


def classification_facts(
    inspection: Inspection, data: Dataset, columns: tuple[str, str], found: Verdict
) -> dict[str, JsonValue]:
    """List what to keep with the saved classifier of an inspection.

    Args:
        inspection: with the classifier and its scores.
        data: what it was trained on.
        columns: of the texts and of the labels.
        found: the verdict on the comparison.
    """
    text, label = columns
    learned = {"rows_learned_from": inspection.n_learned}
    named = {"data": data.name, "text_column": text, "label_column": label}
    return named | inspection.best.facts(data.name) | learned | {"verdict": found.sentence}
