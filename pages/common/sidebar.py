"""The sidebar of every page: the model and its facts."""

from __future__ import annotations

import streamlit as st

from elmo_core.exceptions import ElmoError
from pages.common.loaders import kept_megabytes, load_model, model_name


def show_model() -> None:
    """Show the model and its facts; stop the page when no model can be loaded."""
    name = model_name()
    with st.sidebar:
        st.markdown("### ELMo Explorer")
        st.caption("Deep contextual word vectors that you can see, question and use.")
        try:
            elmo = load_model(name)
        except ElmoError as error:
            st.error(str(error))
            st.stop()
        words_seen = elmo.about.get("words_seen")
        facts = {
            "Model": name,
            "Layers": f"{elmo.n_layers}: token vector, {elmo.n_layers - 1} biLSTM",
            "Width": f"{elmo.dim} ({elmo.dim // 2} each way)",
            "Words seen": f"{words_seen:,}" if isinstance(words_seen, int) else "not stated",
            "Vectors kept": f"up to {kept_megabytes()} MB, for all pages",
        }
        with st.expander("About the model", icon=":material/info:"):
            st.table(facts, border="horizontal")
        st.caption(
            "The same text gives the same vectors: the LSTM state is zero before every sentence. "
            "Random choices show their seed."
        )
        if name == "tiny":
            st.warning(
                "This model has random weights, for trying the page only. Its maps and scores mean nothing."
            )
