"""How a file is to be read: the same choices on every page.

What is guessed is said, and the choice that overrules the guess stands beside it. A choice holds for one file
alone, so the next file begins with guesses again. A choice that fails stays on the page.
"""

from __future__ import annotations

import streamlit as st

from elmo_core.tables.reading import Table
from elmo_core.tables.records import ReadingOptions
from elmo_core.text.guessing import CHOICES

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
    """Let the visitor choose the encoding of a text file; None = guess.

    Args:
        prefix: of the key, different for each file.
    """
    encoding = st.selectbox(
        "Encoding", (FOUND_OUT, *CHOICES), key=f"{prefix}_encoding", width=160, persist_state="session"
    )
    return None if encoding == FOUND_OUT else str(encoding)


def choose_reading(prefix: str) -> ReadingOptions:
    """Let the visitor choose how to read a table.

    Args:
        prefix: of the keys of all widgets, different for each file.
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
