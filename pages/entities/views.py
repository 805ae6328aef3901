"""The views of the page of taggers: epochs as they come, scores, a typed text."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import pandas as pd
import streamlit as st

from elmo_core.glossary import explain
from elmo_core.learning.epochs import Epoch
from elmo_core.learning.inside.learning_curve import Point, trend
from elmo_core.learning.results import SkippedMethod, results_run
from elmo_core.learning.tags.prediction import as_tagged
from elmo_core.learning.tags.results import FEATURES, TagComparisonSettings, TagResult
from elmo_core.learning.tags.schemes import named
from elmo_core.learning.tags.sentences import TaggedSentences
from elmo_core.measuring.intervals import Estimate
from elmo_core.plots import tagging as figures
from elmo_core.plots.classification import plot_layer_weights
from elmo_core.plots.comparison import plot_comparison
from elmo_core.plots.highlighted_text import highlighted
from elmo_core.plots.learning_curve import plot_learning_curve
from elmo_core.tables.records import counted
from pages.common.job import Job
from pages.common.jobs import StartButton, run_or_offer
from pages.common.markdown import escape_markdown
from pages.common.results import visitor_results
from pages.entities.work import TagComparison

_SHOWN = 5


def show_gold(data: TaggedSentences) -> None:
    """Show the first sentences with their gold tags."""
    labels = tuple(data.label_counts)
    st.html(
        "".join(
            highlighted(as_tagged(tokens, tags, is_spans=data.is_spans), labels, with_probability=False)
            for tokens, tags in list(zip(data.tokens, data.tags, strict=True))[:_SHOWN]
        )
    )


def show_so_far(train: TaggedSentences, job: Job | None) -> None:
    """Show the epochs of a job so far, and the sentences that are learned from."""
    if job is not None:
        show_live(job, "span F1" if train.is_spans else "accuracy")
    st.markdown("**Sentences to learn from**")
    show_gold(train)


def say_counts(train: TaggedSentences, test: TaggedSentences) -> str:
    """Return how many sentences and labels there are."""
    what = "spans" if train.is_spans else "tokens"
    counts = ", ".join(
        f"{escape_markdown(named(label))} {n:,}" for label, n in list(train.label_counts.items())[:8]
    )
    return (
        f"{counted(len(train), 'sentence')} to learn from ({what}: {counts}), {len(test):,} to test on; "
        f"tags in {train.scheme if train.is_spans else 'classes of tokens'}."
    )


@st.fragment(run_every=1.0)
def show_live(job: Job, measure: str) -> None:
    """Show held-out scores of the epochs so far, while a comparison runs."""
    history: dict[str, list[Epoch]] = {}
    for name, epoch in [part for part in list(job.parts) if isinstance(part, tuple)]:
        history.setdefault(name, []).append(epoch)
    done = [part for part in list(job.parts) if not isinstance(part, tuple)]
    if history:
        left, right = st.columns(2, gap="large")
        left.plotly_chart(
            figures.plot_epochs(history, measure), key="entities_figure_live", alt="Score of each epoch"
        )
        figure = plot_comparison(done)
        right.plotly_chart(figure, key="entities_figure_live_done", alt="Methods that are done")


def show_verdict(outcome: TagComparison, compared: str | None) -> None:
    """Say which method is better, and of a comparison that was made before what training anew changes.

    Args:
        outcome: the comparison.
        compared: name of the second model, which a comparison made before does not have.
    """
    sentence = outcome.verdict.sentence
    st.markdown(f"**{escape_markdown(sentence[:1].upper() + sentence[1:])}**")
    if outcome.is_kept:
        st.caption(
            f"Kept results of taggers with {outcome.task.settings.hidden} cells, made before with this model "
            f"by bench.openings. Train makes larger ones ({TagComparisonSettings.hidden} cells)"
            + (f", and those of {escape_markdown(compared)} beside them." if compared else ".")
        )


def show_scores(outcome: TagComparison, best: TagResult) -> None:
    """Show the methods side by side, and the labels, layers and epochs of the best one."""
    left, right = st.columns([9, 10], gap="medium")
    column = st.column_config.Column
    with left:
        st.subheader("Is it better than methods without a biLM?")
        found = outcome.verdict
        figure = plot_comparison(outcome.results, found.chance or None)
        st.plotly_chart(figure, key="entities_figure_methods", alt=found.sentence)
        st.caption(_explain(best), help=explain("F1", "Confidence interval", "Held-out"))
        for result in outcome.results:
            if isinstance(result, SkippedMethod):
                st.caption(f"{result.method}: left out, {escape_markdown(result.reason)}.")
        st.dataframe(
            method_frame(outcome.results),
            hide_index=True,
            column_config={"method": column(width=130), "seconds": column(width=60)},
            alt="Scores of the methods",
        )
    with right:
        st.subheader(f"Which labels does the {best.method} find?")
        st.plotly_chart(
            figures.plot_labels(best.scores),
            key="entities_figure_labels",
            alt="Scores of each label, as in the table",
        )
        st.dataframe(
            label_frame(best),
            hide_index=True,
            column_config={
                "label": column(width=50),
                "gold": column(width=45),
                "predicted": column(width=75),
            },
            alt="Scores of the labels",
        )
    _show_learning(best)


def _explain(best: TagResult) -> str:
    exact = (
        "A span counts if start, end and label are right, as conlleval counts"
        if best.scores.measure == "span F1"
        else "Share of tokens with the right class"
    )
    return (
        f"{exact}; intervals of 95% by the bootstrap over {best.scores.n_sentences:,} test sentences; seed "
        f"{best.seed}. Hollow: without a biLM. Look-up only knows the names of the training sentences."
    )


def _show_learning(best: TagResult) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Which layers does it read?")
        if best.layer_weights is None:
            st.info("This method reads static vectors alone.")
        else:
            figure = plot_layer_weights(best.layer_weights)
            st.plotly_chart(figure, key="entities_figure_layers", alt="Weight of each layer")
    with right:
        st.subheader("How did it learn?")
        st.plotly_chart(
            figures.plot_epochs({best.method: best.history}, best.scores.measure),
            key="entities_figure_passes",
            alt="Held-out score of each epoch",
        )
        st.caption(
            f"{len(best.history)} epochs of {best.seconds_per_epoch or 0:.1f} s; the best one on held-out "
            "training sentences is kept. The biLM reads every sentence once, before the first epoch."
        )


def method_frame(results: Sequence[TagResult | SkippedMethod]) -> pd.DataFrame:
    """Return the scores of the methods as a table."""
    rows = [
        {
            "method": result.method,
            f"{result.scores.measure} (95%)": _with_interval(result.scores.value),
            f"over {FEATURES}": _gap(result.against[FEATURES].value) if FEATURES in result.against else "",
            "seconds": round(result.seconds, 1),
        }
        for result in results_run(results)
    ]
    return pd.DataFrame(rows)


def label_frame(result: TagResult) -> pd.DataFrame:
    """Return the scores of the labels as a table."""
    rows = [
        {
            "label": named(scores.label),
            **{
                name: _with_interval(value)
                for name, value in (
                    ("precision", scores.precision),
                    ("recall", scores.recall),
                    ("F1", scores.f1),
                )
            },
            "gold": scores.n_gold,
            "predicted": scores.n_predicted,
        }
        for scores in sorted(result.scores.labels, key=lambda scores: -scores.n_gold)
    ]
    return pd.DataFrame(rows)


def _points(value: Estimate) -> float:
    return round(100 * value.value, 1)


def _interval(value: Estimate) -> str:
    return f"{100 * value.low:.1f} to {100 * value.high:.1f}"


def _with_interval(value: Estimate) -> str:
    return f"{_points(value):.1f} ({_interval(value)})"


def _gap(value: Estimate) -> str:
    return f"{100 * value.value:+.1f} ({100 * value.low:+.1f} to {100 * value.high:+.1f})"


def show_curve(
    owner: str, key: tuple[Hashable, ...], draw: Callable[[Job], tuple[Point, ...]], seconds: float
) -> None:
    """Offer to compute the score for growing parts of the training sentences, and show it.

    Args:
        owner: of the job.
        key: what the curve depends on.
        draw: computes it.
        seconds: expected duration.
    """
    st.markdown("Would more tagged sentences help? Learn from a tenth, a quarter, half and all of them.")
    points = run_or_offer(
        owner,
        ("curve", *key),
        "Learning curve",
        draw,
        seconds=seconds,
        results=visitor_results("curve", 2),
        button=StartButton("Draw the curve", icon=":material/show_chart:"),
    )
    sentence = trend(points, "sentence").sentence
    st.markdown(f"**{escape_markdown(sentence)}**")
    st.plotly_chart(
        plot_learning_curve(
            [point.n_train for point in points],
            [point.scores.value for point in points],
            of="sentences",
            measure=points[-1].scores.measure,
        ),
        key="entities_figure_curve_figure",
        alt=sentence,
    )
