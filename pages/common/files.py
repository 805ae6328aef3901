"""A user's file as a text to explore: read, previewed, its columns chosen, with what was left out and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from elmo_core.analysis.reading import (
    Text,
    choose_sense_columns,
    choose_text_column,
    is_running_text,
    read_column,
    split_text,
)
from elmo_core.plots.style import clip, listing
from elmo_core.tables.export import to_csv
from elmo_core.tables.reading import Decoded, Table, read_table, read_text
from elmo_core.tables.records import Progress, Reading, counted
from pages.common import jobs
from pages.common.loaders import Source
from pages.common.results import session_results
from pages.common.wording import plain

SUFFIXES = ("txt", "csv", "tsv", "jsonl", "json", "parquet", "xlsx", "zip")
LONG_BYTES = 4 << 20
"""Larger files are read as a job, beside the page."""

_NO_COLUMN = "(none)"
_PREVIEW_ROWS, _PREVIEW_CHARACTERS = 4, 300
_AUTO = "found out"
_KINDS = (_AUTO, "running text", "table")
_ENCODINGS = (
    _AUTO,
    "utf-8",
    "cp1252",
    "utf-16",
    "cp1251",
    "koi8-r",
    "gb18030",
    "big5",
    "shift_jis",
    "euc_kr",
)
_DELIMITERS = {_AUTO: None, "comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_HEADERS = {_AUTO: None, "names the columns": True, "is data": False}
_DELIMITER_NAMES = {mark: name for name, mark in _DELIMITERS.items() if mark}

T = TypeVar("T")


@dataclass(frozen=True)
class _Wishes:
    """How to read a file, where the user knows better."""

    as_text: bool
    encoding: str | None
    delimiter: str | None
    has_header: bool | None


def choose_from_file(page: str, file: Any) -> Source:
    """Show a file and let the user choose what its text is.

    Args:
        page: prefix of the keys of all widgets.
        file: what `st.file_uploader` returned.

    Raises:
        InputError: it cannot be used.
    """
    with st.container(horizontal=True):
        wishes = _choose_wishes(page, file.name)
        found_row = st.container()
    key = f"{file.file_id} {wishes}"
    if wishes.as_text:
        decoded, text = _prepared(page, key, f"Reading {file.name}", file, lambda p: _split(file, wishes, p))
        with found_row:
            _say_reading("Running text", decoded.encoding, f"{len(text.sentences):,} sentences")
            _warn_of_guess(file.name, decoded.encoding, decoded.is_guessed)
        _preview(pd.DataFrame({"sentence": text.sentences[:_PREVIEW_ROWS]}))
        line = f"text = split_text(read_text(Path({file.name!r}).read_bytes(), {file.name!r}).text)"
        return Source(key, text, recipe=(line,), told=_told(file.name, text, decoded))
    table = _prepared(page, key, f"Reading {file.name}", file, lambda p: _read(file, wishes, p))
    with found_row:
        _say_table(table)
    _preview(pd.DataFrame(table.rows[:_PREVIEW_ROWS], columns=list(table.columns)))
    chosen = _choose_columns(page, table)
    key = f"{key} {chosen!r}"
    title = f"Splitting {file.name} into sentences"
    text = _prepared(f"{page}_column", key, title, file, lambda p: read_column(table, *chosen, p))
    columns = ", ".join(map(repr, chosen))
    recipe = (f"table = read_table_file(Path({file.name!r}))", f"text = read_column(table, {columns})")
    return Source(key, text, recipe=recipe, told=_told(file.name, text, table.reading))


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
    decoded = read_text(file.getvalue(), file.name, encoding=wishes.encoding)
    return Decoded("", decoded.encoding, decoded.is_guessed), split_text(decoded.text, progress)


def _read(file: Any, wishes: _Wishes, progress: Progress) -> Table:
    return read_table(
        file.getvalue(),
        file.name,
        encoding=wishes.encoding,
        delimiter=wishes.delimiter,
        has_header=wishes.has_header,
        progress=progress,
    )


def _choose_wishes(page: str, name: str) -> _Wishes:
    with st.popover("Read it differently", icon=":material/tune:", key=f"{page}_reading"):
        kind = st.selectbox("Read it as", _KINDS, key=f"{page}_kind")
        encoding = st.selectbox("Encoding", _ENCODINGS, key=f"{page}_encoding")
        delimiter = st.selectbox("Between two cells", list(_DELIMITERS), key=f"{page}_delimiter")
        header = st.selectbox("The first row", list(_HEADERS), key=f"{page}_header")
    return _Wishes(
        is_running_text(name) if kind == _AUTO else kind == _KINDS[1],
        None if encoding == _AUTO else encoding,
        _DELIMITERS[delimiter],
        _HEADERS[header],
    )


def _choose_columns(page: str, table: Table) -> tuple[str, str | None, str | None]:
    """The columns of the text, of the gold senses, and of the word that these speak of."""
    guess = choose_text_column(table)
    assert guess.column is not None
    with st.container(horizontal=True):
        index = table.columns.index(guess.column)
        text = st.selectbox("Text", table.columns, index, key=f"{page}_text_column")
        others = (_NO_COLUMN, *table.columns)
        guesses = (others.index(one or _NO_COLUMN) for one in choose_sense_columns(table, text))
        label = st.selectbox("Gold sense", others, next(guesses), key=f"{page}_label_column")
        about = st.selectbox("Word it is about", others, next(guesses), key=f"{page}_word_column")
    if text == guess.column:
        st.caption(plain(f"{text}: this column {guess.reason}."))
    sense, lemma = (None if column == _NO_COLUMN else column for column in (label, about))
    return text, sense, lemma


def _say_table(table: Table) -> None:
    """How a table was read, and what of it was left out."""
    reading = table.reading
    parts = [f"{len(table.rows):,} rows", f"{len(table.columns)} columns"]
    if reading.delimiter:
        parts.append(f"cells parted by a {_DELIMITER_NAMES.get(reading.delimiter, reading.delimiter)}")
    _say_reading(reading.kind, reading.encoding, *parts)
    _warn_of_guess(table.name, reading.encoding or "", reading.is_guessed)
    if not reading.has_header:
        st.caption("The first row holds no names, so the columns are numbered.")
    for note in reading.notes:
        st.caption(plain(note))
    if table.skipped:
        total = len(table.skipped) + len(table.rows)
        reasons = listing(f"{n:,} ({reason})" for reason, n in table.skipped_counts.items())
        st.warning(f"{len(table.skipped):,} of {total:,} rows skipped: {plain(reasons)}.")
        st.download_button(
            "List of skipped rows",
            lambda: to_csv(*table.skipped_table()),
            "skipped-rows.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _say_reading(kind: str, encoding: str | None, *facts: str) -> None:
    st.caption(plain(", ".join([kind, *([encoding] if encoding else []), *facts])))


def _warn_of_guess(name: str, encoding: str, is_guessed: bool) -> None:
    if is_guessed:
        st.warning(f"{plain(name)} is not UTF-8; read as {plain(encoding)}. Check the accents below.")


def _preview(frame: pd.DataFrame) -> None:
    shown = frame.map(lambda cell: clip(cell, _PREVIEW_CHARACTERS))
    st.dataframe(shown, hide_index=True, height="content", alt="The first rows of your file")
