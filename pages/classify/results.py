"""What the page computes and keeps: tables, datasets, baselines, the map, files of classifiers."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from elmo_core import StaticVectors, load_static
from elmo_core.exceptions import ElmoError
from elmo_core.geometry.shared_frame import shared_frame
from elmo_core.learning import workflow
from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.inside.deciding_words import Occlusion, occlude
from elmo_core.learning.results import SkippedMethod
from elmo_core.learning.texts.dataset import Dataset, prepare
from elmo_core.learning.texts.kept import results_from_json
from elmo_core.learning.texts.methods import text_methods
from elmo_core.learning.texts.results import MAJORITY, TFIDF, ComparisonSettings, TextResult
from elmo_core.learning.texts.saving import classifier_files, load_classifier, load_facts
from elmo_core.learning.verdict import Verdict, verdict
from elmo_core.shipped import shipped
from elmo_core.static.registry import SHIPPED
from elmo_core.tables.reading import Table, read_table
from elmo_core.tables.records import ReadingOptions
from elmo_core.weights.store import JsonValue
from pages.common import jobs
from pages.common.chosen_model import model_name
from pages.common.loaders import REVIEWS, TOPICS, digest, load_model
from pages.common.openings import kept
from pages.common.results import kept_for_all, kept_for_visitor
from pages.common.upload import UploadedFile

SAMPLES = {TOPICS: "topics.csv", REVIEWS: "reviews.csv", "Messy messages": "messy.csv"}
CLEAN = (TOPICS, REVIEWS)
"""Samples with nothing to mend, whose results are seen before the table."""

_FOLDER = shipped("data/samples")
_RATE_SAMPLE = 60  # texts that are read to measure the speed


@cache
def sample_file(name: str) -> UploadedFile:
    """Return a bundled table."""
    content = (_FOLDER / SAMPLES[name]).read_bytes()
    return UploadedFile(digest(content), SAMPLES[name], content, is_sample=True)


@dataclass(frozen=True)
class OpenedTable:
    """A table, and the file and the way it was read."""

    file: UploadedFile
    options: ReadingOptions
    table: Table


def dataset_of(
    page: str,
    opened: OpenedTable,
    columns: tuple[str, str],
    merge: tuple[tuple[str, str], ...],
    drop_rare: bool,
) -> Dataset:
    """Return the texts and labels of a table; the page stops until duplicates are looked for.

    Args:
        page: prefix of the keys of all widgets.
        opened: the table.
        columns: of the texts and of the labels.
        merge: labels that are read as others.
        drop_rare: whether labels of a single row are left out.

    Raises:
        InputError: the columns cannot be used.
    """
    file, table = opened.file, opened.table
    return jobs.run_or_offer(
        f"{page}_dataset",
        ("dataset", file.key, opened.options, columns, merge, drop_rare),
        "Looking for duplicates",
        lambda job: job.apart(prepare, table, *columns, merge=dict(merge), drop_rare=drop_rare),
        seconds=file.seconds,
        results=file.results,
    )


@kept_for_all(8)
def kept_comparison(model: str) -> tuple[TextResult, ...]:
    """Return the comparison of the topics that `bench.openings` kept for a model; empty = none."""
    found = kept(model).get("comparison")
    return results_from_json(found) if found else ()


@kept_for_all(16)
def baselines_of(key: str, n_folds: int, _data: Dataset) -> tuple[TextResult | SkippedMethod, ...]:
    """Return the scores of guessing and TF-IDF on a sample, before anything is trained."""
    settings = ComparisonSettings(methods=(MAJORITY, TFIDF), n_folds=n_folds)
    return tuple(workflow.compare_methods(load_model(model_name()), _data.texts, _data.labels, settings))


@kept_for_visitor(4)
def verdict_of(key: str, _results: tuple[TextResult | SkippedMethod, ...]) -> Verdict:
    """Return the verdict on results, which `key` identifies."""
    return verdict(_results)


@kept_for_all(2)
def _seconds_per_character(model: str) -> float:
    file = sample_file("Reviews")
    texts = list(read_table(file.content, file.name).column("text")[:_RATE_SAMPLE])
    elmo = load_model(model)
    elmo.embed(texts[:2])  # the first call also loads the tokeniser
    started = time.monotonic()
    elmo.embed(texts)
    return (time.monotonic() - started) / sum(map(len, texts))


@kept_for_all(1)
def static_vectors() -> StaticVectors | None:
    """Return the shipped word2vec, for the mean of static vectors; None where it is missing."""
    try:
        return load_static(SHIPPED)
    except ElmoError:
        return None


def methods(model: str) -> tuple[str, ...]:
    """Return all methods that can be compared here with a model."""
    known = text_methods(load_model(model), has_static=static_vectors() is not None)
    return tuple(method.name for method in known)


def expected_seconds(data: Dataset, settings: ComparisonSettings, second: str | None = None) -> float:
    """Return the expected seconds of a comparison, at this machine's speed when it was first measured.

    Args:
        data: what is learned.
        settings: what is compared.
        second: name of a second model that is compared; None = there is one model.
    """
    static, seconds = static_vectors(), 0.0
    for name in filter(None, (model_name(), second)):
        own, rate = settings.among(methods(name)), _seconds_per_character(name)
        seconds += sum(workflow.expected_seconds(load_model(name), data, own, static=static, rate=rate))
    return seconds


@kept_for_visitor(4)
def map_of(key: str, _means: np.ndarray) -> np.ndarray:
    """Return coordinates (n, 2) of texts by PCA of their vectors (n, D)."""
    return np.asarray(shared_frame(_means[None], 1).coordinates[0])


@kept_for_visitor(64)
def words_of(key: str, text: str, class_index: int | None, _classifier: ElmoClassifier) -> Occlusion:
    """Return what each word adds to a class; `key` identifies the classifier. InputError: no words."""
    return occlude(_classifier, text, class_index)


@kept_for_visitor(1)
def files_of(key: str, _classifier: ElmoClassifier, _facts: Mapping[str, JsonValue]) -> dict[str, bytes]:
    """Return the files of a classifier by name; `key` identifies it."""
    return classifier_files(_classifier, facts=_facts)


@kept_for_visitor(2)
def load_saved(key: str, _content: bytes) -> tuple[ElmoClassifier, dict[str, JsonValue]]:
    """Load a classifier and its facts from a visitor's `.zip`; only the app's own biLM is ever loaded.

    Raises:
        ModelError: it is no classifier, or one of another biLM.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "classifier.zip"
        path.write_bytes(_content)
        return load_classifier(path, model=load_model(model_name())), load_facts(path)
