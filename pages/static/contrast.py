"""The comparison of a word's static vector with its vectors in two sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from elmo_core.contrast.comparison import (
    Column,
    QueryUse,
    contextual_neighbours,
    nearest_uses,
    overlap,
    read_query,
    static_neighbours,
)
from elmo_core.contrast.text_space import TextSpace
from elmo_core.contrast.word_spaces import WordSpace, candidates, contextual_space, static_space
from elmo_core.geometry.clustering import unit_rows
from elmo_core.plots.contrast import describe_columns, plot_columns
from elmo_core.plots.style import clip
from elmo_core.static.exports import to_parquet, to_projector, to_word2vec_text
from elmo_core.static.vectors import StaticVectors
from pages.common import exports
from pages.common.chosen_model import model_name
from pages.common.loaders import Source, load_model
from pages.common.markdown import escape_markdown
from pages.common.sense_data import UseQuery, find

N_NEAREST = 10
_USES, _CONTEXT = 6, 24
_BINARY = "application/octet-stream"


@dataclass(frozen=True, eq=False)
class Contrast:
    """The static and the contextual vectors of one text."""

    text: TextSpace
    static: WordSpace
    contextual: WordSpace
    weights: tuple[float, ...]
    view: str


def contrast_of(text: TextSpace, vectors: StaticVectors, weights: tuple[float, ...], view: str) -> Contrast:
    """Return the spaces of the words known to both; the page stops where they are too few."""
    words = candidates(text, vectors)
    if len(words) < 2:
        st.warning("These vectors know fewer than two words of the text; choose others, or give more text.")
        st.stop()
    spaces = static_space(vectors, words), contextual_space(text, weights, list(words), view)
    return Contrast(text, *spaces, weights, view)


def choose_sentences(source: Source, word: str) -> tuple[str, str]:
    """Return two sentences that use a word: typed ones, else two of the text, of two senses where known."""
    if st.session_state.setdefault("static_word", word) != word:
        st.session_state.update(static_word=word, first="", second="")
    uses = find("static", source, UseQuery(word)).uses
    examples = [use.text for use in {use.label: use for use in reversed(uses)}.values()][::-1]
    if len(examples) < 2:
        examples = [uses[0].text, uses[-1].text] if uses else ["", ""]
    typed = []
    for column, key, title, example in zip(
        st.columns(2, gap="large"),
        ("first", "second"),
        ("One sentence", "Another one"),
        examples,
        strict=False,
    ):
        text = column.text_input(title, placeholder=example, max_chars=500, key=key, bind="query-params")
        typed.append(text.strip() or example)
    return typed[0], typed[1]


def show_neighbours(page: str, contrast: Contrast, word: str, sentences: Sequence[str], cell: str) -> None:
    """Show the nearest words in three columns, their overlap, and the nearest uses of both sentences.

    Args:
        page: prefix of the keys of all widgets.
        contrast: the vectors of the text.
        word: whose neighbours are shown.
        sentences: two that use it.
        cell: Python that finds the same.
    """
    elmo = load_model(model_name())
    queries = [read_query(elmo, sentence, word) for sentence in sentences]
    columns = [Column("Static: any sentence", static_neighbours(contrast.static, word, N_NEAREST))]
    for number, query in enumerate(queries, start=1):
        near = contextual_neighbours(contrast.text, contrast.contextual, query, contrast.weights, N_NEAREST)
        columns.append(Column(f"In sentence {number}", near))
    figure = plot_columns(columns)
    result, detail = st.columns([2, 1], gap="large")
    with result:
        st.plotly_chart(
            figure, key=f"{page}_columns", config={"displayModeBar": False}, alt=describe_columns(columns)
        )
    with detail:
        _show_overlaps(contrast, columns, queries)
    _show_uses(contrast, queries)
    st.subheader("All numbers", anchor=False)
    frame = _frame(columns)
    st.dataframe(frame, hide_index=True, height="content", column_config=_columns(frame), alt="Nearest words")
    _offer(page, contrast, word, cell, frame, figure)


def _show_overlaps(contrast: Contrast, columns: Sequence[Column], queries: Sequence[QueryUse]) -> None:
    """Show how many nearest words the lists share, beside chance, and the cosine of the two uses."""
    static, first, second = (column.neighbours for column in columns)
    n = len(contrast.static.words)
    if not static:
        st.warning("The static vectors do not know this word: their column is empty.")
    else:
        for number, near in enumerate((first, second), start=1):
            shared = overlap(static, near, n)
            st.metric(
                f"Nearest words shared: static, sentence {number}", f"{len(shared.common)} of {N_NEAREST}"
            )
    both = overlap(first, second, n)
    st.metric("Nearest words shared by both sentences", f"{len(both.common)} of {N_NEAREST}")
    means = contrast.text.mean(contrast.weights)
    mixed = [TextSpace.mixed(query.layers, contrast.weights) - means for query in queries]
    units = unit_rows(pd.DataFrame(mixed).to_numpy())
    cosine = float(units[0] @ units[1])
    st.metric(
        "Cosine of the two uses",
        f"{cosine:.2f}",
        help="In the contextual layer, less the mean of all tokens. For a static vector it is always 1.",
    )
    st.caption(
        f"By chance two lists of {N_NEAREST} share {both.chance:.2f} of {n:,} words known to both. "
        "The static vector is the same in every sentence: its column cannot change."
    )


def _show_uses(contrast: Contrast, queries: Sequence[QueryUse]) -> None:
    """Show the uses in the text that are nearest to each of the two."""
    st.subheader("Nearest uses in the text", anchor=False)
    word = " ".join(queries[0].forms)
    n = len(contrast.text.rows_by_word.get(word, ()))
    every = (
        f"By the static vector all {n:,} uses of {escape_markdown(word)} are equally near: cosine 1. "
        if n
        else ""
    )
    st.caption(
        f"{every}By {contrast.view} these are the nearest; beside each, the share of random pairs that are "
        "less alike."
    )
    if queries[0].length > 1:
        st.caption(
            f"{escape_markdown(word)} is {queries[0].length} tokens: its vector is their mean in each "
            "layer, and it is compared with single tokens. Static vectors are of single words."
        )
    for number, (column, query) in enumerate(zip(st.columns(2, gap="large"), queries, strict=True), start=1):
        rows = []
        for near in nearest_uses(contrast.text, query, contrast.weights, _USES):
            sentence, position = contrast.text.places[near.row]
            tokens = contrast.text.sentences[sentence]
            rows.append(
                {
                    "left": clip(" ".join(tokens[:position]), _CONTEXT, keep_end=True),
                    "use": tokens[position],
                    "right": clip(" ".join(tokens[position + 1 :]), _CONTEXT),
                    "percentile": 100 * near.percentile,
                }
            )
        frame = pd.DataFrame(rows)
        column.dataframe(
            frame,
            hide_index=True,
            height="content",
            column_config={
                "left": st.column_config.TextColumn("Left", alignment="right", width=155),
                "use": st.column_config.TextColumn("Use", alignment="center", width=55),
                "right": st.column_config.TextColumn("Right", width=155),
                "percentile": st.column_config.NumberColumn(
                    "%", format="%.1f", width=55, help="Share of random pairs of tokens that are less alike"
                ),
            },
            alt=f"Uses nearest to the word in sentence {number}",
        )


def _frame(columns: Sequence[Column]) -> pd.DataFrame:
    cells: dict[str, list[object]] = {"rank": list(range(1, N_NEAREST + 1))}
    for name, column in zip(("static", "first", "second"), columns, strict=True):
        near = [*column.neighbours, *[None] * (N_NEAREST - len(column.neighbours))]
        cells[name] = [neighbour.word if neighbour else None for neighbour in near]
        cells[f"{name} cosine"] = [neighbour.cosine if neighbour else None for neighbour in near]
        cells[f"{name} percentile"] = [
            100 * neighbour.percentile if neighbour else None for neighbour in near
        ]
    return pd.DataFrame(cells)


def _columns(frame: pd.DataFrame) -> dict[str, Any]:
    """Return number formats with meaningful digits only."""
    number = st.column_config.NumberColumn
    return {
        name: number(format="%.2f" if name.endswith("cosine") else "%.1f", width=105)
        for name in frame.columns
        if name.endswith(("cosine", "percentile"))
    }


def _offer(
    page: str, contrast: Contrast, word: str, cell: str, frame: pd.DataFrame, figure: go.Figure
) -> None:
    words, units, stem = contrast.contextual.words, contrast.contextual.units, f"{word}-static"
    more = (
        exports.Download(
            "Vectors (word2vec)", f"{stem}.txt", "text/plain", lambda: to_word2vec_text(words, units)
        ),
        exports.Download(
            "Vectors (projector)", f"{stem}.zip", "application/zip", lambda: to_projector(words, units)
        ),
        exports.Download(
            "Vectors (Parquet)", f"{stem}-vectors.parquet", _BINARY, lambda: to_parquet(words, units)
        ),
    )
    exports.show_downloads(
        page,
        stem,
        rows=lambda: frame,
        figures={"Columns": figure},
        more=more,
        cell=cell,
        reads_file="Path(" in cell,
    )
