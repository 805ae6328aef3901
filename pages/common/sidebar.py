"""The sidebar of every page: the model that the pages read with."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from elmo_core.exceptions import ElmoError
from elmo_core.weights.registry import known_models
from pages.common.chosen_model import (
    RANDOM_MODEL,
    choose_model,
    compare_with,
    compared_model,
    default_model,
    model_name,
    unknown_model,
)
from pages.common.loaders import load_model
from pages.common.markdown import escape_markdown


def show_model(models: StreamlitPage) -> None:
    """Name the model; stop the page when it cannot be loaded.

    Args:
        models: the page where another one is chosen.
    """
    name, first = model_name(), default_model()
    with st.sidebar:
        st.markdown("### ELMo Explorer")
        st.caption("Deep contextual word vectors that you can see, question and use.")
        st.page_link(models, label=f"Model: {escape_markdown(name)}", icon=":material/deployed_code:")
        if unknown := unknown_model():
            st.warning(
                f"There is no model named {escape_markdown(unknown)} on this machine; the pages read with "
                f"{escape_markdown(name)}."
            )
        try:
            load_model(name)
        except ElmoError as error:
            st.error(escape_markdown(str(error)))
            if name != first:
                st.button(f"Back to {escape_markdown(first)}", on_click=choose_model, args=(first,))
            st.stop()
        _choose_compared(name)
        if name == RANDOM_MODEL:
            st.warning(
                "This model has random weights, for trying the page only. Its maps and scores mean nothing."
            )


def _choose_compared(name: str) -> None:
    """Let the visitor put a second model beside the first; one that cannot be loaded is not compared."""
    others = [entry.name for entry in known_models() if entry.available and entry.name != name]
    if not others:
        return
    key, compared = f"compare_{name}", compared_model()
    st.session_state[key] = compared
    st.selectbox(
        "Compare with another model",
        others,
        index=None,
        placeholder="none",
        key=key,
        on_change=lambda: compare_with(st.session_state[key]),
        help="Word senses shows both on the same uses, Contextual and static the neighbours by both, Layers "
        "and mixtures the mixtures and curves of both, Read how surprising each word is to either, Classify "
        "texts and Entities the methods of both in one table.",
    )
    if compared:
        try:
            load_model(compared)
        except ElmoError as error:
            st.error(escape_markdown(str(error)))
            compare_with(None)
