"""What is seen of a run while it learns: what it is doing, how far it is, its curves, its buttons."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from elmo_core.exceptions import ElmoError
from elmo_core.glossary import explain
from elmo_core.measuring.durations import duration
from elmo_core.plots.style import percent
from elmo_core.plots.training import describe_perplexities, plot_loss, plot_perplexities
from elmo_core.runs import queue
from elmo_core.runs.folder import Run, find_run
from elmo_core.runs.progress import Progress, read_progress
from elmo_core.runs.queue import RunState, state_of
from pages.common.markdown import escape_markdown
from pages.train.choosing import STATES, show

_TICK_S = 2.0
_HEIGHT = 300
_MANY = 1.5  # times from which it is said how often a text is read


def show_run(page: str, run: Run, state: RunState) -> None:
    """Show a run; while something happens in it, the view renews itself.

    Args:
        page: prefix of the keys of all widgets.
        run: the run.
        state: what it is doing.
    """
    kept = _kept(run)
    if state.is_active:
        st.fragment(_show, run_every=_TICK_S)(page, run, state.kind, kept)
    else:
        _show(page, run, state.kind, kept)


def _show(page: str, run: Run, drawn_as: str, kept: int) -> None:
    """Draw the state now; where it is another than the page was drawn for, draw the page anew."""
    if find_run(run.name) is None:  # removed meanwhile
        st.rerun()
    try:
        queue.wake_worker()
        state, progress = state_of(run), read_progress(run)
        if state.kind != drawn_as or _kept(run) != kept:
            st.rerun()
        _say_state(run, state, progress)
        _show_buttons(page, run, state)
        if progress.rows:
            _show_numbers(progress)
            _show_curves(page, run, progress)
    except ElmoError as error:
        st.error(escape_markdown(str(error)))


def _kept(run: Run) -> int:
    folder = run.output / "snapshots"
    return sum(path.name.isdigit() for path in folder.iterdir()) if folder.is_dir() else 0


def _say_state(run: Run, state: RunState, progress: Progress) -> None:
    """Say in one line what the run is doing."""
    about = run.about
    start = "words from word2vec" if run.config.warm_start else "from random weights"
    if about.start:
        start = f"from {about.start}"
    times = progress.total_words / max(1, about.n_words)
    each = f" (each is read about {times:,.0f} times)" if times >= _MANY else ""
    text = f"{about.text}, {about.n_words:,} words{each}, {start}"
    if about.finishes:
        text += f", finishing {about.finishes}"
    st.caption(escape_markdown(text))
    words = (
        f"after {progress.words:,} of {progress.total_words:,} words"
        if progress.rows
        else "before its first measurement"
        if run.has_checkpoint
        else "before it began"
    )
    if state.kind in ("failed", "ended"):
        st.error(f"**{STATES[state.kind].capitalize()}** {words}. {escape_markdown(state.said)}")
    elif state.kind == "waiting":
        before = "the run before it" if state.n_before == 1 else f"{state.n_before} runs before it"
        st.info("It starts in a moment." if not state.n_before else f"It waits for {before}.")
    elif state.kind == "stopping":
        st.info("It finishes the step that it makes, and writes a checkpoint.")
    elif state.kind == "running":
        first = run.config.log_steps * run.config.words_per_step
        doing = f"Reading the text; the first numbers come after {first:,} words that were learned from"
        if progress.seconds_left is not None:
            left = f"about {duration(progress.seconds_left)} left"
            doing = f"Learning, {left}: {progress.words:,} of {progress.total_words:,} words"
        st.progress(progress.share, doing)
    else:
        said = f" {escape_markdown(state.said)}" if state.said else ""
        st.markdown(f"**{STATES[state.kind].capitalize()}** {words}.{said}")


def _show_buttons(page: str, run: Run, state: RunState) -> None:
    def finish_it() -> None:
        show(page, queue.finish_now(run).name)

    with st.container(horizontal=True):
        if state.kind in ("running", "waiting"):
            label = "Pause" if state.kind == "running" else "Take out of the queue"
            _button(page, label, "pause", ":material/pause:", lambda: queue.pause(run))
        if state.kind in ("paused", "failed", "ended"):
            label = "Go on" if run.has_checkpoint else "Start"
            _button(page, label, "resume", ":material/play_arrow:", lambda: queue.start(run), is_primary=True)
        if (
            state.kind in ("running", "paused", "failed", "ended")
            and run.has_checkpoint
            and not run.about.finishes
        ):
            _button(
                page, "Finish now", "finish", ":material/flag:", finish_it,
                help="Pauses this run and trains a copy of it for a last tenth, over which its learning rate "
                "falls to 0: so its weights are best. This run can go on afterwards.",
            )  # fmt: skip
        if state.kind != "stopping":
            with st.popover("Remove", icon=":material/delete:", key=f"{page}_removal"):
                st.markdown(f"Delete **{escape_markdown(run.name)}** and all it has learned from the disk?")
                _button(page, "Delete it", "remove", None, lambda: queue.remove(run), is_primary=True)


def _button(
    page: str,
    label: str,
    name: str,
    icon: str | None,
    act: Callable[[], object],
    *,
    is_primary: bool = False,
    help: str | None = None,
) -> None:
    kind = "primary" if is_primary else "secondary"
    st.button(
        label, key=f"{page}_{name}", icon=icon, type=kind, help=help, on_click=_do, args=(act,)  # type: ignore[arg-type]
    )  # fmt: skip


def _do(act: Callable[[], object]) -> None:
    """Callback: do what a button says; an error is said in a notice."""
    try:
        act()
    except ElmoError as error:
        st.toast(escape_markdown(str(error)), icon=":material/error:")


def _show_numbers(progress: Progress) -> None:
    last = progress.measured[-1] if progress.measured else None
    with st.container(horizontal=True, gap="large"):
        st.metric(
            "Held-out perplexity",
            f"{last.perplexity:,.1f}" if last and last.perplexity else "not yet",
            help="As unsure as between so many equally likely words, on lines that it does not learn from. "
            + explain("Perplexity", "Held-out"),
        )
        if progress.guessing:
            st.metric(
                "Guessing by frequency",
                f"{progress.guessing:,.1f}",
                help="The perplexity of guessing each word by its frequency, whatever stands beside it.",
            )
        if last and last.unknown_share is not None:
            st.metric(
                "Unknown words",
                percent(last.unknown_share),
                help="Words of the held-out lines that are too rare to be predicted. They all count as one "
                "word, so with many of them a perplexity looks lower than it is.",
            )
        st.metric("Words a second", f"{progress.rows[-1].words_per_s:,.0f}")


def _show_curves(page: str, run: Run, progress: Progress) -> None:
    left, right = st.columns(2)
    curves = {run.name: progress}
    if progress.measured:
        left.plotly_chart(
            plot_perplexities(curves, height=_HEIGHT),
            key=f"{page}_perplexity",
            alt=describe_perplexities(curves),
        )
    else:
        left.caption("The held-out perplexity is measured at each checkpoint; the first is still to come.")
    right.plotly_chart(
        plot_loss(progress, height=_HEIGHT), key=f"{page}_loss", alt="Training loss over words read"
    )
