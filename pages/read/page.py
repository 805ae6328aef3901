"""Read: how surprising each word of a text is to the model, and what it expected instead."""

from __future__ import annotations

import streamlit as st

from elmo_core.exceptions import ElmoError
from pages.common.layout import show_title
from pages.common.markdown import escape_markdown
from pages.read import texts, views
from pages.read.exports import offer_all
from pages.read.work import read_for_visitor, samples_of_model

PAGE = "read"
COMPARE, PERPLEXITY, WORDS, EACH = "Word for word", "Perplexity", "Table of words", "Sentences"

show_title(
    "Read",
    "**Which word is odd, and what was expected instead?** A language model predicts each word from those "
    "around it; words that it did not expect are marked.",
)
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    kind = st.segmented_control(
        "What to read", (texts.SENTENCES, texts.LONGER), default=texts.SENTENCES, required=True, key="what",
        bind="query-params", wrap=True,
    )  # fmt: skip
    side = views.choose_side()

try:
    samples = samples_of_model(PAGE)
    if kind == texts.SENTENCES:
        source, found = None, {}
        for name, (text, column) in texts.choose_sentences(PAGE).items():
            with column:
                if text.strip():
                    found[name] = read = read_for_visitor(PAGE, name, text)
                    views.show_text(read, samples, side)
                    views.say_most_surprising(read, samples, side)
        if texts.is_failure():
            views.say_failure(found[texts.FIRST], samples, side)
    else:
        source, whole = texts.choose_longer(PAGE)
        found = {"text": read_for_visitor(PAGE, "longer", whole)} if source else {}
        for read in found.values():
            views.say_most_surprising(read, samples, side)
            views.show_longer_text(PAGE, read, samples, side)
except ElmoError as error:
    st.error(escape_markdown(str(error)))
    st.stop()
if not found:
    if kind == texts.SENTENCES:
        st.info("Type a sentence: every word of it is read.")
    st.stop()

views.explain_colours(samples)
part = st.segmented_control(
    "Look closer",
    (COMPARE if source is None else EACH, PERPLEXITY, WORDS),
    default=COMPARE if source is None else EACH,
    required=True,
    key=f"{PAGE}_part",
    wrap=True,
)
if part == COMPARE:
    views.show_bits(PAGE, list(found.values()), side)
elif part == EACH:
    views.show_sentences(found["text"])
elif part == PERPLEXITY:
    views.show_perplexities(found, samples)
else:
    views.show_words(found, samples)
offer_all(PAGE, found, samples, side, source)
