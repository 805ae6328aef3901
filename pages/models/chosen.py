"""The model that all pages read with: its facts, and what Python and the command line call it."""

from __future__ import annotations

import streamlit as st

from elmo_core.senses.study import view_names
from elmo_core.weights.store import JsonValue
from pages.common.chosen_model import choose_model, default_model, model_name
from pages.common.exports import literal, python_cell, show_downloads
from pages.common.loaders import load_model
from pages.common.markdown import escape_markdown

_MEGA = 1_000_000


def show_chosen(page: str) -> None:
    """Say with which model the pages read now, and what is known of it."""
    name = model_name()
    elmo = load_model(name)
    n_parameters = sum(parameter.numel() for parameter in elmo.model.parameters())
    with st.container(border=True):
        st.markdown(f"All pages now read with **{escape_markdown(name)}**. {_learnt_from(elmo.about)}")
        facts = {
            "Layers": ", ".join(view_names(elmo.n_layers)[: elmo.n_layers]),
            "Width": f"{elmo.dim} numbers for each token ({elmo.dim // 2} from each direction)",
            "Weights": f"{n_parameters / _MEGA:,.1f} million, {4 * n_parameters / _MEGA:,.0f} MB in memory",
            "Predicts": f"{len(elmo.vocabulary):,} words"
            if elmo.vocabulary is not None
            else "nothing: it came without the softmax, so groups are named by the words around them",
        }
        st.table(facts, border="horizontal")
        st.caption(
            "The same text gives the same vectors: the LSTM state is zero before every sentence. "
            "Random choices show their seed."
        )
        if name != default_model():
            st.button(
                f"Back to {escape_markdown(default_model())}",
                key=f"{page}_back",
                icon=":material/undo:",
                on_click=choose_model,
                args=(default_model(),),
            )
        show_downloads(
            page,
            name,
            cell=python_cell(
                "from elmo_core import load_elmo",
                f"elmo = load_elmo({literal(name)})",
                'elmo.embed(["We sat on the bank."])[0].layers.shape  # (layers, tokens, width)',
            ),
        )


def _learnt_from(about: dict[str, JsonValue]) -> str:
    seen, perplexity = about.get("words_seen"), about.get("perplexity")
    parts = []
    if isinstance(seen, int) and seen:
        parts.append(f"It has read {seen:,} words in training.")
    if isinstance(perplexity, float):
        parts.append(f"Its perplexity on held-out text was {perplexity:.1f} when training ended.")
    return " ".join(parts)
