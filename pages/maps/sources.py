"""Choosing the points of a map: tokens or texts of a sample or of one's own text, or one's own vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from elmo_core.exceptions import InputError
from elmo_core.maps.cost import reading_cost
from elmo_core.maps.points import (
    MOST_POINTS,
    MapPoints,
    Pooling,
    columns_of,
    given_points,
    text_points,
    token_points,
)
from elmo_core.measuring.durations import duration
from elmo_core.progress import Report
from elmo_core.tables.records import ReadingOptions, counted, shortened
from elmo_core.tables.vectors import OwnVectors, read_vectors
from pages.common import jobs
from pages.common.exports import literal
from pages.common.files import PACKED
from pages.common.loaders import Source, digest, load_model, model_name, sample
from pages.common.markdown import escape_markdown
from pages.common.reading_choice import choose_encoding
from pages.common.results import kept_for_all, session_results
from pages.common.sources import choose_source

SAMPLE, OWN_TEXT, OWN_VECTORS = "Sample", "My text", "My vectors"
TEXTS, TOKENS = "Sentences", "Tokens"
POOLINGS: dict[str, Pooling] = {"Mean": "mean", "Weighted mean": "weighted", "Maximum": "max"}
LONG_S = 10.0
"""Work that is expected to take longer is begun by a button."""
_MOST_SAMPLE_TOKENS = 3000
_MAX_UPLOAD_MB = 200
_NOT_TEXT = (".npy", ".npz", ".parquet")


@dataclass(frozen=True, eq=False)
class ChosenPoints:
    """The points of a map, and Python that makes them."""

    key: str
    """What results about them are kept under."""
    points: MapPoints
    recipe: tuple[str, ...]
    reads_file: bool


def choose_points(page: str) -> ChosenPoints | None:
    """The points; None while they are missing.

    Args:
        page: prefix of the keys of all widgets.

    Raises:
        InputError: they cannot be used.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        origin = st.segmented_control(
            "Data", [SAMPLE, OWN_TEXT, OWN_VECTORS], default=SAMPLE, required=True, key=f"{page}_from",
            bind="query-params",
        )  # fmt: skip
        if origin == OWN_VECTORS:
            kind, pooling = TEXTS, "Mean"
        else:
            kind = st.segmented_control(
                "Points",
                [TEXTS, TOKENS],
                default=TEXTS,
                required=True,
                key=f"{page}_points",
                bind="query-params",
            )
            pooling = st.selectbox(
                "Vector of a sentence", list(POOLINGS), key=f"{page}_pooling", width=170,
                disabled=kind == TOKENS,
                help="Weighted: a / (a + p(w)), a = 0.001: frequent words count less (Arora et al. 2017).",
            )  # fmt: skip
    if origin == OWN_VECTORS:
        return _own_vectors(page)
    st.session_state[f"{page}_is_own"] = origin == OWN_TEXT
    source = choose_source(page)
    if source is None:
        st.info("Paste some text or choose a file: every sentence or token becomes a point.")
        return None
    is_tokens, pooled = kind == TOKENS, POOLINGS[pooling]
    key, points = _read(page, source, is_tokens, pooled)
    make = (
        f"token_points(elmo, text.sentences, columns_of(text), most={_most_tokens(source)})"
        if is_tokens
        else f"text_points(elmo, text.sentences, columns_of(text), pooling={pooled!r})"
    )
    recipe = (f"elmo = load_elmo({literal(model_name())})", *source.recipe, f"points = {make}")
    return ChosenPoints(key, points, recipe, reads_file=not source.is_sample)


def make_points(source: Source, is_tokens: bool, pooling: Pooling, report: Report | None = None) -> MapPoints:
    """Embed the points of a text."""
    text, elmo = source.text, load_model(model_name())
    columns = columns_of(text)
    if is_tokens:
        return token_points(elmo, text.sentences, columns, most=_most_tokens(source), report=report)
    return text_points(elmo, text.sentences, columns, pooling=pooling, report=report)


def _most_tokens(source: Source) -> int:
    return _MOST_SAMPLE_TOKENS if source.is_sample else MOST_POINTS


@kept_for_all(4)
def sample_points(model: str, is_tokens: bool, pooling: Pooling) -> MapPoints:
    """Those of the bundled sample, for all sessions."""
    return make_points(sample(), is_tokens, pooling)


