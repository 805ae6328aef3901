"""The uses of a word in their contexts: the table (keyword in context) and the selected uses.

`page` is the prefix of the keys of all widgets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from elmo_core.plots.points import Colouring
from elmo_core.plots.style import clip, direction, listing
from elmo_core.senses.no_uses import explain_no_use
from elmo_core.senses.queries import parse_query
from elmo_core.senses.uses import Use, Uses, nearest_words
from pages.common.loaders import Source
from pages.common.markdown import escape_markdown
from pages.common.selection import MapSelection
from pages.common.sources import set_state

_CONTEXT = 42  # characters of context in the table, each side: as many as its columns are wide
_SHOWN = 50  # selected uses written out in full
_EXAMPLES = 3  # uses written out while none is selected
IMAGES = ("SVG", "PNG")
"""Formats that the camera in a map's corner can save."""
_SCALE = 3  # pixels of a saved image for each on screen
_ISOLATED, _END_OF_ISOLATED = "\u2067", "\u2069"  # right-to-left isolate, and its end
_ORDERS = ("Text", "Left context", "Right context", "Group")
_RIGHT_TO_LEFT = (
    "Left context: what comes before the use, which stands on its right here. Right context: after it."
)


def modebar(file_name: str, image: str = IMAGES[0]) -> dict[str, Any]:
    """Return Plotly's configuration: buttons to select and zoom, and a camera that saves this format."""
    return {
        "displaylogo": False,
        "scrollZoom": False,
        "modeBarButtonsToRemove": ["autoScale2d"],
        "toImageButtonOptions": {"format": image.lower(), "filename": file_name, "scale": _SCALE},
    }


def show_selected(page: str, uses: Uses, colouring: Colouring, linked: MapSelection) -> None:
    """Show the selected uses by colour and in full; three examples while nothing is selected."""
    ids = linked.current.ids
    chosen = [uses.uses[id] for id in ids] or _examples(uses, colouring)
    kind = "selected" if ids else "as examples"
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{len(chosen):,} of {len(uses.uses):,} uses {kind}**", width="content")
        if ids:
            st.button("Clear", key=f"{page}_clear", type="tertiary", on_click=linked.clear)
    if not ids:
        st.caption("Lasso or click dots in the map, or tick rows in the table: each shows in the other.")
    elif len(colouring.names) > 1:
        counts = Counter(colouring.name_of(use.id) for use in chosen)
        st.caption(escape_markdown(listing(f"{count} {name}" for name, count in counts.most_common())))
    with st.container(height=170):
        for use in chosen[:_SHOWN]:
            st.text(use.text)
        if len(chosen) > _SHOWN:
            st.caption(f"and {len(chosen) - _SHOWN:,} more, in the table")


def choose_order(page: str, uses: Uses, labels: Sequence[int]) -> tuple[int, ...]:
    """Let the visitor sort the table, and return the ids of the uses in that order."""
    order = st.segmented_control(
        "Sort by",
        _ORDERS,
        default=_ORDERS[0],
        required=True,
        key="sort",
        bind="query-params",
        help=_RIGHT_TO_LEFT if direction([uses.word]) == "rtl" else None,
    )
    keys = {
        "Left context": lambda use: (left_key(use), use.id),
        "Right context": lambda use: (use.right.strip().casefold(), use.id),
        "Group": lambda use: (labels[use.id] < 0, labels[use.id], use.id),
    }
    if order not in keys:
        return ()
    return tuple(use.id for use in sorted(uses.uses, key=keys[order]))


def left_key(use: Use) -> tuple[str, ...]:
    """Return the key for sorting by left context: the words before the use, the nearest first.

    Where no blanks part the words, the key is of characters.
    """
    left = use.left.casefold().strip()
    return tuple(reversed(left.split() if " " in use.text.strip() else left))


