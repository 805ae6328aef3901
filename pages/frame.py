"""What surrounds every page: its configuration, the menu, the model in the sidebar."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.common.sidebar import show_model

PAGES = Path(__file__).parent

st.set_page_config(page_icon=str(PAGES / "common" / "icon.svg"), layout="wide")

home = st.Page(
    PAGES / "explore" / "senses.py",
    title="Word senses",
    icon=":material/scatter_plot:",
    url_path="home",
    default=True,
    help="All uses of one word on a map, layer by layer, with a score for how well their senses separate.",
)


def open_home() -> None:
    """Let the default page, which is served at /, answer to its own name as well."""
    st.switch_page(home, query_params=st.query_params.to_dict())


alias = st.Page(open_home, title="Word senses", url_path="senses", visibility="hidden")
page = st.navigation({"Explore": [home], "": [alias]})
st.set_page_config(page_title=f"{page.title} · ELMo Explorer")

show_model()
page.run()
