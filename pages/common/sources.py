"""Choosing the text of a page: the bundled sample, or a text of one's own, pasted or from a file.

The text of one's own that was used last, and the word that was chosen last, follow the visitor to pages where
nothing else was chosen. `show_what_follows` names them in the sidebar, with the way back to the sample.
"""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from elmo_core.exceptions import InputError
from elmo_core.tables.corpus import split_text
from elmo_core.tables.records import counted
from pages.common.files import SUFFIXES, choose_from_file, forget_file
from pages.common.loaders import Source, digest, sample, words_to_try
from pages.common.markdown import escape_markdown
from pages.common.results import visitor_results
from pages.common.upload import UploadedFile, has_upload, remove_upload, upload_file
from pages.common.visitors import current_visitor, put_in_address

_LOOKED_AT = 5_000  # sentences in which a word from another page is looked for
_TEXT, _WORD, _IS_OWN = "_text_that_follows", "_word_that_follows", "_is_own"


def choose_source(page: str) -> Source | None:
    """Return the text to explore: the sample until visitors ask for their own; None while that is missing.

    Args:
        page: prefix of the keys of all widgets.
    """
    if not _is_own(page):
        return sample()
    summary: str = st.session_state.get(f"{page}_told", "")
    title = f"My text: {escape_markdown(summary)}" if summary else "My text"
    with st.expander(title, expanded=not summary, icon=":material/edit_note:"):
        pasting, choosing = st.columns(2, gap="large")
        with choosing:
            file = upload_file(
                f"{page}_file",
                "or choose a file (TXT, CSV, TSV, JSONL, Parquet, XLSX or CoNLL, also packed as ZIP or GZ)",
                SUFFIXES,
            )
        st.session_state.setdefault(f"{page}_pasted", _pasted_texts().get(page, ""))
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
        source = _read(page, file, pasted) or (None if file else _brought(page))
    if source:
        st.session_state[_TEXT] = source
    _fold(page, summary, source)
    return source


def choose_word(
    page: str,
    source: Source | None,
    row: DeltaGenerator,
    *,
    first: str,
    help: str | None = None,
    key: str = "word",
) -> str:
    """Let the visitor choose a word: the typed one, else that of the sample or the first of their text.

    Args:
        page: prefix of the keys of all buttons.
        source: the text; None = no words to offer yet.
        row: where the buttons go.
        first: the word of the sample that is shown until another one is chosen.
        help: what may be typed.
        key: of the word, in the session and in the address.
    """
    offered = words_to_try(source) if source else ()
    is_own = _is_own(page)
    first = (offered[0] if is_own else first) if offered else ""
    first = _word_from_elsewhere(page, source) or first
    typed = st.text_input(
        "Word", placeholder=first, max_chars=100, key=key, bind="query-params", width=160, help=help
    )
    word = typed.strip() or first
    if typed.strip():
        st.session_state[_WORD] = (page, word.casefold())
    with row, st.container(horizontal=True, gap="xsmall"):
        for number, other in enumerate(offered):
            kind: Any = "primary" if other == word.casefold() else "secondary"
            st.button(other, key=f"{page}_word_{number}", type=kind, on_click=set_state, args=(key, other))
        st.button(
            "Back to the sample" if is_own else "Use my text",
            key=f"{page}_own",
            icon=":material/undo:" if is_own else ":material/edit_note:",
            type="tertiary",
            on_click=_use_own,
            args=(page, not is_own, key),
        )
    return word


def _read(page: str, file: UploadedFile | None, pasted: str | None) -> Source | None:
    try:
        if file:
            return choose_from_file(page, file)
        forget_file(page)
        return _from_paste(page, pasted)
    except InputError as error:
        st.error(escape_markdown(str(error)))
        return None


def _fold(page: str, before: str, source: Source | None) -> None:
    """Fold the panel to a line about the text once it is read; open it where nothing could be read."""
    now = source.summary if source else ""
    if now != before:
        st.session_state[f"{page}_told"] = now
        st.rerun()


def _from_paste(page: str, pasted: str | None) -> Source | None:
    kept = _pasted_texts()
    if pasted is not None and pasted != kept.get(page, ""):
        kept[page] = pasted
        put_in_address()
    if not pasted or not pasted.strip():
        return None
    key = digest(pasted.encode("utf-8", "ignore"))
    recipe = 'text = split_text(Path("my-text.txt").read_text(encoding="utf-8"))'
    text = visitor_results().get_or_compute(("pasted", key), lambda: split_text(pasted))
    return Source(key, text, recipe=(recipe,), summary=f"{counted(len(text.sentences), 'sentence')} pasted")


def _is_own(page: str) -> bool:
    has_own = _has_own(page) or _TEXT in st.session_state
    return bool(st.session_state.get(f"{page}{_IS_OWN}", has_own))


def _has_own(page: str) -> bool:
    """Whether a text was brought to this page itself, maybe before a reload."""
    return has_upload(f"{page}_file") or bool(_pasted_texts().get(page))


def _pasted_texts() -> dict[str, str]:
    """The texts that the visitor pasted last, by page."""
    texts: dict[str, str] = current_visitor().state.setdefault("pasted", {})
    return texts


def _use_own(page: str, is_own: bool, key: str) -> None:
    st.session_state[f"{page}{_IS_OWN}"] = is_own
    if not is_own:
        _leave_text()
    st.session_state[key] = ""
    st.session_state.pop(f"{page}_brought", None)


def pass_source_to(page: str, source: Source) -> None:
    """Let another page open the same text; its own panel says where the text is from.

    Args:
        page: prefix of the keys of the page that is opened next.
        source: the text.
    """
    st.session_state[f"{page}_is_own"] = not source.is_sample
    if not source.is_sample:
        remove_upload(f"{page}_file")
        st.session_state[f"{page}_pasted"], st.session_state[f"{page}_brought"] = "", source


def _brought(page: str) -> Source | None:
    source: Source | None = st.session_state.get(f"{page}_brought", st.session_state.get(_TEXT))
    return source


def show_what_follows() -> None:
    """Name the visitor's text and word that follow from page to page, with the way back to the sample."""
    source: Source | None = st.session_state.get(_TEXT)
    _, word = st.session_state.get(_WORD, ("", ""))
    with st.sidebar:
        if word:
            st.caption(f"Word: **{escape_markdown(word)}**")
        if source:
            st.caption(f"Text: {escape_markdown(source.summary)}")
            st.button(
                "Back to the sample",
                key="back_to_sample",
                icon=":material/undo:",
                type="tertiary",
                on_click=_leave_text,
            )


def _leave_text() -> None:
    """Let no text follow, and all pages go back to the sample; what was pasted or uploaded stays at hand."""
    st.session_state.pop(_TEXT, None)
    for key in [str(key) for key in st.session_state if str(key).endswith(_IS_OWN)]:
        if _has_own(key.removesuffix(_IS_OWN)):
            st.session_state[key] = False
        else:
            del st.session_state[key]  # the next text may follow to this page


def _word_from_elsewhere(page: str, source: Source | None) -> str:
    """The word that was chosen on another page, if it is in the text; else empty."""
    where, word = st.session_state.get(_WORD, ("", ""))
    if not word or where == page or source is None:
        return ""
    if source.is_sample:
        return str(word) if word in source.text.words else ""
    return (
        str(word)
        if any(word in sentence.casefold() for sentence in source.text.sentences[:_LOOKED_AT])
        else ""
    )


def set_state(key: str, value: Any) -> None:
    """Set a value before the next run: a callback for buttons."""
    st.session_state[key] = value
