"""The way to Contextual and static with the same text, word and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from elmo_core.plots.style import clip
from elmo_core.senses.uses import Use
from pages.common.loaders import Source
from pages.common.sources import pass_source_to

_STATIC = Path(__file__).parents[1] / "static" / "page.py"
_LONGEST = 500  # characters of a sentence there


def open_static_page(page: str, source: Source, uses: Sequence[Use]) -> None:
    """Draw a button that opens Contextual and static with the selected uses; nothing where none is.

    Args:
        page: prefix of the button's key.
        source: the text, which goes with them.
        uses: the selected ones; the first two sentences are compared.
    """
    if not uses or not st.button(
        "Compare with its static vector",
        key=f"{page}_both_worlds",
        icon=":material/compare_arrows:",
        type="tertiary",
        help="Opens Contextual and static with the first one or two of the selected sentences.",
    ):
        return
    pass_source_to("static", source)
    word, sentences = uses[0].word.casefold(), [_around(use) for use in uses[:2]]
    st.session_state["static_word"] = word  # else the page would take its own examples for a new word
    asked = {"term": word, **dict(zip(("first", "second"), sentences, strict=False))}
    st.switch_page(_STATIC, query_params=asked)


def _around(use: Use) -> str:
    """Return the sentence of a use; of a very long one, the part around the use."""
    if len(use.text) <= _LONGEST:
        return use.text
    half = (_LONGEST - len(use.word)) // 2
    return f"{clip(use.left, half, keep_end=True)}{use.word}{clip(use.right, half)}".strip()
