"""Layers and mixtures: what each layer knows, and what mixing them gains, by score and interval."""

from __future__ import annotations

import streamlit as st

from elmo_core.exceptions import ElmoError
from pages.common.layout import show_title
from pages.common.markdown import escape_markdown
from pages.layers.finding import show_pattern
from pages.layers.labelled_sets import choose_set, read_set
from pages.layers.studies import show_contextuality, show_learned, show_probes
from pages.layers.triangle import show_triangle

PAGE = "layers"
TRIANGLE, LEARNED, PROBES, GEOMETRY = "Mixtures", "Learned weights", "Probing curves", "Contextuality"

show_title("Layers and mixtures", "What does each layer of the model know, and what does mixing them gain?")

show_pattern()
part = st.segmented_control(
    "Part", [TRIANGLE, LEARNED, PROBES, GEOMETRY], default=TRIANGLE, required=True, key="study",
    bind="query-params", label_visibility="collapsed", wrap=True,
)  # fmt: skip
chosen = choose_set(PAGE)
if chosen is None:
    st.stop()

try:
    if part == GEOMETRY:
        show_contextuality(PAGE, chosen)
        st.stop()
    data = read_set(PAGE, chosen)
    if data.n_skipped:
        st.caption(f"{data.n_skipped:,} instances left out: they have no label, or a label that occurs once.")
    if part == TRIANGLE:
        show_triangle(PAGE, chosen, data)
    elif part == LEARNED:
        show_learned(PAGE, chosen, data)
    else:
        show_probes(PAGE, chosen, data)
except ElmoError as error:
    st.error(escape_markdown(str(error)))
