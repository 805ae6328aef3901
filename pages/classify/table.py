"""The choice of a table: a bundled sample or an uploaded file, with how it was read."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from elmo_core.exceptions import InputError
from elmo_core.tables.records import MAX_BYTES
from pages.classify.results import SAMPLES, OpenedTable, sample_file
from pages.common.chosen_model import model_name
from pages.common.markdown import escape_markdown
from pages.common.openings import opening_texts
from pages.common.upload import TABLES, UploadedFile, choose_table_reading, open_table, upload_file

OWN = "My table"


def choose_table(page: str) -> OpenedTable | None:
    """Return the table to work with: a sample until visitors bring their own; None while that is missing.

    Args:
        page: prefix of the keys of all widgets.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.segmented_control(
            "Data",
            [*SAMPLES, OWN],
            default=opening_texts(model_name()),
            required=True,
            key="data",
            bind="query-params",
            wrap=True,
        )
        popover = st.popover("How it is read", icon=":material/tune:")
    file = _own_table(page) if chosen == OWN else sample_file(chosen)
    return None if file is None else open_uploaded(page, file, popover)


def open_uploaded(
    page: str, file: UploadedFile, popover: DeltaGenerator, expected: tuple[str, ...] = ()
) -> OpenedTable | None:
    """Read a table that can be read differently; None, with the reason on the page, where it cannot be read.

    Args:
        page: prefix of the keys of all widgets.
        file: the table.
        popover: where the choices of how to read it go.
        expected: names of columns; a row that holds one of them is the header.
    """
    with popover:
        options = choose_table_reading(page, file, expected)
    try:
        return OpenedTable(file, options, open_table(page, file, options))
    except InputError as error:
        st.error(escape_markdown(str(error)))
        return None


def _own_table(page: str) -> UploadedFile | None:
    label = f"A table with a column of texts and one of labels (up to {MAX_BYTES >> 20} MB)"
    file = upload_file(f"{page}_file", label, TABLES)
    if file is None:
        st.info(
            "Choose a file: CSV, TSV, JSONL, Parquet or XLSX, also packed. Encoding, delimiter, header and "
            "columns are guessed, and can be corrected."
        )
    return file
