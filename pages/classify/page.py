"""Classify: a table in, methods compared, an honest classifier out."""

from __future__ import annotations

import streamlit as st

from elmo_core.learning.lab import facts_of, run_lab
from elmo_core.learning.results import ComparisonSettings, MethodResult
from elmo_core.learning.texts.dataset import Dataset
from elmo_core.measuring.durations import duration
from pages.classify import comparison as comparison_view
from pages.classify import prediction as prediction_view
from pages.classify.dataset import choose_dataset
from pages.classify.inside import show_inside
from pages.classify.results import baselines_of, expected_seconds, static_vectors
from pages.classify.table import choose_table
from pages.common import exports, jobs
from pages.common.jobs import Job
from pages.common.loaders import load_model, model_name

PAGE = "classify"


def train(job: Job, data: Dataset, settings: ComparisonSettings) -> ComparisonSettings:
    """The work of the job; its parts are shown as they come."""
    elmo, static = load_model(model_name()), static_vectors()
    for part in run_lab(elmo, data, settings, static=static, report=job.report):
        job.parts.append(part)
    return settings


st.title("Classify texts")
st.markdown("Can your labels be told from the texts, and does a biLM do it better than counting words?")

table = choose_table(PAGE)
chosen = choose_dataset(PAGE, table) if table else None
if chosen is None:
    st.stop()

data = chosen.data
with st.container(horizontal=True, vertical_alignment="center"):
    settings = comparison_view.choose_settings(PAGE, len(data.texts))
    is_usable = all(finding.severity != "refused" for finding in data.findings)
    wants = st.button(
        "Train and compare", type="primary", icon=":material/play_arrow:", disabled=not is_usable
    )
    if is_usable:
        st.caption(f"about {duration(expected_seconds(data, settings))} on this machine")
if wants:
    jobs.start(PAGE, chosen.key, "Comparing", lambda job: train(job, data, settings))
job = jobs.current(PAGE, chosen.key)
if job is None:
    if is_usable and chosen.file.is_sample:
        baselines = baselines_of(chosen.key, settings.n_folds, data)
        comparison_view.show_results(PAGE, f"{chosen.key} {settings.n_folds}", baselines)
        st.caption("So far without a biLM: train to see whether one does better.")
    st.stop()

jobs.watch(job)
if not job.is_over:
    comparison_view.show_while_running(PAGE, job)
    st.stop()
name, results = str(id(job)), comparison_view.results_of(job.parts)
shown = comparison_view.show_results(PAGE, name, results)
used = jobs.result_of(job)
if used != settings:
    st.caption("These results are of the settings before you changed them; train again for the new ones.")
if shown is None:
    st.stop()
found, figure = shown
exports.show_downloads(
    PAGE,
    f"{data.name} comparison",
    rows=lambda: comparison_view.table_of_results(results),
    figures={"Scores": figure},
    cell=comparison_view.python_cell(chosen, used),
    reads_file=True,
)

st.subheader("Look inside", divider=True)
inspection = comparison_view.inspection_of(job.parts)
done = [result for result in results if isinstance(result, MethodResult)]
show_inside(PAGE, name, chosen, done, inspection)

st.subheader("Use it", divider=True)
trained = None
if inspection:
    facts = facts_of(inspection, data, chosen.columns, found)
    trained = prediction_view.ActiveClassifier(name, inspection.classifier, facts)
prediction_view.show_use(PAGE, trained, data.texts[0])
