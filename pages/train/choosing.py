"""Which run is shown: one of those on this machine, or a new one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from elmo_core.runs.folder import Run
from elmo_core.runs.queue import Kind, state_of

STATES: dict[Kind, str] = {
    "waiting": "waiting for its turn",
    "running": "learning",
    "stopping": "stopping",
    "paused": "paused",
    "finished": "finished",
    "failed": "failed",
    "ended": "ended",
}
_ICONS: dict[Kind, str] = {
    "waiting": ":material/hourglass_empty:",
    "running": ":material/play_arrow:",
    "stopping": ":material/pause:",
    "paused": ":material/pause:",
    "finished": ":material/check:",
    "failed": ":material/error:",
    "ended": ":material/error:",
}
NEW = "New"
_IN_ADDRESS = "run"


def choose_run(page: str, runs: Sequence[Run]) -> Run | None:
    """Return the run to show; None = a new one is to be made.

    Args:
        page: prefix of the keys of all widgets.
        runs: all there are, the newest first.
    """
    key, names = f"{page}_run", [run.name for run in runs]
    if next_one := st.session_state.pop(f"{page}_next", ""):
        st.session_state[key] = next_one
    if not runs:
        st.session_state.pop(key, None)
        st.query_params.pop(_IN_ADDRESS, None)
        return None
    asked = st.session_state.get(key) or st.query_params.get(_IN_ADDRESS)
    st.session_state[key] = asked if asked in (*names, NEW) else names[0]
    icons = {run.name: _ICONS[state_of(run).kind] for run in runs} | {NEW: ":material/add:"}
    chosen = st.segmented_control(
        "Runs on this machine",
        [*names, NEW],
        format_func=lambda name: f"{icons[name]} {name}",
        required=True,
        key=key,
        wrap=True,
    )
    st.query_params[_IN_ADDRESS] = str(chosen)
    return next((run for run in runs if run.name == chosen), None)


def show(page: str, name: str) -> None:
    """Show a run, or the form for a new one, in the next run of the page: a callback too."""
    st.session_state[f"{page}_next"] = name
