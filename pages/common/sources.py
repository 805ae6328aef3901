"""Choosing the text: the bundled sample with its words, or one's own, pasted or from a file."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from elmo_core.analysis import reading
from elmo_core.analysis.reading import Table
from elmo_core.exceptions import InputError
from pages.common.loaders import Source, digest, read_column, read_table, read_text, sample, words_to_try
from pages.common.wording import plain

_NO_COLUMN = "(none)"
_PREVIEW_ROWS = 4


def choose_source(page: str) -> Source | None:
    """The text to explore: the sample until users ask for their own; None while that is missing.

    Args:
        page: prefix of the keys of all widgets.
    """
    if not _is_own(page):
        return sample()
    with st.expander("My text", expanded=True, icon=":material/edit_note:"):
        pasting, choosing = st.columns(2, gap="large")
        with choosing:
            file = st.file_uploader(
                "or choose a file: TXT, or CSV / TSV with a column of text",
                type=["txt", "csv", "tsv"],
                max_upload_size=reading.MAX_BYTES // 2**20,
                key=f"{page}_file",
            )
        with pasting, st.form(f"{page}_paste_form", border=False):
            pasted = st.text_area(
                "Paste your sentences",
                height=150,
                key=f"{page}_pasted",
                persist_state="session",
                placeholder="Remove the file to paste something." if file else None,
                disabled=file is not None,
            )
            st.form_submit_button("Use this text", key=f"{page}_paste", disabled=file is not None)
        try:
            with choosing:
                source = _from_file(page, file.name, file.getvalue()) if file else _from_paste(pasted)
        except InputError as error:
            choosing.error(plain(str(error)))
            return None
    return source


def choose_word(page: str, source: Source | None, row: DeltaGenerator) -> str:
    """The word to look at: what is typed, else the first of the words that are offered as buttons.

    Args:
        page: prefix of the keys of all buttons.
        source: the text; None = no words to offer yet.
        row: where the buttons go.
    """
    offered = words_to_try(source) if source else ()
    first = offered[0] if offered else ""
    typed = st.text_input(
        "Word", placeholder=first, max_chars=100, key="word", bind="query-params", width=220
    )
    word = typed.strip() or first
    with row, st.container(horizontal=True, gap="small"):
        for number, other in enumerate(offered):
            kind: Any = "primary" if other == word.casefold() else "secondary"
            st.button(other, key=f"{page}_word_{number}", type=kind, on_click=set_state, args=("word", other))
        is_own = _is_own(page)
        st.button(
            "Back to the sample" if is_own else "Use my text",
            key=f"{page}_own",
            icon=":material/undo:" if is_own else ":material/edit_note:",
            type="tertiary",
            on_click=_use_own,
            args=(page, not is_own),
        )
    return word


def _from_paste(pasted: str | None) -> Source | None:
    if not pasted or not pasted.strip():
        return None
    content = pasted.encode("utf-8", "ignore")
    key = digest(content)
    return Source(key, read_text(key, "The pasted text", content)[1])


def _from_file(page: str, name: str, content: bytes) -> Source:
    """A user's file as sentences."""
    key = digest(content)
    if reading.is_table(name):
        guessed, table = read_table(key, name, content)
        source = _from_table(page, key, table)
        preview = pd.DataFrame(table.rows[:_PREVIEW_ROWS], columns=list(table.columns))
    else:
        guessed, text = read_text(key, name, content)
        source = Source(key, text)
        preview = pd.DataFrame({"sentence": text.sentences[:_PREVIEW_ROWS]})
    if guessed:
        st.warning(f"{plain(name)} is not UTF-8; read as {guessed}. Check the accents below.")
    st.dataframe(preview, hide_index=True, height="content", alt="The first rows of your file")
    return source


def _from_table(page: str, key: str, table: Table) -> Source:
    """A user's table as sentences, by the columns that they choose."""
    others = (_NO_COLUMN, *table.columns)
    with st.container(horizontal=True):
        text = st.selectbox("Text", table.text_columns, key=f"{page}_text_column")
        label = st.selectbox(
            "Gold sense", others, _guess(others, "sense", "label"), key=f"{page}_label_column"
        )
        word = st.selectbox(
            "Word it is about", others, _guess(others, "word", "lemma"), key=f"{page}_word_column"
        )
    if not table.has_header:
        st.caption("The first row holds no names, so the columns are numbered.")
    if table.skipped:
        lines = ", ".join(map(str, table.skipped[:5])) + (" …" if len(table.skipped) > 5 else "")
        st.warning(
            f"{len(table.skipped)} of {len(table.skipped) + len(table.rows)} rows skipped: they do not have "
            f"{len(table.columns)} cells (line {lines} of the file)."
        )
    chosen = [None if column == _NO_COLUMN else column for column in (label, word)]
    return Source(f"{key} {text!r} {chosen!r}", read_column(key, table, text, *chosen))


def _guess(columns: tuple[str, ...], *names: str) -> int:
    """Position of the column that bears one of these names, else of the choice of none."""
    return next((index for index, column in enumerate(columns) if column.casefold() in names), 0)


def _is_own(page: str) -> bool:
    return bool(st.session_state.get(f"{page}_is_own", False))


def _use_own(page: str, is_own: bool) -> None:
    st.session_state[f"{page}_is_own"] = is_own
    st.session_state["word"] = ""


def set_state(key: str, value: Any) -> None:
    """Set a value before the next run: a callback for buttons."""
    st.session_state[key] = value
