"""Entities: learn to tag tokens from a few hundred sentences, see where it errs, take the tagger away."""

from __future__ import annotations

from functools import partial

import streamlit as st

from elmo_core.exceptions import ElmoError
from elmo_core.learning.tags.comparison import estimated_seconds
from elmo_core.learning.tags.verdict import best_on_layers, tag_verdict
from elmo_core.measuring.durations import duration
from pages.common import jobs
from pages.common.loaders import load_model, model_name
from pages.common.markdown import escape_markdown
from pages.common.text_spaces import vectors_from_file
from pages.entities import differences as tagging_differences
from pages.entities import exports as tagging_exports
from pages.entities import views as tagging_views
from pages.entities.data import choose_corpus, choose_settings, wants_own_static
from pages.entities.work import Outcome, compare, curve

PAGE, CURVE = "entities", "entities_curve"
SCORES, DIFFERENCES, TRY, MORE, FILES = "Scores", "Differences", "Your text", "More sentences?", "Take away"

st.title("Entities")
st.markdown("Which words name people, places, organisations or dates, and how sure is that?")

elmo = load_model(model_name())
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

subject = f"{elmo.name} {corpus.key} {settings!r} {static.recipe if static else ''}"
n_train, n_test = (sum(map(len, part.tokens)) for part in (corpus.train, corpus.test))
needed = estimated_seconds(n_train, n_test, settings)
work = partial(compare, elmo, corpus, settings, static)
job = jobs.current(PAGE, subject)
if job is None and corpus.is_sample:  # the page opens with an answer
    job = jobs.start(PAGE, subject, "Training", work)
is_wanted = job is None or job.state in ("failed", "cancelled")
if go.button(
    f"Train (about {duration(needed)})",
    type="primary" if is_wanted else "secondary",
    icon=":material/model_training:",
    key=f"{PAGE}_train_button",
    disabled=not is_wanted,
):
    job = jobs.start(PAGE, subject, "Training", work)
st.caption(tagging_views.say_counts(corpus.train, corpus.test))
if job is None or not job.is_over:
    if job is not None:
        jobs.watch(job)
        tagging_views.show_live(job, "span F1" if corpus.train.is_spans else "accuracy")
    st.markdown("**What it learns from**")
    tagging_views.show_gold(corpus.train)
    st.stop()

outcome: Outcome = jobs.result_of(job)
best = best_on_layers(outcome.results)
if best is None or best.tagger is None:
    st.info("Choose at least one method that can tag: static only, layer 0, or a mix.")
    st.stop()
st.markdown(f"**{escape_markdown(tag_verdict(outcome.results))}**")
view = st.segmented_control(
    "View", (SCORES, DIFFERENCES, TRY, MORE, FILES), default=SCORES, required=True, key="view",
    bind="query-params", label_visibility="collapsed", wrap=True,
)  # fmt: skip
if view == SCORES:
    tagging_views.show_scores(outcome, best)
elif view == DIFFERENCES:
    result = tagging_differences.choose_result(PAGE, outcome, best)
    tagging_differences.show_differences(PAGE, outcome, result)
elif view == TRY:
    tagging_views.show_own_text(PAGE, outcome, best)
elif view == MORE:
    curve_job = jobs.current(CURVE, f"{subject} {best.method}")
    if curve_job is None:
        st.markdown("Would more tagged sentences help? Learn from a tenth, a quarter, half and all of them.")
        if st.button("Draw the curve", key=f"{CURVE}_go", icon=":material/show_chart:"):
            drawing = partial(curve, elmo, outcome, best.method, settings)
            curve_job = jobs.start(CURVE, f"{subject} {best.method}", "Learning curve", drawing)
    if curve_job is not None:
        jobs.watch(curve_job)
        tagging_views.show_curve(jobs.result_of(curve_job))
else:
    tagging_exports.show(PAGE, outcome, best)
