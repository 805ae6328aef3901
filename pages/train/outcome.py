"""What becomes of a run: the model of all pages, files, curves, the command that does the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd
import streamlit as st

from elmo_core.exceptions import ElmoError
from elmo_core.own_models import free_model_name
from elmo_core.plots.training import describe_perplexities, plot_perplexities
from elmo_core.runs.folder import Run
from elmo_core.runs.outcome import model_archive, official_archive, take_model
from elmo_core.runs.progress import Progress, read_progress
from pages.common.chosen_model import choose_model, model_here, model_name
from pages.common.exports import Download, literal, python_cell, show_downloads
from pages.common.markdown import escape_markdown

_LONGEST_NAME = 60


def show_outcome(page: str, run: Run) -> None:
    """Offer the model of a finished run to all pages.

    Args:
        page: prefix of the keys of all widgets.
        run: a finished run.
    """
    taken = st.session_state.get(_taken(page, run), "")
    if taken and model_here(taken):
        is_used = model_name() == taken
        where = "All pages now read with it." if is_used else "The page Models has it."
        st.success(f"**{escape_markdown(taken)}** is one of your models. {where}")
        with st.container(horizontal=True):
            st.page_link("senses/page.py", label="See its word senses", icon=":material/scatter_plot:")
            st.page_link("models/page.py", label="See its card", icon=":material/deployed_code:")
        return
    key = f"{page}_model_name_{run.name}"
    st.session_state.setdefault(key, free_model_name(run.name))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name of the model", max_chars=_LONGEST_NAME, key=key, width=260).strip()
        st.button(
            "Use it on all pages",
            key=f"{page}_use",
            type="primary",
            icon=":material/check:",
            on_click=_use,
            args=(page, run, name),
        )


def _use(page: str, run: Run, name: str) -> None:
    """Callback: put the model among the user's, and let all pages of the session read with it."""
    try:
        take_model(run, name)
    except ElmoError as error:
        st.toast(escape_markdown(str(error)), icon=":material/error:")
    else:
        st.session_state[_taken(page, run)] = name
        choose_model(name)


def _taken(page: str, run: Run) -> str:
    """Key of the name under which this run was taken; another run may have had the run's name before."""
    return f"{page}_taken_{run.name}_{run.about.created}"


def offer_all(page: str, run: Run, runs: Sequence[Run]) -> None:
    """Show the curves of several runs over each other, the downloads and the command line.

    Args:
        page: prefix of the keys of all widgets.
        run: the run that is shown.
        runs: all there are.
    """
    progress = read_progress(run)
    if not progress.rows:
        return
    others = [other.name for other in runs if other != run]
    curves = {run.name: progress}
    if others:
        beside = st.multiselect("Compare its curve with", others, key=f"{page}_beside_{run.name}")
        curves |= {other.name: read_progress(other) for other in runs if other.name in beside}
        if len(curves) > 1:
            st.plotly_chart(
                plot_perplexities(curves), key=f"{page}_curves", alt=describe_perplexities(curves)
            )
            st.caption("Perplexities compare where the text and the vocabulary are the same.")
    more = (
        Download("Model (.zip)", f"{run.name}.zip", "application/zip", lambda: model_archive(run)),
        Download(
            "Official files (.zip)",
            f"{run.name}-official.zip",
            "application/zip",
            lambda: official_archive(run),
        ),
    )
    show_downloads(
        page,
        f"{run.name} history",
        rows=lambda: history_frame(progress),
        figures={"Curve": plot_perplexities(curves)},
        more=more if (run.model / "config.json").is_file() else (),
        cell=_cell(run),
    )
    with st.popover("Command line", icon=":material/terminal:"):
        st.caption("Trains the same in a folder of its own, with the same bits.")
        st.code(run.command_line(), language="shell", wrap_lines=True)


def history_frame(progress: Progress) -> pd.DataFrame:
    """Return the history as a table, one row for each time it was written down."""
    return pd.DataFrame([asdict(row) for row in progress.rows])


def _cell(run: Run) -> str:
    return python_cell(
        "from elmo_core.plots.training import plot_perplexities\n"
        "from elmo_core.runs.folder import find_run\n"
        "from elmo_core.runs.progress import read_progress",
        f"run = find_run({literal(run.name)})",
        "progress = read_progress(run)",
        "plot_perplexities({run.name: progress}).show()",
        "# from elmo_core import load_elmo; elmo = load_elmo(run.model)",
    )
