"""A text of one's own with its names marked: what the page opens on."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from elmo_core.glossary import explain
from elmo_core.learning.tags.prediction import tag_stream
from elmo_core.learning.tags.results import TagResult
from elmo_core.plots.highlighted_text import highlighted
from elmo_core.plots.style import percent
from elmo_core.tables.records import counted
from elmo_core.text.tokenisation import located_sentences
from pages.common.sources import set_state
from pages.entities.work import TagComparison

TYPED = "Tariq Nguyen flew from Cairo to Quito in June 2021 for Halcyon Radio."
"""None of its names is among the bundled sentences."""
FAILS = "Apple hired Paris Hilton in May, and Jordan flew to Georgia."
"""Names that are also other things, most of which it has not learned from."""
_LONGEST_TYPED = 5000


def show_own_text(page: str, outcome: TagComparison, best: TagResult) -> None:
    """Let the visitor type a text, and mark what the best tagger finds in it at once.

    Args:
        page: prefix of the keys of all widgets.
        outcome: the comparison.
        best: its best tagger.
    """
    writing, marked = st.columns([2, 3], gap="medium")
    with writing:
        text = st.text_area(
            "Your text",
            TYPED,
            height=110,
            max_chars=_LONGEST_TYPED,
            key=f"{page}_typed",
            persist_state="session",
        )
        if outcome.corpus.is_sample:
            st.button(
                "Show where it fails",
                key=f"{page}_fails",
                type="tertiary",
                icon=":material/troubleshoot:",
                on_click=set_state,
                args=(f"{page}_typed", FAILS),
            )
    with marked:
        _mark(text or "", outcome, best)


def _mark(text: str, outcome: TagComparison, best: TagResult) -> None:
    """Show a text with its names marked, and say how sure that is."""
    located = list(located_sentences(text))
    sentences = [tokens for tokens, _ in located]
    if best.tagger is None or not sentences:
        st.info("Type a sentence to tag it.")
        return
    labels = tuple(outcome.corpus.train.label_counts)
    tagged = [
        replace(tagged_sentence, tokens=tuple(text[start:end] for start, end in places))
        for tagged_sentence, (_, places) in zip(tag_stream(best.tagger, sentences), located, strict=True)
    ]
    st.html("".join(highlighted(sentence, labels) for sentence in tagged))
    n_found = sum(len(sentence.found) for sentence in tagged)
    if not n_found:
        st.caption("Nothing found in it.")
        return
    sure = sum(span.probability for sentence in tagged for span in sentence.found) / n_found
    unit = "name" if outcome.corpus.is_sample else "span"
    st.caption(
        f"{counted(n_found, unit)} found, {percent(sure)} sure on average, by a tagger that has learned from "
        f"{counted(len(outcome.corpus.train), 'sentence')} ({best.method}). A percentage is the probability "
        "of just this span with just this label; it is not calibrated on other texts.",
        help=explain("Held-out"),
    )
