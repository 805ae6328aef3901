"""The only caches: models, texts, and all that is computed of them.

Results are kept under names and the SHA-256 of a text; arguments that start with an underscore are no
part of the key. Those of the sample are kept for all sessions, those of a user's text for its own only.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from hashlib import sha256
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np
import streamlit as st

from elmo_core import load_elmo
from elmo_core.analysis import reading
from elmo_core.analysis.projection import Frame, Method, shared_frame
from elmo_core.analysis.reading import Table, Text
from elmo_core.analysis.senses import Study, view_names, with_uniform_mix
from elmo_core.analysis.separation import Separation, separation
from elmo_core.analysis.uses import Uses, find_uses, frequent_words, gather_vectors
from elmo_core.embedder import Elmo
from elmo_core.exceptions import InputError
from elmo_core.weights.registry import known_models

SHIPPED_MODEL, RANDOM_MODEL = "english-small", "tiny"
FIRST_WORD = "bank"
CHUNK = 64
"""Uses embedded in one go, between two steps of a progress bar."""

_SAMPLE = Path(__file__).parents[2] / "data" / "samples" / "senses.csv"
_one_at_a_time = threading.Lock()  # two computations on the same cores finish later than one after the other

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Source:
    """A text to explore, and what its results are kept under."""

    key: str
    text: Text
    is_sample: bool = False


def kept(function: Callable[Concatenate[str, Source, P], R]) -> Callable[Concatenate[Source, P], R]:
    """Keep results about a text: f(key, source, ...) becomes f(source, ...), its key that of the text."""
    for_all = st.cache_data(max_entries=64, show_spinner=False)(function)
    for_session = st.cache_data(max_entries=32, show_spinner=False, scope="session")(function)

    @wraps(function)
    def of_source(source: Source, /, *args: P.args, **kwargs: P.kwargs) -> R:
        keep = for_all if source.is_sample else for_session
        return keep(source.key, source, *args, **kwargs)

    return of_source


def model_name() -> str:
    """The model of the app: ELMO_MODEL, else the one that ships, else the one of random weights."""
    if asked := os.environ.get("ELMO_MODEL"):
        return asked
    return SHIPPED_MODEL if any(entry.name == SHIPPED_MODEL for entry in known_models()) else RANDOM_MODEL


@st.cache_resource(max_entries=2, show_spinner=False)
def load_model(name: str) -> Elmo:
    """One model in memory for all sessions."""
    return load_elmo(name)


@cache
def sample() -> Source:
    """The bundled sentences with the gold senses of their words."""
    content = _SAMPLE.read_bytes()
    table = reading.read_table(reading.decode(content, _SAMPLE.name).text, _SAMPLE.name)
    return Source(digest(content), reading.read_column(table, "sentence", "sense", "word"), is_sample=True)


def digest(content: bytes) -> str:
    """The key of a text."""
    return sha256(content).hexdigest()


@st.cache_resource(max_entries=2, show_spinner=False, scope="session")
def read_text(key: str, name: str, _content: bytes) -> tuple[str | None, Text]:
    """A user's running text, and its encoding where that was guessed; `key` is the digest of the content."""
    decoded = reading.decode(_content, name)
    return decoded.guessed, reading.read_plain(decoded.text)


@st.cache_resource(max_entries=2, show_spinner=False, scope="session")
def read_table(key: str, name: str, _content: bytes) -> tuple[str | None, Table]:
    """A user's table, and its encoding where that was guessed; `key` is the digest of the content."""
    decoded = reading.decode(_content, name)
    return decoded.guessed, reading.read_table(decoded.text, name)


@st.cache_resource(max_entries=2, show_spinner=False, scope="session")
def read_column(key: str, _table: Table, text: str, label: str | None, word: str | None) -> Text:
    """The sentences of a user's table; `key` is the digest of its file."""
    return reading.read_column(_table, text, label, word)


@kept
def words_to_try(key: str, _source: Source) -> tuple[str, ...]:
    """The words of the sample, or the most frequent telling words of a user's text."""
    text = _source.text
    return tuple(dict.fromkeys(text.words)) if _source.is_sample else frequent_words(text.sentences)


@kept
def uses_of(key: str, _source: Source, word: str) -> Uses:
    """Every use of a word; InputError if the word is not one token."""
    return find_uses(_source.text.sentences, word, _source.text.labels_of(word))


def study(
    source: Source, uses: Uses, method: Method, report: Callable[[float], object] | None = None
) -> Study:
    """Everything that is shown of the uses of one word.

    Args:
        source: the text they stand in.
        uses: the uses.
        method: of the projection.
        report: told the share done, where that takes several steps.

    Raises:
        InputError: there are too few uses for a map.
    """
    model, n = model_name(), len(uses.uses)
    chunks = []
    for start in range(0, n, CHUNK):
        if report and start:
            report(start / n)
        chunks.append(_vectors(source, model, uses.word, start, uses))
    views = with_uniform_mix(np.concatenate(chunks, axis=1))
    frame = _frame(source, model, uses.word, method, views)
    separations, unscored = _separations(source, model, uses.word, views, uses)
    return Study(uses, view_names(len(views) - 1), frame, separations, unscored)


@kept
def _vectors(key: str, _source: Source, model: str, word: str, start: int, _uses: Uses) -> np.ndarray:
    """Vectors (L, n, D) of the uses from `start`, at most CHUNK of them."""
    uses = Uses(_uses.word, _uses.found, _uses.uses[start : start + CHUNK])
    sentences = {use.sentence: list(use.tokens) for use in uses.uses}
    with _one_at_a_time:
        found = load_model(model).embed(list(sentences.values()))
    layers = dict(zip(sentences, (embedding.layers for embedding in found), strict=True))
    return gather_vectors(uses, [layers[use.sentence] for use in uses.uses])


@kept
def _frame(key: str, _source: Source, model: str, word: str, method: Method, _views: np.ndarray) -> Frame:
    return shared_frame(_views, len(_views) - 1, method)


@kept
def _separations(
    key: str, _source: Source, model: str, word: str, _views: np.ndarray, _uses: Uses
) -> tuple[tuple[Separation, ...], str]:
    """The scores of all views, or why there are none."""
    if not any(_uses.labels):
        return (), "These uses carry no gold senses. A CSV with a column of senses is scored, layer by layer."
    try:
        return tuple(separation(view, _uses.labels) for view in _views), ""
    except InputError as error:
        return (), str(error)
