"""Every page as an instrument: narrow margins, its title and what it is in one row, controls that fold."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

WORDS, CONTROLS = "senses_words", "senses_controls"
"""Keys of the containers that hold the words to try, and what else can be chosen."""

_TITLE, _FINDING = "page_title", "page_finding"
_LEAD = 560  # pixels: beside the title where there is room, below it on a phone
_MAIN = '[data-testid="stMainBlockContainer"]'
_CAPTION = '[data-testid="stCaptionContainer"]'
_FIGURE_TEXT = ", ".join(
    f".js-plotly-plot {part}"
    for part in (
        ".xtick text", ".ytick text", ".xtitle", ".ytitle", ".legendtext", ".annotation-text",
        ".textpoint text", ".bartext-outside", ".cbaxis text",
    )
)  # fmt: skip
"""Where Streamlit's greys stand out from the page by less than 4.5:1."""
_STYLE = f"""<style>
{_MAIN} {{ padding: 4.2rem 2rem 4rem; }}
{_MAIN} h1 {{ padding: 0; font-size: 1.5rem; font-weight: 600; line-height: 1.2; }}
{_MAIN} h2 {{ font-size: 1.25rem; font-weight: 600; }}
{_MAIN} h3 {{ font-size: 1.1rem; font-weight: 600; }}
{_CAPTION} {{ opacity: 1; }}
{_CAPTION} p, {_CAPTION} li {{ color: color-mix(in srgb, currentColor 85%, transparent); }}
[data-testid="stBaseButton-primary"] {{ color: light-dark(#ffffff, #11191c); }}
[data-testid="stSidebarNavLink"] [data-testid="stIconMaterial"] {{ color: inherit; }}
{_FIGURE_TEXT} {{ fill: currentColor !important; }}
@media (max-width: 640px) {{
  div:has(> .st-key-{_TITLE}) {{ order: -2; }}
  div:has(> .st-key-{_FINDING}) {{ order: -1; }}
  {_MAIN} {{ padding: 4.2rem 1rem 4rem; }}
  .st-key-{WORDS} .stHorizontalBlock, .st-key-{WORDS} > div > div {{ flex-wrap: nowrap; overflow-x: auto; }}
}}
</style>"""


def show_title(title: str, about: str = "") -> DeltaGenerator:
    """Write the title of a page with a sentence beside it.

    Args:
        title: of the page.
        about: what the page is, in Markdown; empty where `tell` says it later.

    Returns:
        The row, for `tell`.
    """
    st.html(_STYLE)
    row = st.container(horizontal=True, vertical_alignment="center", gap="small", key=_TITLE)
    row.title(title, anchor=False, width="content")
    if about:
        tell(row, about)
    return row


def finding_row() -> DeltaGenerator:
    """Return a place for what a page has found and its figure; phones show it before all controls."""
    return st.container(key=_FINDING)


def tell(row: DeltaGenerator, about: str) -> None:
    """Say beside the title what the page is; `about` is Markdown."""
    row.markdown(about, width=_LEAD)
