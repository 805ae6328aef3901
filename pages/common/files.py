"""A visitor's file as a text to explore: running text split into sentences, or the columns of a table."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from elmo_core.tables.corpus import (
    Text,
    choose_sense_columns,
    choose_text_column,
    is_running_text,
    read_column,
    split_text,
)
from elmo_core.tables.reading import Decoded, Table, read_text
from elmo_core.tables.records import Reading, ReadingOptions, counted
from pages.common.job import Job
from pages.common.jobs import forget
from pages.common.loaders import Source
from pages.common.markdown import escape_markdown
from pages.common.reading_choice import FOUND_OUT
from pages.common.upload import (
    PACKED,
    UploadedFile,
    choose_table_reading,
    open_table,
    preview,
    read_file,
    reading_prefix,
    say_decoding,
)

SUFFIXES = ("txt", "csv", "tsv", "jsonl", "json", "parquet", "xlsx", *PACKED)

_NO_COLUMN = "(none)"
_KINDS = (FOUND_OUT, "running text", "table")


@dataclass(frozen=True)
class FileReading:
    """How to read a file."""

    as_text: bool
    """Whether it is running text and no table."""
    options: ReadingOptions


def choose_from_file(page: str, file: UploadedFile) -> Source:
    """Show a file and let the visitor choose what its text is.

    Args:
        page: prefix of the keys of all widgets.
        file: the file.

    Raises:
        InputError: it cannot be used.
    """
    prefix = reading_prefix(page, file)
    with st.container(horizontal=True):
        reading = _choose_reading(page, file)
        facts = st.container()
    key = f"{file.key} {file.name} {reading}"
    if reading.as_text:
        decoded, text = read_file(
            f"{page}_file", file, ("text", reading), lambda job: _split(file, reading, job)
        )
        with facts:
            n = counted(len(text.sentences), "sentence")
            st.caption(escape_markdown(f"Running text, {decoded.encoding}, {n}"))
            say_decoding(file.name, decoded)
        preview(["sentence"], [[sentence] for sentence in text.sentences])
        asked = ReadingOptions(encoding=reading.options.encoding).as_arguments()
        line = f"text = split_text(read_text(Path({file.name!r}){asked}).text)"
        return Source(key, text, recipe=(line,), summary=_summary(file.name, text, decoded))
    table = open_table(page, file, reading.options, facts)
    preview(table.columns, table.rows)
    columns = _choose_columns(prefix, table)
    text = read_file(
        f"{page}_column",
        file,
        ("column", reading, columns),
        lambda job: read_column(table, *columns, job.report),
    )
    call = f"read_table_file(Path({file.name!r}){reading.options.as_arguments()})"
    recipe = (f"table = {call}", f"text = read_column(table, {', '.join(map(repr, columns))})")
    return Source(f"{key} {columns!r}", text, recipe=recipe, summary=_summary(file.name, text, table.reading))


def _summary(name: str, text: Text, read: Decoded | Reading) -> str:
    """Return one line about a file, with all that may have gone wrong in it."""
    parts = [counted(len(text.sentences), "sentence")]
    if text.table and text.table.skipped:
        parts.append(f"{counted(len(text.table.skipped), 'row')} skipped")
    if read.is_guessed:
        parts.append(f"encoding guessed: {read.encoding}")
    return f"{name}, {', '.join(parts)}"


def forget_file(page: str) -> None:
    """Cancel the work on a file that was removed."""
    for owner in ("file", "table", "column"):
        forget(f"{page}_{owner}")


def _split(file: UploadedFile, reading: FileReading, job: Job) -> tuple[Decoded, Text]:
    decoded = read_text(file.content, file.name, encoding=reading.options.encoding)
    return replace(decoded, text=""), split_text(decoded.text, job.report)


def _choose_reading(page: str, file: UploadedFile) -> FileReading:
    prefix = reading_prefix(page, file)
    with st.popover("Read it differently", icon=":material/tune:", key=f"{prefix}_reading"):
        kind = st.selectbox("Read it as", _KINDS, key=f"{prefix}_kind")
        options = choose_table_reading(page, file)
    return FileReading(is_running_text(file.name) if kind == FOUND_OUT else kind == _KINDS[1], options)


def _choose_columns(prefix: str, table: Table) -> tuple[str, str | None, str | None]:
    """Let the visitor choose the columns of the text, its labelled senses and their words."""
    guess = choose_text_column(table)
    assert guess.column is not None
    with st.container(horizontal=True):
        index = table.columns.index(guess.column)
        text = st.selectbox("Text", table.columns, index, key=f"{prefix}_text_column")
        others = (_NO_COLUMN, *table.columns)
        guesses = (others.index(column or _NO_COLUMN) for column in choose_sense_columns(table, text))
        label = st.selectbox("Labelled sense", others, next(guesses), key=f"{prefix}_label_column")
        about = st.selectbox("Word it is about", others, next(guesses), key=f"{prefix}_word_column")
    if text == guess.column:
        st.caption(escape_markdown(f"{text}: this column {guess.reason}."))
    sense, lemma = (None if column == _NO_COLUMN else column for column in (label, about))
    return text, sense, lemma
