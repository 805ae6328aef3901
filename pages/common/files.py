"""A user's file as a text to explore: read, previewed, its columns chosen, with what was left out and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from elmo_core.plots.style import clip
from elmo_core.tables.corpus import (
    Text,
    choose_sense_columns,
    choose_text_column,
    is_running_text,
    read_column,
    split_text,
)
from elmo_core.tables.reading import Decoded, Table, read_table, read_text
from elmo_core.tables.records import Progress, Reading, ReadingOptions, counted
from elmo_core.text.unpacking import PACKED_SUFFIXES
from pages.common import jobs
from pages.common.loaders import Source
from pages.common.markdown import escape_markdown
from pages.common.reading_choice import FOUND_OUT, choose_reading, offer_sheets, say_decoding, say_table
from pages.common.results import session_results

PACKED = tuple(suffix.removeprefix(".") for suffix in PACKED_SUFFIXES)
SUFFIXES = ("txt", "csv", "tsv", "jsonl", "json", "parquet", "xlsx", *PACKED)
LONG_BYTES = 4 << 20
"""Larger files are read as a job, beside the page."""

_NO_COLUMN = "(none)"
_PREVIEW_ROWS, _PREVIEW_CHARACTERS = 4, 300
_KINDS = (FOUND_OUT, "running text", "table")
T = TypeVar("T")


@dataclass(frozen=True)
class _Wishes:
    """How to read a file, where the user knows better."""

    as_text: bool
    options: ReadingOptions


def choose_from_file(page: str, file: Any) -> Source:
    """Show a file and let the user choose what its text is.

    Args:
        page: prefix of the keys of all widgets.
        file: what `st.file_uploader` returned.

    Raises:
        InputError: it cannot be used.
    """
    prefix = f"{page}_{file.file_id}"
    with st.container(horizontal=True):
        wishes = _choose_wishes(prefix, file.name)
        found_row = st.container()
    key = f"{file.file_id} {wishes}"
    if wishes.as_text:
        decoded, text = _prepared(page, key, f"Reading {file.name}", file, lambda p: _split(file, wishes, p))
        with found_row:
            st.caption(
                escape_markdown(
                    f"Running text, {decoded.encoding}, {counted(len(text.sentences), 'sentence')}"
                )
            )
            say_decoding(file.name, decoded)
        _preview(pd.DataFrame({"sentence": text.sentences[:_PREVIEW_ROWS]}))
        asked = ReadingOptions(encoding=wishes.options.encoding).as_arguments()
        line = f"text = split_text(read_text(Path({file.name!r}){asked}).text)"
        return Source(key, text, recipe=(line,), summary=_told(file.name, text, decoded))
    table = _prepared(page, key, f"Reading {file.name}", file, lambda p: _read(file, wishes, p))
    with found_row:
        say_table(prefix, table)
    offer_sheets(prefix, table)
    _preview(pd.DataFrame(table.rows[:_PREVIEW_ROWS], columns=list(table.columns)))
    chosen = _choose_columns(prefix, table)
    key = f"{key} {chosen!r}"
    title = f"Splitting {file.name} into sentences"
    text = _prepared(f"{page}_column", key, title, file, lambda p: read_column(table, *chosen, p))
    columns = ", ".join(map(repr, chosen))
    call = f"read_table_file(Path({file.name!r}){wishes.options.as_arguments()})"
    recipe = (f"table = {call}", f"text = read_column(table, {columns})")
    return Source(key, text, recipe=recipe, summary=_told(file.name, text, table.reading))


def _told(name: str, text: Text, read: Decoded | Reading) -> str:
    """A file in one line, with all that may have gone wrong in it."""
    parts = [counted(len(text.sentences), "sentence")]
    if text.table and text.table.skipped:
        parts.append(f"{counted(len(text.table.skipped), 'row')} skipped")
    if read.is_guessed:
        parts.append(f"encoding guessed: {read.encoding}")
    return f"{name}, {', '.join(parts)}"


def forget_file(page: str) -> None:
    """Drop what is kept of a file that was taken away."""
    jobs.forget(f"{page}_file")
    jobs.forget(f"{page}_column_file")


def _prepared(page: str, key: str, title: str, file: Any, work: Callable[[Progress], T]) -> T:
    """The result of work on a file: at once, or as a job while the page waits, where it is large."""
    if file.size <= LONG_BYTES:
        found: T = session_results().get_or_compute(key, lambda: work(lambda share: None))
        return found
    result: T = jobs.awaited(
        f"{page}_file", key, title, lambda job: work(lambda share: job.report("", share))
    )
    return result


def _split(file: Any, wishes: _Wishes, progress: Progress) -> tuple[Decoded, Text]:
    decoded = read_text(file.getvalue(), file.name, encoding=wishes.options.encoding)
    return replace(decoded, text=""), split_text(decoded.text, progress)


def _read(file: Any, wishes: _Wishes, progress: Progress) -> Table:
    return read_table(file.getvalue(), file.name, **vars(wishes.options), progress=progress)


def _choose_wishes(prefix: str, name: str) -> _Wishes:
    with st.popover("Read it differently", icon=":material/tune:", key=f"{prefix}_reading"):
        kind = st.selectbox("Read it as", _KINDS, key=f"{prefix}_kind")
        options = choose_reading(prefix)
    return _Wishes(is_running_text(name) if kind == FOUND_OUT else kind == _KINDS[1], options)


def _choose_columns(prefix: str, table: Table) -> tuple[str, str | None, str | None]:
    """The columns of the text, of the gold senses, and of the word that these speak of."""
    guess = choose_text_column(table)
    assert guess.column is not None
    with st.container(horizontal=True):
        index = table.columns.index(guess.column)
        text = st.selectbox("Text", table.columns, index, key=f"{prefix}_text_column")
        others = (_NO_COLUMN, *table.columns)
        guesses = (others.index(one or _NO_COLUMN) for one in choose_sense_columns(table, text))
        label = st.selectbox("Gold sense", others, next(guesses), key=f"{prefix}_label_column")
        about = st.selectbox("Word it is about", others, next(guesses), key=f"{prefix}_word_column")
    if text == guess.column:
        st.caption(escape_markdown(f"{text}: this column {guess.reason}."))
    sense, lemma = (None if column == _NO_COLUMN else column for column in (label, about))
    return text, sense, lemma


def _preview(frame: pd.DataFrame) -> None:
    shown = frame.map(lambda cell: clip(cell, _PREVIEW_CHARACTERS))
    st.dataframe(shown, hide_index=True, height="content", alt="The first rows of your file")
