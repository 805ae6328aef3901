"""Choosing a table: a bundled sample or one's own file, with how it was read, shown and correctable."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from elmo_core.exceptions import InputError
from elmo_core.plots.style import clip
from elmo_core.tables.export import to_csv
from elmo_core.tables.reading import Table
from elmo_core.tables.records import MAX_BYTES, ReadingOptions, counted
from elmo_core.text.guessing import CHOICES
from pages.common.files import PACKED
from pages.common.lab_cache import (
    SAMPLES,
    OpenedTable,
    TableFile,
    sample_file,
    table_of,
)
from pages.common.loaders import digest
from pages.common.wording import plain

OWN = "My table"
TYPES = ["csv", "tsv", "txt", "psv", "ssv", "jsonl", "ndjson", "json", "parquet", "xlsx", *PACKED]
FIND_OUT = "find out"
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar |": "|", "none: a text a line": ""}
_HEADERS = {"names the columns": True, "is a row like the others": False}
_HEADER_LINE = "is below: the header is on line …"
_PREVIEW_ROWS, _PREVIEW_CHARACTERS = 4, 60


def choose_table(page: str) -> OpenedTable | None:
    """The table to work with: a sample until users bring their own; None while that is missing.

    Args:
        page: prefix of the keys of all widgets.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.segmented_control(
            "Data",
            [*SAMPLES, OWN],
            default=next(iter(SAMPLES)),
            required=True,
            key="data",
            bind="query-params",
            wrap=True,
        )
        options = _reading_options(page)
    return _shown(_uploaded(page) if chosen == OWN else sample_file(chosen), options, page)


def _shown(file: TableFile | None, options: ReadingOptions, page: str) -> OpenedTable | None:
    """The file, once it is readable and what was found out about it stands on the page."""
    if file is None:
        return None
    sheet = f"{page}_sheet_{file.key[:12]}"
    options = replace(options, sheet=sheet_chosen(sheet))
    try:
        table = table_of(page, file, options)
    except InputError as error:
        st.error(plain(str(error)))
        return None
    show_reading(page, table)
    choose_sheet(sheet, table)
    return OpenedTable(file, options, table)


def show_reading(page: str, table: Table) -> None:
    """Say how a table was read, and offer what was left out of it.

    Args:
        page: prefix of the keys of all widgets.
        table: the table.
    """
    st.caption(plain(" ".join(table.summary)))
    if table.reading.is_guessed:
        st.warning(f"The encoding is a guess: {table.reading.encoding}. Check the accents below.")
    _show_skipped(page, table)


def choose_sheet(key: str, table: Table) -> None:
    """Offer the sheets of a workbook that has several; the choice is read with the next run.

    Args:
        key: of the widget, whose value `sheet_chosen` returns.
        table: of the workbook.
    """
    if len(table.reading.sheets) > 1:
        st.selectbox("Sheet", (FIND_OUT, *table.reading.sheets), key=key, persist_state="session")


def sheet_chosen(key: str) -> str | None:
    """The sheet that the user chose; None = find out."""
    sheet = st.session_state.get(key, FIND_OUT)
    return None if sheet == FIND_OUT else str(sheet)


def upload(page: str, label: str) -> TableFile | None:
    """A file of the user, which stays with the session when the page is left.

    Args:
        page: prefix of the keys of all widgets.
        label: of the field.
    """
    widget, kept = f"{page}_file", f"{page}_upload"
    st.file_uploader(
        label, type=TYPES, max_upload_size=MAX_BYTES >> 20, key=widget, on_change=_keep, args=(widget, kept)
    )
    found: TableFile | None = st.session_state.get(kept)
    if found is not None and st.session_state[widget] is None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"Still here: {found.name}", width="content")
            st.button("Remove", key=f"{page}_remove", type="tertiary", on_click=_forget, args=(kept,))
    return found


def preview(table: Table) -> None:
    """The first rows of a table."""
    rows = [[clip(cell, _PREVIEW_CHARACTERS) for cell in row] for row in table.rows[:_PREVIEW_ROWS]]
    frame = pd.DataFrame(rows, columns=list(table.columns))
    st.dataframe(frame, hide_index=True, height="content", alt="The first rows of the table")


def _uploaded(page: str) -> TableFile | None:
    found = upload(page, f"A table with a column of texts and one of labels (up to {MAX_BYTES >> 20} MB)")
    if found is None:
        st.info(
            "Choose a file: CSV, TSV, JSONL, Parquet or XLSX, also zipped. Encoding, delimiter, header and "
            "columns are found out, and can be corrected."
        )
    return found


def _reading_options(page: str) -> ReadingOptions:
    with st.popover("How it is read", icon=":material/tune:"):
        encoding = st.selectbox(
            "Encoding", (FIND_OUT, *CHOICES), key=f"{page}_encoding", persist_state="session"
        )
        delimiter = st.selectbox(
            "Between two cells", (FIND_OUT, *_DELIMITERS), key=f"{page}_delimiter", persist_state="session"
        )
        header = st.selectbox(
            "The first row",
            (FIND_OUT, *_HEADERS, _HEADER_LINE),
            key=f"{page}_header",
            persist_state="session",
        )
        line = choose_header_line(page) if header == _HEADER_LINE else None
    return ReadingOptions(
        encoding=None if encoding == FIND_OUT else encoding,
        delimiter=_DELIMITERS.get(delimiter),
        has_header=_HEADERS.get(header),
        header_line=line,
    )


def choose_header_line(page: str) -> int:
    """The line that names the columns, where the user says so."""
    return int(
        st.number_input(
            "Header is on line (row of the sheet)",
            1,
            value=2,
            key=f"{page}_header_line",
            persist_state="session",
        )
    )


def _show_skipped(page: str, table: Table) -> None:
    if not table.skipped:
        return
    reasons = "; ".join(f"{reason} ({count:,})" for reason, count in table.skipped_counts.items())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(f"{counted(len(table.skipped), 'record')} skipped: {plain(reasons)}.", width="stretch")
        header, rows = table.skipped_table()
        st.download_button(
            "Skipped records",
            lambda: to_csv(header, rows),
            "skipped.csv",
            "text/csv",
            key=f"{page}_skipped",
            icon=":material/download:",
            on_click="ignore",
        )


def _keep(widget: str, kept: str) -> None:
    """The field of an upload is emptied when its page is left, what it held is not."""
    file = st.session_state[widget]
    if file is None:
        _forget(kept)
        return
    content = file.getvalue()
    st.session_state[kept] = TableFile(digest(content), file.name, content)


def _forget(key: str) -> None:
    st.session_state.pop(key, None)
