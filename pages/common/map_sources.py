"""Choosing the points of a map: tokens or texts of a sample or of one's own text, or one's own vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from elmo_core.analysis.layers.labelled import Report
from elmo_core.analysis.maps.cost import reading_cost
from elmo_core.analysis.maps.points import (
    MOST_POINTS,
    MapPoints,
    Pooling,
    given_points,
    text_points,
    token_points,
)
from elmo_core.exceptions import InputError
from elmo_core.tables.vectors import read_vectors
from pages.common import jobs
from pages.common.loaders import Source, digest, kept_for_session, load_model, model_name, sample
from pages.common.sources import choose_source
from pages.common.wording import duration, plain

SAMPLE, OWN_TEXT, OWN_VECTORS = "Sample", "My text", "My vectors"
TEXTS, TOKENS = "Sentences", "Tokens"
POOLINGS: dict[str, Pooling] = {"Mean": "mean", "Weighted mean": "weighted", "Maximum": "max"}
LONG_S = 10.0
"""Work that is expected to take longer is begun by a button."""
_MOST_SAMPLE_TOKENS = 3000
_MAX_UPLOAD_MB = 200


def choose_points(page: str) -> tuple[str, MapPoints] | None:
    """The points and what they are kept under; None while they are missing.

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
    return _read(page, source, kind == TOKENS, POOLINGS[pooling])


def make_points(source: Source, is_tokens: bool, pooling: Pooling, report: Report | None = None) -> MapPoints:
    """Embed the points of a text."""
    text, elmo = source.text, load_model(model_name())
    columns = _columns(source)
    if is_tokens:
        most = _MOST_SAMPLE_TOKENS if source.is_sample else MOST_POINTS
        return token_points(elmo, text.sentences, columns, most=most, report=report)
    return text_points(elmo, text.sentences, columns, pooling=pooling, report=report)


@st.cache_resource(max_entries=4, show_spinner=False)
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


def _columns(source: Source) -> Mapping[str, tuple[str, ...]]:
    """Values of each sentence: all columns of its table that repeat, or the labels it came with."""
    text = source.text
    if text.table is None:
        return {}
    everything = tuple(range(len(text.sentences)))
    found: dict[str, tuple[str, ...]] = {}
    for column in text.table.columns:
        values = tuple(value or "" for value in text.values(column, everything))
        if 1 < len(set(values)) <= max(50, len(values) // 3):
            found[column] = values
    return found


def _own_vectors(page: str) -> tuple[str, MapPoints] | None:
    file: Any = st.file_uploader(
        "Your vectors: .npy (n x width), or Parquet with a column of lists or columns of numbers",
        type=["npy", "parquet"], max_upload_size=_MAX_UPLOAD_MB, key=f"{page}_vectors",
    )  # fmt: skip
    if file is None:
        st.info("Vectors from anywhere can be mapped. Other columns of a Parquet file become colours.")
        return None
    content = file.getvalue()
    if len(content) > _MAX_UPLOAD_MB << 20:
        raise InputError(f"{file.name} has over {_MAX_UPLOAD_MB} MB; take a part of it.")
    key = digest(content)
    own = kept_for_session(f"vectors {key}", lambda: read_vectors(content, file.name))
    if own.n_skipped:
        st.warning(f"{own.n_skipped:,} rows of {plain(file.name)} skipped: no finite vector.")
    columns = {name: cells for name, cells in own.columns.items() if len(set(cells)) > 1}
    columns = columns or {"all": ("vectors",) * len(own.names)}
    return key, kept_for_session(
        f"points {key}", lambda: given_points(own.vectors, own.names, columns, most=MOST_POINTS)
    )
