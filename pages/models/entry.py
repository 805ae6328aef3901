"""One model of the list: what it is, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from elmo_core.exceptions import ElmoError
from elmo_core.own_models import remove_model
from elmo_core.weights.folder import CARD, read_about
from elmo_core.weights.registry import ModelEntry, download, how_to_place
from elmo_core.weights.store import JsonValue
from pages.common import jobs
from pages.common.chosen_model import choose_model, default_model, model_name
from pages.common.job import Job
from pages.common.jobs import StartButton
from pages.common.markdown import escape_markdown
from pages.common.results import visitor_results

_KINDS = {"shipped": "ships with the program", "local": "yours", "built-in": "random weights, for trying"}
_LONGEST_CARD = 20_000


def show_entry(page: str, entry: ModelEntry, *, is_chosen: bool, may_change: bool) -> None:
    """Show a model with what can be done with it.

    Args:
        page: prefix of the keys of all widgets.
        entry: the model.
        is_chosen: whether the pages read with it.
        may_change: whether the visitor may download and remove models.
    """
    key = f"{page}_{entry.name}"
    with st.container(border=True, key=f"{key}_entry"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escape_markdown(entry.name)}** · {escape_markdown(_describe(entry))}")
            if entry.available:
                st.button(
                    "In use" if is_chosen else "Use on all pages",
                    key=f"{key}_use",
                    icon=":material/check:" if is_chosen else None,
                    disabled=is_chosen,
                    on_click=choose_model,
                    args=(entry.name,),
                )
                _show_card(key, entry)
            if entry.kind == "local" and may_change:
                _offer_removal(key, entry)
        if not entry.available:
            st.caption(escape_markdown(how_to_place(entry)))
            if may_change:
                _offer_download(page, entry)


def _describe(entry: ModelEntry) -> str:
    size = (
        f"{max(entry.size_bytes / 1e6, 0.1):,.{int(entry.size_bytes < 1e6)}f} MB" if entry.size_bytes else ""
    )
    title = f"a transformer ({entry.transformer})" if entry.transformer else entry.title
    title = title if title != entry.name else ""
    memory = f"{entry.memory_bytes / 1e6:,.0f} MB of memory" if entry.memory_bytes > 1e6 else ""
    state = _KINDS.get(entry.kind) or ("on this machine" if entry.available else "not on this machine")
    return ", ".join(part for part in (title, state, size, memory) if part)


def _show_card(key: str, entry: ModelEntry) -> None:
    if entry.path is None or entry.kind == "official":
        return
    with st.popover("Card", icon=":material/description:", key=f"{key}_card"):
        facts = _facts(entry)
        if facts:
            st.table(facts, border="horizontal")
        card = entry.path / CARD
        if card.is_file():
            text = card.read_text("utf-8", errors="replace")[:_LONGEST_CARD]
            st.code(text, language=None, wrap_lines=True)  # of others: shown as it is written
        elif not facts:
            st.caption("It came without a card.")


def _facts(entry: ModelEntry) -> dict[str, str]:
    try:
        about = read_about(entry.path) if entry.path else {}
    except ElmoError as error:
        return {"Damaged": escape_markdown(str(error))}
    return {
        escape_markdown(name.replace("_", " ")): escape_markdown(_said(value))
        for name, value in about.items()
        if isinstance(value, bool | int | float | str)
    }


def _said(value: JsonValue) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _offer_removal(key: str, entry: ModelEntry) -> None:
    with st.popover("Remove", icon=":material/delete:", key=f"{key}_removal"):
        st.markdown(f"Delete **{escape_markdown(entry.name)}** from the disk of this machine?")
        st.button("Delete it", key=f"{key}_remove", type="primary", on_click=_remove, args=(entry.name,))


def _remove(name: str) -> None:
    if model_name() == name:
        choose_model(default_model())
    try:
        remove_model(name)
    except ElmoError as error:
        st.toast(escape_markdown(str(error)), icon=":material/error:")
    else:
        st.toast(f"{escape_markdown(name)} is deleted.")


def _offer_download(page: str, entry: ModelEntry) -> None:
    def work(job: Job) -> str:
        def progress(n_done: int, n_all: int) -> None:
            job.report(f"{n_done / 1e6:,.0f} of {n_all / 1e6:,.0f} MB", n_done / max(n_all, 1))

        return str(download(entry, progress=progress))

    jobs.offer(
        f"{page}_{entry.name}",
        ("download", entry.name),
        f"Downloading {entry.name}",
        work,
        visitor_results(),
        StartButton(f"Download ({entry.size_bytes / 1e6:,.0f} MB)", icon=":material/download:"),
        "Go on",
    )
