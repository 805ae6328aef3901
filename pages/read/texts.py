"""What is read: two sentences that are edited in place, or a longer text of the visitor's own."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.common.loaders import Source
from pages.common.sources import choose_source, set_state

FIRST, SECOND, LONGER_TEXT = "first text", "second text", "text"
SENTENCES, LONGER = "Sentences", "A longer text"
MOST_CHARACTERS = 200_000
"""Of a longer text that are read."""

_LONGEST_TYPED = 1000


@dataclass(frozen=True)
class Example:
    """Two sentences that differ in a word."""

    name: str
    first: str
    second: str


EXAMPLES = (
    Example(
        "An odd word",
        "The ship sailed across the sea to America.",
        "The ship sailed across the soup to America.",
    ),
    Example(
        "A wrong form",
        "The children go to school in the morning.",
        "The children goes to school in the morning.",
    ),
    Example(
        "The wrong kind of word",
        "He was born in London in 1850.",
        "He was born in Tuesday in 1850.",
    ),
    Example(
        "Where it fails",
        "The doctor told the patient to take the medicine twice a day.",
        "The doctor told the patient to take the bicycle twice a day.",
    ),
)
"""Chosen by looking at what the model that ships does; the page opens on the first, the last is a failure."""


@dataclass(frozen=True)
class ChosenTexts:
    """What is read, by its name on the page."""

    texts: dict[str, str]
    places: dict[str, DeltaGenerator]
    """Where a text is shown."""
    source: Source | None = None
    """Where a longer text comes from; None = sentences were typed."""


def choose_sentences(page: str) -> ChosenTexts:
    """Let the visitor edit two sentences; one that is empty is left out.

    Args:
        page: prefix of the keys of all buttons.
    """
    with st.container(horizontal=True, gap="xsmall"):
        for number, example in enumerate(EXAMPLES):
            st.button(example.name, key=f"{page}_example_{number}", on_click=_show, args=(example,))
    first, second = st.columns(2, gap="large")
    with first:
        text = _edit("Sentence", "text", EXAMPLES[0].first)
    with second:
        beside = _edit("Compare with (may be empty)", "beside", EXAMPLES[0].second)
    typed = {FIRST: text, SECOND: beside}
    return ChosenTexts(
        {name: typed[name] for name in typed if typed[name].strip()}, {FIRST: first, SECOND: second}
    )


def _edit(label: str, key: str, value: str) -> str:
    text = st.text_input(
        label,
        value,
        max_chars=_LONGEST_TYPED,
        key=key,
        bind="query-params",
        live="300ms",
        help="Read again while you type. Several sentences are read one by one.",
    )
    return text or ""


def is_failure() -> bool:
    """Return whether the sentences are those of the example in which the model is wrong."""
    typed = st.session_state["text"], st.session_state["beside"]
    return typed == (EXAMPLES[-1].first, EXAMPLES[-1].second)


def choose_longer(page: str) -> ChosenTexts:
    """Let the visitor paste a text or choose a file, of which the beginning is read.

    Args:
        page: prefix of the keys of all widgets.
    """
    st.session_state[f"{page}_is_own"] = True
    source, place = choose_source(page), {LONGER_TEXT: st.container()}
    if source is None:
        return ChosenTexts({}, place)
    whole = "\n".join(source.text.sentences)
    if len(whole) > MOST_CHARACTERS:
        place[LONGER_TEXT].caption(
            f"The first {MOST_CHARACTERS:,} of {len(whole):,} characters are read; `elmo read` reads all."
        )
        end = whole.rfind("\n", 0, MOST_CHARACTERS)
        whole = whole[: end if end > 0 else MOST_CHARACTERS]
    return ChosenTexts({LONGER_TEXT: whole}, place, source)


def _show(example: Example) -> None:
    """Callback: put an example into the fields."""
    set_state("text", example.first)
    set_state("beside", example.second)
