"""The caches of the classifier lab: tables, datasets, baselines, the map.

Results are kept under the SHA-256 of a file and what was asked of it: those of the samples for all
sessions, those of a user's table for its own session only.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import streamlit as st

from elmo_core import StaticVectors, load_static
from elmo_core.exceptions import ElmoError
from elmo_core.geometry.shared_frame import shared_frame
from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.comparison import compare_methods
from elmo_core.learning.inside.deciding_words import Occlusion, occlude
from elmo_core.learning.lab import COMPARED
from elmo_core.learning.methods import method_names
from elmo_core.learning.plan import step_seconds
from elmo_core.learning.results import MAJORITY, TFIDF, ComparisonSettings, LeftOut, MethodResult
from elmo_core.learning.saving import classifier_files, load_classifier, load_facts
from elmo_core.learning.texts.dataset import Dataset, prepare
from elmo_core.learning.texts.tfidf import word_settings
from elmo_core.learning.verdict import Verdict, verdict
from elmo_core.shipped import shipped
from elmo_core.static.registry import SHIPPED
from elmo_core.tables.reading import Table, read_table
from elmo_core.tables.records import Progress, ReadingOptions
from elmo_core.weights.store import JsonValue
from pages.common import jobs
from pages.common.files import LONG_BYTES
from pages.common.loaders import digest, load_model, model_name
from pages.common.results import kept_for_all, kept_for_session

SAMPLES = {"Reviews": "reviews.csv", "Topics": "topics.csv", "Messy messages": "messy.csv"}

_FOLDER = shipped("data/samples")
_RATE_SAMPLE = 60  # texts that are read to measure the speed

T = TypeVar("T")


@dataclass(frozen=True)
class TableFile:
    """A file that holds a table, and what its results are kept under."""

    key: str
    name: str
    content: bytes
    is_sample: bool = False


@cache
def sample_file(name: str) -> TableFile:
    """A bundled table."""
    content = (_FOLDER / SAMPLES[name]).read_bytes()
    return TableFile(digest(content), SAMPLES[name], content, is_sample=True)


@dataclass(frozen=True)
class OpenedTable:
    """A table, and the file and the way it was read."""

    file: TableFile
    options: ReadingOptions
    table: Table


def table_of(page: str, file: TableFile, options: ReadingOptions) -> Table:
    """The table in a file; a large one is read as a job, until which the page stops.

    Raises:
        InputError: there is none.
    """
    if len(file.content) > LONG_BYTES:
        read = partial(_read, "", options, file)
        return _awaited(f"{page}_table", f"{file.key} {options}", f"Reading {file.name}", read)
    read_now = _read_for_all if file.is_sample else _read_for_session
    with st.spinner("Reading the table"):
        table: Table = read_now(file.key, options, file)
    return table


def dataset_of(
    page: str,
    opened: OpenedTable,
    columns: tuple[str, str],
    merge: tuple[tuple[str, str], ...],
    drop_rare: bool,
) -> Dataset:
    """Texts and labels of a table; those of a large one are looked through as a job.

    Raises:
        InputError: the columns cannot be used.
    """
    file, asked = opened.file, (opened.options, columns, merge, drop_rare)
    if len(file.content) > LONG_BYTES:
        make = partial(_prepare, "", *asked, opened.table)
        return _awaited(f"{page}_dataset", f"{file.key} {asked}", "Looking for duplicates", make)
    make_now = _prepare_for_all if file.is_sample else _prepare_for_session
    with st.spinner("Looking for duplicates"):
        data: Dataset = make_now(file.key, *asked, opened.table)
    return data


def _awaited(page: str, subject: str, title: str, work: Callable[..., T]) -> T:
    found: T = jobs.awaited(
        page, subject, title, lambda job: work(_progress=lambda share: job.report("", share))
    )
    return found


def _read(key: str, options: ReadingOptions, _file: TableFile, _progress: Progress | None = None) -> Table:
    return read_table(_file.content, _file.name, **vars(options), progress=_progress)


def _prepare(
    key: str,
    options: ReadingOptions,
    columns: tuple[str, str],
    merge: tuple[tuple[str, str], ...],
    drop_rare: bool,
    _table: Table,
    _progress: Progress | None = None,
) -> Dataset:
    return prepare(_table, *columns, merge=dict(merge), drop_rare=drop_rare, progress=_progress)


_read_for_all, _read_for_session = kept_for_all(16)(_read), kept_for_session(3)(_read)
_prepare_for_all, _prepare_for_session = kept_for_all(16)(_prepare), kept_for_session(3)(_prepare)


@kept_for_all(16)
def baselines_of(key: str, n_folds: int, _data: Dataset) -> tuple[MethodResult | LeftOut, ...]:
    """What guessing and TF-IDF reach on a sample, before anything is trained."""
    settings = ComparisonSettings(methods=(MAJORITY, TFIDF), n_folds=n_folds)
    return tuple(compare_methods(load_model(model_name()), _data.texts, _data.labels, settings))


@kept_for_session(4)
def verdict_of(key: str, _results: tuple[MethodResult | LeftOut, ...]) -> Verdict:
    """The verdict on results; `key` names them."""
    return verdict(_results)


@kept_for_all(2)
def _seconds_per_character(model: str) -> float:
    file = sample_file("Reviews")
    texts = list(_read_for_all(file.key, ReadingOptions(), file).column("text")[:_RATE_SAMPLE])
    elmo = load_model(model)
    elmo.embed(texts[:2])  # the first call also loads the tokeniser
    started = time.monotonic()
    elmo.embed(texts)
    return (time.monotonic() - started) / sum(map(len, texts))


@kept_for_all(1)
def static_vectors() -> StaticVectors | None:
    """The word2vec that ships, for the mean of static vectors; None where it is missing."""
    try:
        return load_static(SHIPPED)
    except ElmoError:
        return None


def methods() -> tuple[str, ...]:
    """All methods that can be compared here."""
    return method_names(load_model(model_name()), has_static=static_vectors() is not None)


def expected_seconds(data: Dataset, settings: ComparisonSettings) -> float:
    """How long a comparison will take about, on this machine as it was when the first one was asked for."""
    name = model_name()
    elmo = load_model(name)
    lengths = [min(len(text), settings.max_characters) for text in data.texts]
    steps = step_seconds(
        settings.methods or methods(),
        n_texts=len(lengths),
        n_characters=float(sum(lengths)),
        rate=_seconds_per_character(name),
        shape=(elmo.n_layers, elmo.dim),
        analyser=word_settings(data.texts).analyser,
        n_folds=settings.n_folds,
        limit_s=COMPARED * settings.time_limit_s,
    )
    return min(sum(steps.values()) / COMPARED, settings.time_limit_s)


@kept_for_session(4)
def map_of(key: str, _means: np.ndarray) -> np.ndarray:
    """Places (n, 2) of texts in one plane, by PCA of their vectors (n, D)."""
    return np.asarray(shared_frame(_means[None], 1).coordinates[0])


@kept_for_session(64)
def words_of(key: str, text: str, class_index: int | None, _classifier: ElmoClassifier) -> Occlusion:
    """What each word adds to a class; `key` names the classifier. InputError for a text without words."""
    return occlude(_classifier, text, class_index)


@kept_for_session(4)
def files_of(key: str, _classifier: ElmoClassifier, _facts: Mapping[str, JsonValue]) -> dict[str, bytes]:
    """The files of a classifier by name; `key` names it."""
    return classifier_files(_classifier, facts=_facts)


@kept_for_session(2)
def load_saved(key: str, _content: bytes) -> tuple[ElmoClassifier, dict[str, JsonValue]]:
    """A classifier and its facts out of a user's `.zip`; only the app's own biLM is ever loaded for it.

    Raises:
        ModelError: it is no classifier, or one of another biLM.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "classifier.zip"
        path.write_bytes(_content)
        return load_classifier(path, model=load_model(model_name())), load_facts(path)