def _read(page: str, source: Source, is_tokens: bool, pooling: Pooling) -> tuple[str, MapPoints]:
    key = f"{model_name()} {source.key} {is_tokens} {pooling}"
    if source.is_sample:
        with st.spinner("Reading the sample"):
            return key, sample_points(model_name(), is_tokens, pooling)
    owner = f"{page}_read"
    job = jobs.current(owner, key)
    if job is None:
        n_tokens = sum(sentence.count(" ") + 1 for sentence in source.text.sentences)
        elmo = load_model(model_name())
        n_points = min(n_tokens if is_tokens else len(source.text.sentences), MOST_POINTS)
        cost = reading_cost(n_tokens, n_points, elmo.n_layers, elmo.dim)
        if not may_start(f"{page}_read_start", "Read the text", cost.seconds, cost.megabytes):
            st.stop()
        job = jobs.start(
            owner, key, "Reading the text", lambda job: make_points(source, is_tokens, pooling, job.report)
        )
    jobs.watch(job)
    return key, jobs.result_of(job)


def may_start(key: str, title: str, seconds: float, megabytes: float) -> bool:
    """Short work may start by itself; long work says what it will take and waits for a click."""
    if seconds < LONG_S:
        return True
    st.caption(f"This will take about {duration(seconds)} and {megabytes:,.0f} MB of memory.")
    return st.button(title, key=key, type="primary")


def _own_vectors(page: str) -> ChosenPoints | None:
    file: Any = st.file_uploader(
        "Your vectors: .npy or .npz (n x width), Parquet, JSONL, or a CSV or TSV of numbers",
        type=["npy", "npz", "parquet", "csv", "tsv", "txt", "jsonl", "ndjson", "json", *PACKED],
        max_upload_size=_MAX_UPLOAD_MB,
        key=f"{page}_vectors",
    )  # fmt: skip
    if file is None:
        st.info("Vectors from anywhere can be mapped. Other columns of the file become colours.")
        return None
    content = file.getvalue()
    if len(content) > _MAX_UPLOAD_MB << 20:
        raise InputError(f"{file.name} has over {_MAX_UPLOAD_MB} MB; take a part of it.")
    with st.container(horizontal=True):
        encoding = None
        if not file.name.lower().endswith(_NOT_TEXT):
            encoding = choose_encoding(f"{page}_{file.file_id}")
        key = f"{digest(content)} {file.name} {encoding}"
        own = _read_vectors(key, content, file.name, None, encoding)
        if len(own.choices) > 1:
            column = st.selectbox(
                "Vectors in", own.choices, key=f"{page}_vectors_column_{key[:12]}",
                help="Found out from names and widths: the first is taken until you say otherwise.",
            )  # fmt: skip
            if column != own.column:
                key = f"{key} {column}"
                own = _read_vectors(key, content, file.name, column, encoding)
    _say_vectors(file.name, own)
    points = session_results().get_or_compute(f"points {key}", lambda: _points_of(own))
    asked = ReadingOptions(encoding=encoding).as_arguments()
    recipe = (
        f"own = read_vectors(Path({file.name!r}).read_bytes(), {file.name!r}, {own.column!r}{asked})",
        'columns = own.columns or {"all": ("vectors",) * len(own.names)}',
        f"points = given_points(own.vectors, own.names, columns, most={MOST_POINTS})",
    )
    return ChosenPoints(key, points, recipe, reads_file=True)


def _read_vectors(
    key: str, content: bytes, name: str, column: str | None, encoding: str | None
) -> OwnVectors:
    return session_results().get_or_compute(
        f"vectors {key}", lambda: read_vectors(content, name, column, encoding=encoding)
    )


def _say_vectors(name: str, own: OwnVectors) -> None:
    """How a file of vectors was read, and what of it was left out."""
    n, width = own.vectors.shape
    place = f" in {own.column!r}" if own.column else ""
    others = f"; other columns: {shortened(list(own.columns))}" if own.columns else ""
    st.caption(escape_markdown(f"{name}: {counted(n, 'vector')} of width {width}{place}{others}."))
    for note in own.notes:
        st.warning(escape_markdown(note))
    if own.n_skipped:
        st.warning(f"{counted(own.n_skipped, 'row')} of {escape_markdown(name)} skipped: no finite vector.")


def _points_of(own: OwnVectors) -> MapPoints:
    columns = {name: cells for name, cells in own.columns.items() if len(set(cells)) > 1}
    columns = columns or {"all": ("vectors",) * len(own.names)}
    order = sorted(
        columns, key=lambda name: len(set(columns[name])) == len(own.names)
    )  # names colour nothing
    columns = {name: columns[name] for name in order}
    return given_points(own.vectors, own.names, columns, most=MOST_POINTS)
