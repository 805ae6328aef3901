"""The choice of points: sentences or tokens of a text, or the visitor's own vectors."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from elmo_core.encoders.protocol import Encoder
from elmo_core.maps.cost import reading_cost
from elmo_core.maps.points import (
    MOST_POINTS,
    MapPoints,
    Pooling,
    columns_of,
    given_points,
    targets_of,
    text_points,
    token_points,
)
from elmo_core.progress import Report
from elmo_core.tables.records import ReadingOptions, counted, shortened
from elmo_core.tables.vectors import OwnVectors, read_vectors
from pages.common import jobs
from pages.common.chosen_model import model_name
from pages.common.exports import literal
from pages.common.loaders import REVIEWS, TOPICS, WORDS, Source, load_model, sample
from pages.common.markdown import escape_markdown
from pages.common.openings import opening_texts
from pages.common.reading_choice import choose_encoding
from pages.common.results import ResultStore, kept_for_all, results_about, visitor_results
from pages.common.sources import choose_source
from pages.common.upload import PACKED, UploadedFile, read_file, reading_prefix, upload_file

OWN_TEXT, OWN_VECTORS = "My text", "My vectors"
SAMPLES = (TOPICS, REVIEWS, WORDS)
TEXTS, TOKENS = "Sentences", "Tokens"
POOLINGS: dict[str, Pooling] = {"Mean": "mean", "Weighted mean": "weighted", "Maximum": "max"}
_MOST_SAMPLE_TOKENS = 3000
_NOT_TEXT = (".npy", ".npz", ".parquet")


@dataclass(frozen=True, eq=False)
class ChosenPoints:
    """The points of a map, and Python that creates them."""

    key: str
    """Key of results about the points."""
    points: MapPoints
    recipe: tuple[str, ...]
    reads_file: bool

    @property
    def results(self) -> ResultStore:
        """Where results about the points are kept."""
        return results_about(is_sample=not self.reads_file)


def choose_points(page: str, row: DeltaGenerator, options: DeltaGenerator) -> ChosenPoints | None:
    """Let the visitor choose the points; None while there are none.

    Args:
        page: prefix of the keys of all widgets.
        row: where the choice of data goes.
        options: where the choice of a sentence's vector goes.

    Raises:
        InputError: they cannot be used.
    """
    with row:
        origin = st.segmented_control(
            "Data", [*SAMPLES, OWN_TEXT, OWN_VECTORS], default=opening_texts(model_name()), required=True,
            key=f"{page}_from", bind="query-params", wrap=True,
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
            pooling = options.selectbox(
                "Vector of a sentence", list(POOLINGS), key=f"{page}_pooling", disabled=kind == TOKENS,
                help="Weighted: by a / (a + p(w)), a = 0.001: frequent words count less (Arora et al. 2017).",
            )  # fmt: skip
    if origin == OWN_VECTORS:
        return _own_vectors(page)
    st.session_state[f"{page}_is_own"] = origin == OWN_TEXT
    source = choose_source(page) if origin == OWN_TEXT else sample(origin)
    if source is None:
        st.info("Paste some text or choose a file: every sentence or token becomes a point.")
        return None
    is_tokens, pooled = kind == TOKENS, POOLINGS[pooling]
    key, points = _read(page, source, origin, is_tokens, pooled)
    make = (
        "token_points(elmo, text.sentences, columns_of(text), targets=targets_of(text), "
        f"most={_most_tokens(source)})"
        if is_tokens
        else f"text_points(elmo, text.sentences, columns_of(text), pooling={pooled!r})"
    )
    recipe = (f"elmo = load_elmo({literal(model_name())})", *source.recipe, f"points = {make}")
    return ChosenPoints(key, points, recipe, reads_file=not source.is_sample)


def make_points(
    elmo: Encoder, source: Source, is_tokens: bool, pooling: Pooling, report: Report | None = None
) -> MapPoints:
    """Embed the points of a text."""
    text = source.text
    columns = columns_of(text)
    if is_tokens:
        return token_points(
            elmo,
            text.sentences,
            columns,
            targets=targets_of(text),
            most=_most_tokens(source),
            report=report,
        )
    return text_points(elmo, text.sentences, columns, pooling=pooling, report=report)


def _most_tokens(source: Source) -> int:
    return _MOST_SAMPLE_TOKENS if source.is_sample else MOST_POINTS


@kept_for_all(4)
def sample_points(model: str, name: str, is_tokens: bool, pooling: Pooling) -> MapPoints:
    """Return the points of a bundled text, embedded once for all visitors."""
    return make_points(load_model(model), sample(name), is_tokens, pooling)


def _read(page: str, source: Source, origin: str, is_tokens: bool, pooling: Pooling) -> tuple[str, MapPoints]:
    key = f"{model_name()} {source.key} {is_tokens} {pooling}"
    if source.is_sample:
        with st.spinner("Reading the sample"):
            return key, sample_points(model_name(), origin, is_tokens, pooling)
    n_tokens = sum(sentence.count(" ") + 1 for sentence in source.text.sentences)
    elmo = load_model(model_name())
    n_points = min(n_tokens if is_tokens else len(source.text.sentences), MOST_POINTS)
    cost = reading_cost(n_tokens, n_points, elmo.n_layers, elmo.dim)
    points = jobs.run_or_offer(
        f"{page}_read",
        ("points", key),
        "Reading the text",
        lambda job: job.apart(make_points, elmo, source, is_tokens, pooling),
        seconds=cost.seconds,
        megabytes=cost.megabytes,
        results=visitor_results("points", 2),
    )
    return key, points


def _own_vectors(page: str) -> ChosenPoints | None:
    file = upload_file(
        f"{page}_vectors",
        "Your vectors: .npy or .npz (n x width), Parquet, JSONL, or a CSV or TSV of numbers",
        ("npy", "npz", "parquet", "csv", "tsv", "txt", "jsonl", "ndjson", "json", *PACKED),
    )
    if file is None:
        st.info("Vectors from anywhere can be mapped. Other columns of the file become colours.")
        return None
    prefix = reading_prefix(page, file)
    with st.container(horizontal=True):
        encoding = None if file.name.lower().endswith(_NOT_TEXT) else choose_encoding(prefix)
        own = _read_vectors(page, file, None, encoding)
        if len(own.choices) > 1:
            column = st.selectbox(
                "Vectors in", own.choices, key=f"{prefix}_vectors_column",
                help="Guessed from names and widths: the first is taken until you say otherwise.",
            )  # fmt: skip
            if column != own.column:
                own = _read_vectors(page, file, column, encoding)
    key = f"{file.key} {file.name} {encoding} {own.column}"
    _say_vectors(file.name, own)
    points = visitor_results("points", 2).get_or_compute(("own points", key), lambda: _points_of(own))
    asked = ReadingOptions(encoding=encoding).as_arguments()
    recipe = (
        f"own = read_vectors(Path({file.name!r}).read_bytes(), {file.name!r}, {own.column!r}{asked})",
        'columns = own.columns or {"all": ("vectors",) * len(own.names)}',
        f"points = given_points(own.vectors, own.names, columns, most={MOST_POINTS})",
    )
    return ChosenPoints(key, points, recipe, reads_file=True)


def _read_vectors(page: str, file: UploadedFile, column: str | None, encoding: str | None) -> OwnVectors:
    return read_file(
        f"{page}_vectors_file",
        file,
        ("vectors", column, encoding),
        lambda job: job.apart(read_vectors, file.content, file.name, column, encoding=encoding),
    )


def _say_vectors(name: str, own: OwnVectors) -> None:
    """Say how a file of vectors was read, and what was left out."""
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
