"""Choosing a table: a bundled sample or one's own file, with how it was read, shown and correctable."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from elmo_core.exceptions import InputError
from elmo_core.plots.style import clip
from elmo_core.tables.reading import Table
from elmo_core.tables.records import MAX_BYTES
from pages.classify.results import SAMPLES, OpenedTable, TableFile, sample_file, table_of
from pages.common.files import PACKED
from pages.common.loaders import digest
from pages.common.markdown import escape_markdown
from pages.common.reading_choice import choose_reading, offer_sheets, say_table

OWN = "My table"
TYPES = ["csv", "tsv", "txt", "psv", "ssv", "jsonl", "ndjson", "json", "parquet", "xlsx", *PACKED]
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
        popover = st.popover("How it is read", icon=":material/tune:")
    file = _uploaded(page) if chosen == OWN else sample_file(chosen)
    return None if file is None else open_table(page, file, popover)


def open_table(
    page: str, file: TableFile, popover: DeltaGenerator, expected: tuple[str, ...] = ()
) -> OpenedTable | None:
    """Read a table, say how it was read, and let the user correct that; None where it cannot be read.

    Args:
        page: prefix of the keys of all widgets.
        file: the table.
        popover: where the corrections go; they hold for this file alone.
        expected: names of columns; a row that holds one of them is the header.
    """
    prefix = f"{page}_{file.key[:12]}"
    with popover:
        options = replace(choose_reading(prefix), expected=expected)
    try:
        table = table_of(page, file, options)
    except InputError as error:
        st.error(escape_markdown(str(error)))
        return None
    say_table(prefix, table)
    offer_sheets(prefix, table)
    return OpenedTable(file, options, table)


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
