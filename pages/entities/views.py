"""What the page of taggers shows: passes as they come, scores, a sentence of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from elmo_core.glossary import explain
from elmo_core.learning.inside.tag_learning_curve import TagPoint
from elmo_core.learning.tags.comparison import FEATURES, TagLeftOut, TagResult
from elmo_core.learning.tags.fitting import TagEpoch
from elmo_core.learning.tags.prediction import as_tagged, tag_stream
from elmo_core.learning.tags.schemes import named
from elmo_core.learning.tags.sentences import TaggedSentences
from elmo_core.learning.tags.verdict import tag_verdict
from elmo_core.measuring.intervals import Estimate
from elmo_core.plots import tagging as figures
from elmo_core.plots.classification import plot_layer_weights
from elmo_core.plots.highlighted_text import highlighted
from elmo_core.plots.learning_curve import plot_learning_curve
from elmo_core.plots.style import percent
from elmo_core.tables.records import counted
from elmo_core.text.tokenisation import located_sentences
from pages.common.jobs import Job
from pages.common.markdown import escape_markdown
from pages.entities.work import Outcome

_SHOWN = 5
_LONGEST_TYPED = 5000
TYPED = "Ingrid Solberg left Bergen on 3 May to run Nordlys Line."


def show_gold(data: TaggedSentences) -> None:
    """The first sentences with their gold tags."""
    labels = tuple(data.label_counts)
    st.html(
        "".join(
            highlighted(as_tagged(tokens, tags, is_spans=data.is_spans), labels, with_probability=False)
            for tokens, tags in list(zip(data.tokens, data.tags, strict=True))[:_SHOWN]
        )
    )


def say_counts(train: TaggedSentences, test: TaggedSentences) -> str:
    """How many sentences and labels there are."""
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
    """Held-out scores of the passes so far, while a comparison runs."""
    history: dict[str, list[TagEpoch]] = {}
    for name, epoch in [part for part in list(job.parts) if isinstance(part, tuple)]:
        history.setdefault(name, []).append(epoch)
    done = [part for part in list(job.parts) if not isinstance(part, tuple)]
    if history:
        left, right = st.columns(2, gap="large")
        left.plotly_chart(
            figures.plot_passes(history, measure), key="entities_figure_live", alt="Score of each pass"
        )
        figure = figures.plot_taggers(done)
        right.plotly_chart(figure, key="entities_figure_live_done", alt="Methods that are done")


def show_scores(outcome: Outcome, best: TagResult) -> None:
    """Methods side by side, labels of the best one, its layers and passes."""
    left, right = st.columns([9, 10], gap="medium")
    column = st.column_config.Column
    with left:
        st.subheader("Is it better than what needs no biLM?")
        figure = figures.plot_taggers(outcome.results)
        st.plotly_chart(figure, key="entities_figure_methods", alt=tag_verdict(outcome.results))
        st.caption(_explain(best), help=explain("F1", "Confidence interval", "Held-out"))
        for result in outcome.results:
            if isinstance(result, TagLeftOut):
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
            figures.plot_passes({best.method: best.history}, best.scores.measure),
            key="entities_figure_passes",
            alt="Held-out score of each pass",
        )
        st.caption(
            f"{len(best.history)} passes of {best.seconds_per_epoch or 0:.1f} s; the best one on held-out "
            "training sentences is kept. The biLM reads every sentence once, before the first pass."
        )


def method_frame(results: Sequence[TagResult | TagLeftOut]) -> pd.DataFrame:
    """Scores of the methods as a table."""
    rows = [
        {
            "method": one.method,
            f"{one.scores.measure} (95%)": _with_interval(one.scores.value),
            f"over {FEATURES}": _gap(one.against[FEATURES].value) if FEATURES in one.against else "",
            "seconds": round(one.seconds, 1),
        }
        for one in results
        if isinstance(one, TagResult)
    ]
    return pd.DataFrame(rows)


def label_frame(result: TagResult) -> pd.DataFrame:
    """Scores of the labels as a table."""
    rows = [
        {
            "label": named(one.label),
            **{
                name: _with_interval(value)
                for name, value in (("precision", one.precision), ("recall", one.recall), ("F1", one.f1))
            },
            "gold": one.n_gold,
            "predicted": one.n_predicted,
        }
        for one in sorted(result.scores.labels, key=lambda one: -one.n_gold)
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


def show_own_text(page: str, outcome: Outcome, best: TagResult) -> None:
    """What is typed, tagged at once."""
    text = st.text_area(
        "Your text", TYPED, height=110, max_chars=_LONGEST_TYPED, key=f"{page}_typed", persist_state="session"
    )
    located = list(located_sentences(text))
    sentences = [tokens for tokens, _ in located]
    if best.tagger is None or not sentences:
        st.info("Type a sentence to tag it.")
        return
    labels = tuple(outcome.corpus.train.label_counts)
    tagged = [
        replace(found, tokens=tuple(text[start:end] for start, end in places))
        for found, (_, places) in zip(tag_stream(best.tagger, sentences), located, strict=True)
    ]
    st.html("".join(highlighted(one, labels) for one in tagged))
    n_found = sum(len(one.found) for one in tagged)
    if not n_found:
        st.caption("Nothing found in it.")
        return
    sure = sum(one.probability for sentence in tagged for one in sentence.found) / n_found
    st.caption(
        f"{n_found} found by the {best.method}. A percentage is the probability of just this span with just "
        f"this label, from the CRF; {percent(sure)} on average. They are not calibrated on other texts."
    )


def show_curve(points: Sequence[TagPoint]) -> None:
    """The score for growing parts of the training sentences."""
    st.plotly_chart(
        plot_learning_curve(
            [point.n_train for point in points],
            [point.scores.value for point in points],
            of="sentences",
            measure=points[-1].scores.measure,
        ),
        key="entities_figure_curve_figure",
        alt="Score by training sentences",
    )
    last, before = points[-1].scores.value, points[-2].scores.value if len(points) > 1 else None
    if before is not None:
        helped = "still helped" if last.value > before.high else "did not clearly help"
        st.caption(
            f"From {points[-2].n_train:,} to {points[-1].n_train:,} sentences: {_points(before)} to "
            f"{_points(last)} (95%: {_interval(last)}), so more sentences {helped}."
        )
