"""What the layers know, said first."""

from __future__ import annotations

import streamlit as st

from elmo_core.glossary import explain
from elmo_core.layers.opening import LayerPattern, say_pattern
from pages.common.chosen_model import model_name
from pages.common.openings import kept


def show_pattern() -> None:
    """Say what the layers know of word classes and senses; nothing where that was not kept for the model."""
    found = kept(model_name()).get("layers")
    if found is None:
        return
    st.markdown(
        f"**{say_pattern(LayerPattern(**found))}**", help=explain("Probe", "Nearest sense", "Guessing")
    )
    st.caption(
        "Kept results, by bench.openings: a linear probe on the bundled word classes, and uses of bundled "
        "words that lie nearest to their own sense. Guessing: the class that a word mostly has, and the most "
        "frequent sense."
    )
