"""The page as an instrument: narrow margins, and rows of buttons that scroll by themselves on a phone."""

from __future__ import annotations

import streamlit as st

WORDS, CONTROLS = "senses_words", "senses_controls"
"""Keys of the containers that hold the words to try, and what else can be chosen."""

_STYLE = f"""<style>
[data-testid="stMainBlockContainer"] {{ padding: 4.2rem 2rem 4rem; }}
[data-testid="stMainBlockContainer"] h4 {{ padding: 0; }}
@media (max-width: 640px) {{
  [data-testid="stMainBlockContainer"] {{ padding: 4.2rem 1rem 4rem; }}
  .st-key-{WORDS} .stHorizontalBlock, .st-key-{WORDS} > div > div {{ flex-wrap: nowrap; overflow-x: auto; }}
}}
</style>"""


def set_layout() -> None:
    """Make room for the map, its headline and the field for a sentence on the first screen."""
    st.html(_STYLE)
