"""The comparison of a word's static vector with its vectors in two sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from elmo_core.contrast.comparison import (
    Column,
    QueryUse,
    nearest_uses,
    overlap,
    static_neighbours,
)
from elmo_core.contrast.opening import N_NEAREST, two_sentences
from elmo_core.glossary import explain
from elmo_core.plots.contrast import describe_columns, plot_columns
from elmo_core.plots.style import clip
from elmo_core.static.exports import to_parquet, to_projector, to_word2vec_text
from pages.common import concordance, exports
from pages.common.chosen_model import model_name
from pages.common.layout import finding_row
from pages.common.loaders import Source
from pages.common.markdown import escape_markdown
from pages.common.openings import opening_contrast
from pages.common.sense_data import UseQuery, find
from pages.common.sources import set_state
from pages.static.spaces import Contrast, TwoUses, read_word

_USES, _CONTEXT = 6, 24
_BINARY = "application/octet-stream"


def choose_sentences(source: Source, word: str) -> tuple[str, str]:
    """Return two sentences that use a word: typed ones, else two of the text, of two senses where known."""
    if st.session_state.setdefault("static_word", word) != word:
        st.session_state.update(static_word=word, first="", second="")
    uses = find("static", source, UseQuery(word)).uses
    first, second = (str(st.session_state.get(key, "")).strip() for key in ("first", "second"))
    examples = two_sentences(uses, without=first or second)
    if first and not second:  # as typed here, or brought from Word senses with one use selected
        own = next((use.label for use in uses if use.text == first), None)
        unlike = [use for use in uses if use.label != own]
        examples = "", two_sentences(unlike or uses, without=first)[0]
    typed = []
    for key, title, example in zip(
        ("first", "second"), ("One sentence", "Another one"), examples, strict=True
    ):
        text = st.text_input(title, placeholder=example, max_chars=500, key=key, bind="query-params")
        typed.append(text.strip() or example)
    return typed[0], typed[1]


def show_neighbours(
    page: str,
    source: Source,
    contrasts: Sequence[Contrast],
    word: str,
    make_cell: Callable[[Sequence[str]], str],
) -> None:
    """Show the nearest words of a word by its static vector and in two sentences, with what they share.

    Args:
        page: prefix of the keys of all widgets.
        source: the text.
        contrasts: the vectors of the text by each model; the first one is the page's own.
        word: whose neighbours are shown.
        make_cell: returns Python that finds the same for two sentences.
    """
    contrast = contrasts[0]
    detail, result = finding_row().columns([2, 3], gap="medium")
    headline = detail.container()
    with detail:
        sentences = choose_sentences(source, word)
        failure = st.container()
        if not all(sentences):
            if find("static", source, UseQuery(word)).uses:
                st.info("Type another sentence with the word; this text has this one alone.")
            else:
                concordance.show_no_use(page, source, word, key="term")
            st.stop()
    static = Column("Static: any sentence", static_neighbours(contrast.static, word, N_NEAREST))
    readings = [read_word(one, word, static, sentences) for one in contrasts]
    figures = [plot_columns(one.columns) for one in readings]
    for number, (one, figure) in enumerate(zip(readings, figures, strict=True)):
        if len(readings) > 1:
            result.markdown(f"**{escape_markdown(one.contrast.model)}**")
        result.plotly_chart(
            figure,
            key=f"{page}_columns_{number}",
            config={"displayModeBar": False},
            alt=describe_columns(one.columns),
        )
    own, *others = readings
    with headline:
        _show_finding(own, word)
        for one in others:
            _compare(one)
    if source.is_sample and word != (fails := opening_contrast(model_name()).fails):
        failure.button(
            f"Show where it fails: {fails}",
            key=f"{page}_fails",
            type="tertiary",
            icon=":material/troubleshoot:",
            on_click=set_state,
            args=("term", fails),
        )
    _show_uses(contrast, own.queries)
    st.subheader("All numbers", anchor=False)
    frame = _frame([static, *(column for one in readings for column in one.columns[1:])])
    st.dataframe(frame, hide_index=True, height="content", column_config=_columns(frame), alt="Nearest words")
    _offer(page, contrast, word, make_cell(sentences), frame, figures[0])


def _show_finding(reading: TwoUses, word: str) -> None:
    """Say how many nearest words the lists share, beside chance."""
    contrast = reading.contrast
    static, first, second = (column.neighbours for column in reading.columns)
    n = len(contrast.static.words)
    both = overlap(first, second, n)
    st.subheader(
        f"{escape_markdown(word)}: {len(both.common)} of {N_NEAREST} nearest words shared by two sentences "
        f"(guessing: {both.chance:.2f})",
        anchor=False,
        help=explain("Contextual vector", "Static vector", "Cosine"),
    )
    cosine = reading.cosine
    if static:
        shares = [len(overlap(static, near, n).common) for near in (first, second)]
        st.caption(
            f"Cosine of the two uses: {cosine:.2f}; their static vector is one and the same. The static list "
            f"shares {shares[0]} with the first sentence and {shares[1]} with the second. Guessing: lists "
            f"drawn from {n:,} words."
        )
    else:
        st.warning("The static vectors hold no vector for this word, so their column is empty.")
        st.caption(f"Cosine of the two uses: {cosine:.2f}.")


def _compare(reading: TwoUses) -> None:
    """Say the same of another model."""
    contrast, (_, first, second) = reading.contrast, reading.columns
    both = overlap(first.neighbours, second.neighbours, len(contrast.contextual.words))
    st.caption(
        f"{escape_markdown(contrast.model)}, {contrast.view}: {len(both.common)} of {N_NEAREST} shared "
        f"(guessing: {both.chance:.2f}), cosine of the two uses {reading.cosine:.2f}."
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
            before = clip(" ".join(tokens[:position]), _CONTEXT, keep_end=True)
            after = clip(" ".join(tokens[position + 1 :]), _CONTEXT)
            left, right = concordance.on_both_sides(before, tokens[position], after)
            rows.append(
                {
                    "left": left,
                    "use": tokens[position],
                    "right": right,
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
    names = ("static", "first", "second", "first, other model", "second, other model")[: len(columns)]
    for name, column in zip(names, columns, strict=True):
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
            "Means of uses (word2vec)", f"{stem}.txt", "text/plain", lambda: to_word2vec_text(words, units)
        ),
        exports.Download(
            "Means of uses (projector)", f"{stem}.zip", "application/zip", lambda: to_projector(words, units)
        ),
        exports.Download(
            "Means of uses (Parquet)", f"{stem}-vectors.parquet", _BINARY, lambda: to_parquet(words, units)
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
