"""Layers and mixtures: what each layer knows, and what mixing them gains, by score and interval."""

from __future__ import annotations

import streamlit as st

from elmo_core.exceptions import ElmoError
from pages.common.chosen_model import compared_model, model_name, reading_with
from pages.common.layout import show_title
from pages.common.markdown import escape_markdown
from pages.layers.finding import show_pattern
from pages.layers.labelled_sets import LabelledSet, choose_set, read_set
from pages.layers.studies import show_contextuality, show_learned, show_probes
from pages.layers.triangle import show_second_triangle, show_triangle

PAGE, SECOND = "layers", "layers_second"
TRIANGLE, LEARNED, PROBES, GEOMETRY = "Mixtures", "Learned weights", "Probing curves", "Contextuality"


def show_part(page: str, part: str, chosen: LabelledSet, *, is_alone: bool) -> None:
    """Show a part with the model that the page reads with; `page` is the prefix of its keys."""
    if part == GEOMETRY:
        show_contextuality(page, chosen)
        return
    data = read_set(page, chosen)
    if data.n_skipped:
        st.caption(f"{data.n_skipped:,} instances left out: they have no label, or a label that occurs once.")
    if part == TRIANGLE and page == SECOND:
        show_second_triangle(page, PAGE, chosen, data)
    elif part == TRIANGLE:
        show_triangle(page, chosen, data, is_alone=is_alone)
    elif part == LEARNED:
        show_learned(page, chosen, data)
    else:
        show_probes(page, chosen, data)


show_title("Layers and mixtures", "What does each layer of the model know, and what does mixing them gain?")

show_pattern()
part = st.segmented_control(
    "Part", [TRIANGLE, LEARNED, PROBES, GEOMETRY], default=TRIANGLE, required=True, key="study",
    bind="query-params", label_visibility="collapsed", wrap=True,
)  # fmt: skip
chosen = choose_set(PAGE)
if chosen is None:
    st.stop()

names = [model_name()]
if part != LEARNED and (second := compared_model()):
    names.append(second)
# curves stand beside each other; triangles, which have their numbers beside them, below each other
places = (
    st.columns(2, gap="large") if len(names) > 1 and part != TRIANGLE else [st.container() for _ in names]
)
for name, place, page in zip(names, places, (PAGE, SECOND), strict=False):
    with place, reading_with(name):
        if len(names) > 1:
            st.markdown(f"**{escape_markdown(name)}**")
        try:
            show_part(page, part, chosen, is_alone=len(names) == 1)
        except ElmoError as error:
            st.error(escape_markdown(str(error)))
