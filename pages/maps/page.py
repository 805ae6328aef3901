"""Maps: all sentences or tokens of a text, layer by layer in one frame."""

from __future__ import annotations

import streamlit as st

from elmo_core.exceptions import ElmoError
from pages.common.layout import show_title
from pages.common.markdown import escape_markdown
from pages.maps.settings import choose_settings, choose_views, get_map
from pages.maps.sources import choose_points
from pages.maps.view import show_map

PAGE = "maps"

show_title(
    "Maps", "What does a whole text look like, layer by layer, and what moves most between the layers?"
)

try:
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    choices = row.container(horizontal=True, vertical_alignment="bottom", gap="medium", width="content")
    options = row.popover("Options", icon=":material/tune:")
    chosen = choose_points(PAGE, choices, options)
    if chosen is None:
        st.stop()
    settings = choose_settings(PAGE, options)
    points, views = choose_views(PAGE, chosen.points, options)
    show_map(PAGE, chosen, points, get_map(PAGE, chosen.key, points, views, settings))
except ElmoError as error:
    st.error(escape_markdown(str(error)))
