"""Classify texts: compare methods on a labelled table, and use the best classifier."""

from __future__ import annotations

from functools import partial

import streamlit as st

from elmo_core.learning.results import results_run
from elmo_core.learning.workflow import classification_facts
from elmo_core.measuring.durations import duration
from pages.classify import comparison as comparison_view
from pages.classify import prediction as prediction_view
from pages.classify.dataset import choose_dataset
from pages.classify.inside import show_inside
from pages.classify.results import expected_seconds
from pages.classify.running import train
from pages.classify.table import choose_table
from pages.common import exports, jobs
from pages.common.chosen_model import compared_model
from pages.common.layout import show_title
from pages.common.markdown import escape_markdown
from pages.common.permissions import refusal_of_length
from pages.common.processes import prepare
from pages.common.results import visitor_results

PAGE = "classify"

prepare()
show_title(
    "Classify texts",
    "Can the labels be predicted from the texts, and does a biLM do it better than counting words?",
)

table = choose_table(PAGE)
chosen = choose_dataset(PAGE, table) if table else None
if chosen is None:
    st.stop()

data, second = chosen.data, compared_model()
with st.container(horizontal=True, vertical_alignment="center"):
    settings = comparison_view.choose_settings(PAGE, len(data.texts))
    is_usable = all(finding.severity != "refused" for finding in data.findings)
    button = st.container(width="content")
    seconds = expected_seconds(data, settings, second) if is_usable else 0.0
    refusal = refusal_of_length(seconds)
    may_start = is_usable and not refusal
    if is_usable:
        beside = f", with the methods of {escape_markdown(second)} too" if second else ""
        st.caption(f"about {duration(seconds)} on this machine{beside}")
if refusal:
    st.warning(refusal)
done = jobs.run_or_offer(
    PAGE,
    ("comparison", chosen.key, second),
    "Comparing",
    lambda job: train(job, data, settings, second, refusal),
    seconds=seconds,
    results=visitor_results("comparison", 1),
    button=jobs.StartButton("Train and compare", button, can_repeat=True, is_enabled=may_start),
    meanwhile=partial(comparison_view.show_so_far, PAGE, chosen, settings.n_folds if is_usable else None),
)
results = comparison_view.results_of(done.parts)
shown = comparison_view.show_results(PAGE, done.name, results)
if done.settings != settings:
    st.caption("These results are for the settings before you changed them. Train again for the new ones.")
if shown is None:
    st.stop()
verdict, figure = shown
exports.show_downloads(
    PAGE,
    f"{data.name} comparison",
    rows=lambda: comparison_view.table_of_results(results),
    figures={"Scores": figure},
    cell=comparison_view.python_cell(chosen, done.settings, second),
    reads_file=True,
)

st.subheader("Look inside", divider=True)
inspection = comparison_view.inspection_of(done.parts)
show_inside(PAGE, done.name, chosen, results_run(results), inspection)

st.subheader("Use it", divider=True)
trained = None
if inspection:
    facts = classification_facts(inspection, data, chosen.columns, verdict)
    trained = prediction_view.ActiveClassifier(done.name, inspection.classifier, facts)
prediction_view.show_use(PAGE, trained, data.texts[0])
