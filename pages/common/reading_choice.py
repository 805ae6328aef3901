"""How a file is to be read, and how it was read: the same choices and sentences on every page.

The rule: what is found out is said, the choice that overrules it stands beside it, and a choice holds for one
file alone, so that the next file begins with everything found out. A choice that fails stays on the page.
"""

from __future__ import annotations

import streamlit as st

from elmo_core.plots.style import listing
from elmo_core.tables.export import to_csv
from elmo_core.tables.reading import Decoded, Table
from elmo_core.tables.records import ReadingOptions
from elmo_core.text.guessing import CHOICES
from pages.common.markdown import escape_markdown

FOUND_OUT = "found out"
_DELIMITERS = {
    FOUND_OUT: None,
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "bar |": "|",
    "none: a text a line": "",
}
_HEADER_LINE = "is below: the header is on line …"
_HEADERS = {FOUND_OUT: None, "names the columns": True, "is a row like the others": False}


def choose_encoding(prefix: str) -> str | None:
    """The encoding of a text file; None = find out.

    Args:
        prefix: of the key, another one for each file.
    """
    encoding = st.selectbox(
        "Encoding", (FOUND_OUT, *CHOICES), key=f"{prefix}_encoding", width=160, persist_state="session"
    )
    return None if encoding == FOUND_OUT else str(encoding)


def choose_reading(prefix: str) -> ReadingOptions:
    """How to read a table, where the user knows better.

    Args:
        prefix: of the keys of all widgets, another one for each file.
    """
    encoding = choose_encoding(prefix)
    delimiter = st.selectbox(
        "Delimiter", list(_DELIMITERS), key=f"{prefix}_delimiter", persist_state="session"
    )
    header = st.selectbox(
        "The first row", [*_HEADERS, _HEADER_LINE], key=f"{prefix}_header", persist_state="session"
    )
    line = None
    if header == _HEADER_LINE:
        line = st.number_input(
            "Header is on line (row of the sheet)",
            1,
            value=2,
            key=f"{prefix}_header_line",
            persist_state="session",
        )
    sheet = FOUND_OUT
    if sheets := st.session_state.get(f"{prefix}_sheets"):
        sheet = st.selectbox("Sheet", (FOUND_OUT, *sheets), key=f"{prefix}_sheet", persist_state="session")
    return ReadingOptions(
        encoding=encoding,
        delimiter=_DELIMITERS[delimiter],
        has_header=_HEADERS.get(header),
        header_line=line,
        sheet=None if sheet == FOUND_OUT else sheet,
    )


def offer_sheets(prefix: str, table: Table) -> None:
    """Let `choose_reading` offer the sheets of a workbook with several, from the next run on.

    Args:
        prefix: the one that `choose_reading` was given.
        table: of the workbook.
    """
    key = f"{prefix}_sheets"
    if len(table.reading.sheets) > 1 and key not in st.session_state:
        st.session_state[key] = table.reading.sheets
        st.rerun()


def say_decoding(name: str, decoded: Decoded) -> None:
    """Say what of a text file was guessed, replaced or left out."""
    _warn_of_guess(name, decoded.encoding, decoded.is_guessed)
    for fault in decoded.faults():
        st.warning(escape_markdown(fault))


def say_table(prefix: str, table: Table) -> None:
    """Say how a table was read, and offer what was left out of it.

    Args:
        prefix: of the key of the download.
        table: the table.
    """
    st.caption(escape_markdown(" ".join(table.summary)))
    _warn_of_guess(table.name, table.reading.encoding or "", table.reading.is_guessed)
    if not table.skipped:
        return
    total = len(table.skipped) + len(table.rows)
    reasons = listing(f"{n:,} ({reason})" for reason, n in table.skipped_counts.items())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(
            f"{len(table.skipped):,} of {total:,} rows skipped: {escape_markdown(reasons)}.", width="stretch"
        )
        st.download_button(
            "Skipped rows",
            lambda: to_csv(*table.skipped_table()),
            "skipped-rows.csv",
            "text/csv",
            key=f"{prefix}_skipped",
            icon=":material/download:",
            on_click="ignore",
        )


def _warn_of_guess(name: str, encoding: str, is_guessed: bool) -> None:
    if is_guessed:
        st.warning(
            f"{escape_markdown(name)} is not UTF-8; read as {escape_markdown(encoding)}. "
            "Check the accents below."
        )
