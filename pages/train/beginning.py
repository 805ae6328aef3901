"""How a run begins: one click on the bundled sample, or a text and settings of the visitor's own."""

from __future__ import annotations

import dataclasses
import shutil
import time

import streamlit as st

from elmo_core.exceptions import ElmoError
from elmo_core.pretraining.estimate import RunEstimate
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.runs import queue
from elmo_core.runs.cost import measure_run, run_cost
from elmo_core.runs.folder import About, Run, create_run, free_run_name, refuse_run_name, runs_folder
from elmo_core.runs.presets import MINUTES, PRESETS, continued, fitted
from elmo_core.runs.texts import sample_text, write_texts
from elmo_core.text.vocabulary import SPECIALS
from elmo_core.weights.registry import known_models
from pages.common import jobs
from pages.common.job import Job
from pages.common.jobs import AT_ONCE_S, run_or_offer
from pages.common.loaders import load_bilm
from pages.common.markdown import escape_markdown
from pages.common.results import results_about, visitor_results
from pages.train.choosing import show
from pages.train.settings import choose_settings
from pages.train.texts import ChosenText, choose_text

_SCHEDULE = (
    "total_words", "learning_rate", "warm_up_steps", "decay_from", "final_rate", "weight_decay", "clip_norm",
    "checkpoint_steps", "log_steps", "valid_tokens", "patience", "min_count", "seed", "warm_start", "order",
)  # fmt: skip
_NEAR, _QUICK = 500, 128
_QUICK_S = AT_ONCE_S + 1  # always a job: a page never waits for memory to be taken
_COLD, _WARM = "random weights", "random weights, words from word2vec (warm start)"
_LONGEST_NAME = 60


def show_demonstration(page: str, *, is_first: bool) -> None:
    """Offer the run on the bundled sample."""
    with st.container(border=is_first):
        st.button(
            "Start the two-minute demonstration",
            key=f"{page}_demonstration",
            type="primary" if is_first else "secondary",
            icon=":material/play_arrow:",
            on_click=_demonstrate,
            args=(page,),
        )
        st.caption(
            "A small model begins with random weights and reads the bundled sentences about ten times. You "
            "see it find out which words are alike, and you can use it on all pages afterwards. It learns in "
            "a process of its own: close this page, or stop the server, and it goes on."
        )


def _demonstrate(page: str) -> None:
    """Callback: begin the run on the sample."""
    about = About(time.time(), "the bundled sample")
    name = free_run_name("demonstration")
    try:
        run = create_run(
            name, MINUTES.config, about, lambda folder: write_texts(folder, [sample_text()], about)
        )
        queue.start(run)
    except ElmoError as error:
        st.toast(escape_markdown(str(error)), icon=":material/error:")
    else:
        show(page, run.name)


def show_own_text(page: str, *, is_open: bool) -> None:
    """Let the visitor train on a text of their own."""
    with st.expander("Train on your own text", expanded=is_open, icon=":material/edit_note:"):
        text = choose_text(page)
        if text is None:
            st.caption(
                "A few hundred sentences show how it works; from a million words on, the model is of use."
            )
            return
        st.caption(f"About {text.n_words:,} words in {text.n_sentences:,} lines or sentences.")
        preset = st.segmented_control(
            "How long",
            [one.name for one in PRESETS],
            default=MINUTES.name,
            required=True,
            key=f"{page}_preset",
            help="Shape and settings; all of them can be changed below.",
        )
        chosen = next(one for one in PRESETS if one.name == preset)
        st.caption(f"{chosen.good_for} {_say_shape(chosen.config)}")
        with st.container(horizontal=True):
            start = st.selectbox("Begin with", _starts(), key=f"{page}_start", width=360)
            key = f"{page}_name_{text.key[:12]}"
            st.session_state.setdefault(key, free_run_name(text.name))
            name = st.text_input("Name", max_chars=_LONGEST_NAME, key=key, width=260).strip()
        config = fitted(chosen.config, text.n_sentences, text.n_words)
        goes_on = load_bilm(start) if start not in (_COLD, _WARM) else None
        if goes_on is None:
            config = dataclasses.replace(config, warm_start=start == _WARM)
        else:
            config = continued(config, goes_on.config)
        # the keys of the fields hold what is fitted to the text: a field keeps its first value otherwise
        prefix = f"{page}_{preset}_{start}_{config.rows}"
        config = choose_settings(prefix, config, has_shape=goes_on is None)
        predicted = goes_on.vocabulary if goes_on is not None else None
        if predicted is None:
            n_types = min(text.n_types(config.min_count), config.vocabulary_size)
            n_types = n_types // _NEAR * _NEAR  # about as many take as long
        else:
            n_types = len(predicted) - len(SPECIALS)
        _begin(page, name, config, n_types, text, "" if goes_on is None else start)


def _starts() -> list[str]:
    here = [entry for entry in known_models() if entry.available and entry.kind != "built-in"]
    return [_COLD, _WARM, *(entry.name for entry in here if not entry.transformer)]


def _say_shape(config: PretrainConfig) -> str:
    shape = config.model
    return (
        f"{shape.n_layers} layers of {shape.lstm_dim} cells, projection {shape.projection_dim}; "
        f"{config.total_words:,} words are read."
    )


def _begin(page: str, name: str, config: PretrainConfig, n_types: int, text: ChosenText, start: str) -> None:
    """Say what the run will take, and begin it on a click."""
    cost = run_cost(config, _measured(page, config, n_types), text.n_words)
    runs_folder().mkdir(parents=True, exist_ok=True)
    st.markdown(f"On a free core, it takes {cost}.")
    for objection in cost.objections(shutil.disk_usage(runs_folder()).free):
        st.warning(objection)
    owner, key = f"{page}_begin", (name, text.key, text.language, config, start)
    job = jobs.current(owner, key)
    if job is not None and job.state == "done":
        jobs.forget(owner)
        show(page, job.result.name)
        st.rerun()
    if job is not None:
        jobs.watch(owner, job)
        return
    try:
        refuse_run_name(name)
    except ElmoError as error:
        st.warning(escape_markdown(str(error)))
        return
    about = About(time.time(), text.name, text.language, start)

    def work(job: Job) -> Run:
        def report(n_lines: int, _: int) -> None:
            share = min(0.9, n_lines / max(1, text.n_sentences))
            job.report(f"writing the text, {n_lines:,} lines", share)

        run = create_run(name, config, about, lambda folder: write_texts(folder, text.parts, about, report))
        queue.start(run)
        return run

    if st.button("Start", key=f"{page}_begin", type="primary", icon=":material/play_arrow:"):
        jobs.start(owner, key, f"Beginning {name}", work, visitor_results())
        st.rerun()


def _measured(page: str, config: PretrainConfig, n_types: int) -> RunEstimate:
    """What a step takes on this machine, measured once for each shape; the schedule does not matter."""
    usual = PretrainConfig()
    shape = dataclasses.replace(config, **{name: getattr(usual, name) for name in _SCHEDULE})
    return run_or_offer(
        f"{page}_cost",
        ("cost of a run", shape, n_types),
        "Measuring a few steps",
        lambda job: job.apart(measure_run, shape, n_types),
        seconds=_QUICK_S if config.model.lstm_dim <= _QUICK else 6.0,
        results=results_about(is_sample=True),
    )
