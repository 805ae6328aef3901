"""The model of a session: the one that its address names, else the one that the server starts with.

A second model may stand beside it, on the pages that can show two.

Work on another thread has no session. `reading_with` names the model for it, so that a job computes with the
model of the page that started it, whatever its visitor chooses meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from elmo_core.weights.registry import ModelEntry, find_model

SHIPPED_MODEL, RANDOM_MODEL = "english-small", "tiny"
IN_ADDRESS = "model"
"""The query key that names a model other than the server's."""
COMPARED_IN_ADDRESS = "compare"
"""The query key that names a second model."""

_IN_SESSION, _IN_ADDRESS, _UNKNOWN = "_model", "_model_in_address", "_unknown_model"
_COMPARED, _COMPARED_BEFORE = "_compared_model", "_compared_in_address"
_of_work: ContextVar[str | None] = ContextVar("model", default=None)


def model_name() -> str:
    """Return the name of the model that the running page or job reads with."""
    if of_work := _of_work.get():
        return of_work
    if get_script_run_ctx(suppress_warning=True) is None:
        return default_model()
    return str(st.session_state.get(_IN_SESSION) or default_model())


def default_model() -> str:
    """Return the server's model: ELMO_MODEL, else the one that ships, else the one of random weights."""
    if asked := os.environ.get("ELMO_MODEL"):
        return asked
    return SHIPPED_MODEL if model_here(SHIPPED_MODEL) else RANDOM_MODEL


def model_here(name: str) -> ModelEntry | None:
    """Return the model on this machine that has a name; None where there is none."""
    entry = find_model(name)
    return entry if entry and entry.available else None


def choose_model(name: str) -> None:
    """Let all pages of this session read with a model of this machine: a callback too."""
    st.session_state[_IN_SESSION] = name
    st.session_state[_UNKNOWN] = ""


def compared_model() -> str | None:
    """Return the name of the model that the running page shows beside its own; None without one."""
    name = st.session_state.get(_COMPARED)
    return str(name) if name and name != model_name() and model_here(name) else None


def compare_with(name: str | None) -> None:
    """Let the pages of this session that can show two models show this one beside their own."""
    st.session_state[_COMPARED] = name


def take_models_from_address() -> None:
    """Take up the models that the address names, and name the session's in the address.

    An address names only models that have a name here, never a path. The server's own model is left out.
    """
    _take_model()
    asked = st.query_params.get(COMPARED_IN_ADDRESS, "")
    if asked and asked != st.session_state.get(_COMPARED_BEFORE):
        if model_here(asked) is None:
            st.session_state[_UNKNOWN] = asked
        else:
            compare_with(asked)
    compared = compared_model()
    if compared is None:
        st.query_params.pop(COMPARED_IN_ADDRESS, None)
    elif asked != compared:
        st.query_params[COMPARED_IN_ADDRESS] = compared
    st.session_state[_COMPARED_BEFORE] = compared


def _take_model() -> None:
    asked = st.query_params.get(IN_ADDRESS, "")
    if asked and asked != st.session_state.get(_IN_ADDRESS):
        is_known = asked == default_model() or model_here(asked) is not None
        st.session_state[_UNKNOWN] = "" if is_known else asked
        if is_known:
            choose_model(asked)
    chosen = model_name()
    if chosen == default_model():
        st.query_params.pop(IN_ADDRESS, None)
    elif asked != chosen:
        st.query_params[IN_ADDRESS] = chosen
    st.session_state[_IN_ADDRESS] = chosen


def unknown_model() -> str:
    """Return the name in the address of a model that is not on this machine; empty where there was none."""
    return str(st.session_state.get(_UNKNOWN, ""))


@contextmanager
def reading_with(name: str) -> Iterator[None]:
    """Let work on this thread read with a model."""
    token = _of_work.set(name)
    try:
        yield
    finally:
        _of_work.reset(token)
