"""Entities: a sentence with its names marked, the tagger behind it, and taggers for data of one's own."""

from __future__ import annotations

from functools import partial

import streamlit as st

from elmo_core.exceptions import ElmoError
from elmo_core.learning.results import best_result
from elmo_core.measuring.durations import duration
from pages.common import jobs
from pages.common.chosen_model import compared_model, model_name
from pages.common.layout import show_title
from pages.common.loaders import load_model
from pages.common.markdown import escape_markdown
from pages.common.processes import prepare
from pages.common.results import results_about, visitor_results
from pages.common.text_spaces import vectors_from_file
from pages.entities import differences as tagging_differences
from pages.entities import exports as tagging_exports
from pages.entities import views as tagging_views
from pages.entities.data import choose_corpus, choose_settings, wants_own_static
from pages.entities.own_text import show_own_text
from pages.entities.work import compare, curve, expected_seconds, kept_for

PAGE = "entities"
SCORES, DIFFERENCES, MORE, FILES = "Scores", "Differences", "More sentences?", "Take away"

prepare()
show_title("Entities", "Which words name people, places, organisations or dates, and how sure is that?")

elmo, compared = load_model(model_name()), compared_model()
second = load_model(compared) if compared else None
first_row = st.container()
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    data_slot = st.container(width="content")
    options = st.popover("Options", icon=":material/tune:")
    go = st.container(width="content")

try:
    settings = choose_settings(PAGE, elmo, options)
    corpus = choose_corpus(PAGE, data_slot)
    static = vectors_from_file(PAGE) if wants_own_static(PAGE, options) else None
except ElmoError as error:
    st.error(escape_markdown(str(error)))
    st.stop()
if corpus is None:
    st.info("Choose a file with tagged sentences: entities, word classes, or any other tags.")
    st.stop()

key = ("taggers", elmo.name, corpus.key, repr(settings), static.recipe if static else "", compared)
needed = expected_seconds(elmo, second, corpus, settings)
st.caption(tagging_views.say_counts(corpus.train, corpus.test))
is_of_sample = corpus.is_sample and not static
results = results_about(is_sample=True) if is_of_sample else visitor_results("taggers", 2)
kept = kept_for(model_name(), settings) if is_of_sample else None
if kept and key not in results:
    results.keep(key, kept)  # the page opens with an answer
outcome = jobs.run_or_offer(
    PAGE,
    key,
    "Training",
    partial(compare, elmo, second, corpus, settings, static),
    seconds=needed,
    results=results,
    button=jobs.StartButton(
        f"Train (about {duration(needed)})",
        go,
        icon=":material/model_training:",
        starts_by_itself=corpus.is_sample,
        can_repeat=results.find(key) is kept is not None,
    ),
    meanwhile=partial(tagging_views.show_so_far, corpus.train),
)
best = best_result(outcome.results)
if best is None or best.tagger is None:
    st.info("Choose at least one method that can tag: static only, layer 0, or a mix.")
    st.stop()
with first_row:
    show_own_text(PAGE, outcome, best)
tagging_views.show_verdict(outcome, compared)
view = st.segmented_control(
    "View", (SCORES, DIFFERENCES, MORE, FILES), default=SCORES, required=True, key="view",
    bind="query-params", label_visibility="collapsed", wrap=True,
)  # fmt: skip
if view == SCORES:
    tagging_views.show_scores(outcome, best)
elif view == DIFFERENCES:
    result = tagging_differences.choose_result(PAGE, outcome, best)
    tagging_differences.show_differences(PAGE, outcome, result)
elif view == MORE:
    tagging_views.show_curve(
        f"{PAGE}_curve", (*key, best.method), partial(curve, outcome, best.method), needed
    )
else:
    tagging_exports.show(PAGE, outcome, best)
