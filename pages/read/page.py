"""Read: how surprising each word of a text is to the model, and what it expected instead."""

from __future__ import annotations

import streamlit as st

from elmo_core.exceptions import ElmoError
from pages.common.chosen_model import compared_model, model_name, reading_with
from pages.common.layout import show_title
from pages.common.markdown import escape_markdown
from pages.read import comparing, texts, views
from pages.read.exports import offer_all
from pages.read.work import Readings, read_all, sides_of

PAGE = "read"
MODELS, COMPARE, PERPLEXITY, WORDS, EACH = (
    "Two models", "Word for word", "Perplexity", "Table of words", "Sentences",
)  # fmt: skip

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
    second = compared_model()
    side = views.choose_side(sides_of(filter(None, (model_name(), second))))
is_longer = kind == texts.LONGER

chosen = texts.choose_longer(PAGE) if is_longer else texts.choose_sentences(PAGE)
if not chosen.texts:
    st.info(
        "Paste a text or choose a file: every word of it is read."
        if is_longer
        else "Type a sentence: every word of it is read."
    )
    st.stop()
try:
    first = read_all(PAGE, chosen.texts)
except ElmoError as error:
    st.error(escape_markdown(str(error)))
    st.stop()
order = views.choose_order(PAGE, first.texts[texts.LONGER_TEXT], chosen) if is_longer else None
views.show_readings(first, chosen, side, order, is_named=second is not None)
if not is_longer and texts.is_failure():
    views.say_failure(first.texts[texts.FIRST], first.samples, side)

both: list[Readings] = [first]
if second is not None:
    with reading_with(second):
        try:
            both.append(read_all(f"{PAGE}_second", chosen.texts))
        except ElmoError as error:
            st.error(escape_markdown(str(error)))
        else:
            views.show_readings(both[1], chosen, side, order, is_named=True)

views.explain_colours(both)
parts = [EACH if is_longer else COMPARE, PERPLEXITY, WORDS]
if len(both) > 1:
    parts.insert(0, MODELS)
part = st.segmented_control(
    "Look closer", parts, default=parts[0], required=True, key=f"{PAGE}_part", wrap=True
)
if part == MODELS:
    comparing.show_models(PAGE, both, side, has_figures=not is_longer)
elif part == COMPARE:
    comparing.show_texts(PAGE, first, side)
elif part == EACH:
    views.show_sentences(both)
elif part == PERPLEXITY:
    views.show_perplexities(both)
else:
    views.show_words(both)
offer_all(PAGE, both, side, chosen.source)
