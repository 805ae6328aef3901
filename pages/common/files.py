"""A visitor's file as a text to explore: running text, the columns of a table, or tagged tokens."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from elmo_core.learning.tags.reading import read_token_file
from elmo_core.learning.tags.sentences import TokenFile, as_text
from elmo_core.progress import Report
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
from elmo_core.text.unpacking import content_suffix
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
    show_skipped,
)

_TOKENS = ("conll", "conllu", "conllup", "bio", "iob", "iob2", "bioes")
SUFFIXES = ("txt", "csv", "tsv", "jsonl", "json", "parquet", "xlsx", *_TOKENS, *PACKED)

_NO_COLUMN = "(none)"
_PROSE, _TABLE, _TAGGED = "running text", "table", "tagged tokens"
_KINDS = (FOUND_OUT, _PROSE, _TABLE, _TAGGED)


@dataclass(frozen=True)
class FileReading:
    """How to read a file."""

    kind: str
    """Running text, a table, or tagged tokens."""
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
    if reading.kind == _TAGGED:
        return _from_tokens(page, file, reading, key)
    if reading.kind == _PROSE:
        decoded, text = read_file(
            f"{page}_file", file, ("text", reading), lambda job: job.apart(_split, file, reading)
        )
        with facts:
            n = counted(len(text.sentences), "sentence")
            st.caption(escape_markdown(f"Running text, {decoded.encoding}, {n}"))
            say_decoding(file.name, decoded)
        preview(["sentence"], ([sentence] for sentence in text.sentences))
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
        lambda job: job.apart(read_column, table, *columns),
    )
    call = f"read_table_file(Path({file.name!r}){reading.options.as_arguments()})"
    recipe = (f"table = {call}", f"text = read_column(table, {', '.join(map(repr, columns))})")
    return Source(f"{key} {columns!r}", text, recipe=recipe, summary=_summary(file.name, text, table.reading))


def _from_tokens(page: str, file: UploadedFile, reading: FileReading, key: str) -> Source:
    """Return the sentences of a file of tagged tokens, such as CoNLL; tags are not looked at here."""
    tokens, text = read_file(
        f"{page}_file", file, ("joined tokens", reading), lambda job: job.apart(_join, file, reading)
    )
    st.caption(escape_markdown(" ".join((f"{tokens.kind}: {tokens.reason}", *tokens.notes))))
    if tokens.skipped:
        show_skipped(
            page,
            f"{counted(len(tokens.skipped), 'sentence')} skipped.",
            ("line", "reason", "content"),
            [(record.line, record.reason, record.content) for record in tokens.skipped],
        )
    preview(["sentence"], ([sentence] for sentence in text.sentences))
    asked = ReadingOptions(encoding=reading.options.encoding).as_arguments()
    recipe = (
        "from elmo_core.learning.tags.reading import read_token_path",
        "from elmo_core.learning.tags.sentences import as_text",
        f"text = as_text(read_token_path(Path({file.name!r}){asked}))",
    )
    summary = f"{file.name}, {counted(len(text.sentences), 'sentence')}"
    return Source(key, text, recipe=recipe, summary=summary)


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


def _split(file: UploadedFile, reading: FileReading, report: Report) -> tuple[Decoded, Text]:
    decoded = read_text(file.content, file.name, encoding=reading.options.encoding)
    return replace(decoded, text=""), split_text(decoded.text, report)


def _join(file: UploadedFile, reading: FileReading) -> tuple[TokenFile, Text]:
    tokens = read_token_file(file.content, file.name, encoding=reading.options.encoding)
    return replace(tokens, sentences=()), as_text(tokens)


def _choose_reading(page: str, file: UploadedFile) -> FileReading:
    prefix = reading_prefix(page, file)
    with st.popover("Read it differently", icon=":material/tune:", key=f"{prefix}_reading"):
        kind = st.selectbox("Read it as", _KINDS, key=f"{prefix}_kind")
        options = choose_table_reading(page, file)
    return FileReading(_kind_of(file.name) if kind == FOUND_OUT else kind, options)


def _kind_of(name: str) -> str:
    """Return what a file of this name is read as until the visitor says otherwise."""
    if content_suffix(name).removeprefix(".") in _TOKENS:
        return _TAGGED
    return _PROSE if is_running_text(name) else _TABLE


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