def show_table(uses: Uses, groups: Colouring, linked: MapSelection) -> None:
    """Show every use in its context; ticked rows stand out in the map."""
    frame = context_frame(uses)
    if len(groups.names) > 1:
        frame["group"] = [groups.name_of(use.id) for use in uses.uses]
    st.dataframe(
        frame.iloc[linked.current.order(len(uses.uses))],
        key=linked.table_key,
        on_select=linked.on_table,
        selection_mode="multi-row",
        hide_index=True,
        column_config=_columns(),
        alt=f"Every use of {uses.word} in its context",
    )


def show_uses(uses: Uses) -> None:
    """Show every use in its context where there is no map to link the table with."""
    alt = f"Every use of {uses.word}"
    st.dataframe(context_frame(uses), hide_index=True, column_config=_columns(), alt=alt)


def explain_phrases(uses: Sequence[Use]) -> None:
    """Say how vectors of uses of several tokens are combined, where there are such uses."""
    phrase = next((use for use in uses if use.length > 1), None)
    if phrase:
        parts = escape_markdown(" | ".join(phrase.tokens[at] for at in phrase.span))
        st.caption(
            f"A use of several tokens ({parts}) counts as one. Its vector is the mean of theirs in each "
            "layer; its context is what stands before the first and after the last of them."
        )


def show_no_use(page: str, source: Source, word: str, key: str = "word") -> None:
    """Say why a word is not found in a text, and offer the words that are spelt like it.

    Args:
        page: prefix of the keys of all buttons.
        source: the text.
        word: what was asked for.
        key: of the word, in the session.
    """
    reason = explain_no_use(source.text.sentences, word)
    if parse_query(word).pattern:
        st.info(escape_markdown(reason) or f"No word of this text matches {escape_markdown(word)}.")
        return
    near = nearest_words(source.text.sentences, word)
    if not near:
        st.info(
            escape_markdown(reason)
            or f"{escape_markdown(word)} is not in this text, and no word is spelt like it."
        )
        return
    sentence = escape_markdown(reason) or f"{escape_markdown(word)} is not in this text."
    st.info(f"{sentence} The nearest spellings are these, with their number of uses.")
    with st.container(horizontal=True):
        for spelling, count in near:
            st.button(
                f"{spelling} ({count})",
                key=f"{page}_near_{spelling}",
                on_click=set_state,
                args=(key, spelling),
            )


def context_frame(uses: Uses) -> pd.DataFrame:
    """Return left context, use, right context, and the labelled sense where there is one."""
    sides = [
        on_both_sides(
            clip(use.left.strip(), _CONTEXT, keep_end=True), use.word, clip(use.right.strip(), _CONTEXT)
        )
        for use in uses.uses
    ]
    columns: dict[str, list[Any]] = {
        "left": [left for left, _ in sides],
        "word": [use.word for use in uses.uses],
        "right": [right for _, right in sides],
    }
    if any(uses.labels):
        columns["sense"] = [use.label or "" for use in uses.uses]
    return pd.DataFrame(columns)


def on_both_sides(before: str, word: str, after: str) -> tuple[str, str]:
    """Return what stands left and right of a use on screen.

    What comes before a word that is written from right to left stands on its right. Both sides are isolated,
    so that an ellipsis and punctuation stay at the end where they belong.
    """
    if direction([word]) == "ltr":
        return before, after
    left, right = (f"{_ISOLATED}{side}{_END_OF_ISOLATED}" if side else "" for side in (after, before))
    return left, right


def _examples(uses: Uses, colouring: Colouring) -> list[Use]:
    """Return three uses, of different colours where possible."""
    firsts = {colouring.codes[use.id]: use for use in reversed(uses.uses)}.values()
    rest = (use for use in uses.uses if use not in firsts)
    return sorted([*firsts, *rest][:_EXAMPLES], key=lambda use: use.id)


def _columns() -> dict[str, Any]:
    text = st.column_config.TextColumn
    return {
        "left": text("Left", alignment="right", width=285),
        "word": text("Use", alignment="center", width=75),
        "right": text("Right", width=285),
        "group": text("Group", width=190),
        "sense": text("Labelled sense", width=150),
    }
