"""The comparison of methods: settings, results as they come, verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from elmo_core.embedder import Elmo
from elmo_core.glossary import explain
from elmo_core.learning.inside.inspection import Inspection
from elmo_core.learning.results import SkippedMethod, results_run
from elmo_core.learning.texts.additions import say_additions
from elmo_core.learning.texts.results import MAJORITY, TFIDF, ComparisonSettings, TextResult, latest_additions
from elmo_core.learning.verdict import Verdict
from elmo_core.plots.comparison import plot_comparison
from elmo_core.static.registry import SHIPPED
from pages.classify.dataset import ChosenDataset
from pages.classify.results import baselines_of, kept_comparison, methods, sample_file, verdict_of
from pages.common.chosen_model import model_name
from pages.common.exports import literal
from pages.common.exports import python_cell as notebook_cell
from pages.common.job import Job
from pages.common.loaders import TOPICS, load_model
from pages.common.markdown import escape_markdown

Results = tuple[TextResult | SkippedMethod, ...]
_LIMITS = {"15 s": 15.0, "30 s": 30.0, "1 min": 60.0, "2 min": 120.0, "5 min": 300.0, "15 min": 900.0}
_BY_SIZE = "by size"
_TESTS = {"one split": 0, "5 folds": 5, "10 folds": 10}
_FEW = 1_000  # texts, below which one split leaves too few to test on
_TICK_S = 0.6
_KINDS = {"elmo better": st.success, "no comparison": st.info}
_EXPLAINED = (
    "Macro-F1: the mean of the F1 of all labels, so that a rare one counts as much as a frequent one. "
    "Intervals: 95%, by 2,000 bootstrap samples of the tested texts. Against TF-IDF: the difference on the "
    "same texts; p is two-sided, by exchanging both methods' predictions at random (2,000 draws)."
)


def choose_settings(page: str, n_texts: int) -> ComparisonSettings:
    """Let the visitor choose how to compare: time, split, class weights, methods, seed.

    Args:
        page: prefix of the keys of all widgets.
        n_texts: of the dataset.
    """
    with st.popover("Settings", icon=":material/tune:"):
        limit = st.select_slider(
            "How long it may take", list(_LIMITS), "1 min", key="limit", bind="query-params"
        )
        test = st.segmented_control(
            "Test on",
            [_BY_SIZE, *_TESTS],
            default=_BY_SIZE,
            required=True,
            key="test",
            bind="query-params",
            help="One split tests on a fifth of the texts. Folds test on every text once and take longer. "
            f"By size: 5 folds below {_FEW:,} texts, else one split.",
        )
        balanced = st.toggle(
            "Class weights",
            key="balanced",
            bind="query-params",
            help="Rare labels count as much as frequent ones in training. For the product of experts they "
            "always do.",
        )
        has_bilm = isinstance(load_model(model_name()), Elmo)
        fine_tune = st.toggle(
            "Fine-tune the biLM",
            key="fine_tune",
            bind="query-params",
            disabled=not has_bilm,
            help="A copy of the biLM learns the task too (ULMFiT), in minutes beyond the time above."
            if has_bilm
            else f"Only a biLM can be fine-tuned here; {escape_markdown(model_name())} is none.",
        )
        seed = st.number_input("Seed", 0, 10_000, 0, key="seed", bind="query-params")
        wanted = st.multiselect(
            "Methods",
            methods(model_name())[2:],
            key=f"{page}_methods",
            persist_state="session",
            placeholder="all of them",
            help="Beside guessing and TF-IDF, which always run.",
        )
    return ComparisonSettings(
        time_limit_s=_LIMITS[limit],
        n_folds=_TESTS.get(test, folds_by_size(n_texts)),
        balanced=balanced,
        methods=tuple(dict.fromkeys((MAJORITY, TFIDF, *wanted))) if wanted else (),
        seed=int(seed),
        fine_tune=fine_tune and has_bilm,
    )


def folds_by_size(n_texts: int) -> int:
    """Return the folds of a cross-validation where one split would test on too few texts, else 0."""
    return 5 if n_texts < _FEW else 0


def results_of(parts: Sequence[object]) -> Results:
    """Return the results among the parts of a job."""
    return tuple(part for part in parts if isinstance(part, TextResult | SkippedMethod))


def inspection_of(parts: Sequence[object]) -> Inspection | None:
    """Return the look inside among the parts of a job; None before it is there."""
    return next((part for part in parts if isinstance(part, Inspection)), None)


def show_so_far(page: str, chosen: ChosenDataset, n_folds: int | None, job: Job | None) -> None:
    """Show what can be told before a comparison is done: the results that a job has, or the baselines.

    Args:
        page: prefix of the keys of all widgets.
        chosen: the dataset.
        n_folds: of the baselines; None = the dataset cannot be learned from.
        job: of the comparison; None = it was not started.
    """
    if job is None:
        if n_folds is not None and (found := _kept(chosen, n_folds)):
            st.caption(
                "Kept results of the bundled topics, computed before with this model and these folds by "
                "bench.openings. Train and compare computes them anew, and then you can look inside."
            )
            show_results(page, f"kept {n_folds}", found)
        elif n_folds is not None and chosen.file.is_sample:
            baselines = baselines_of(chosen.key, n_folds, chosen.data)
            show_results(page, f"{chosen.key} {n_folds}", baselines)
            st.caption("These are the baselines without a biLM. Train to see whether a biLM does better.")
    elif job.is_over:
        _show_parts(page, job)
    else:
        st.fragment(_show_parts, run_every=_TICK_S)(page, job)


def _kept(chosen: ChosenDataset, n_folds: int) -> Results:
    """Return the kept comparison, if it is one of this dataset and of as many folds."""
    found = kept_comparison(model_name())
    is_whole = (chosen.file, chosen.columns) == (sample_file(TOPICS), ("text", "topic"))
    if not found or not is_whole or found[0].n_folds != n_folds:
        return ()
    first = found[0]
    codes = zip(first.rows.tolist(), first.gold.tolist(), strict=True)
    gold = {row: first.classes[code] for row, code in codes}
    return found if gold == dict(enumerate(chosen.data.labels)) else ()


def _show_parts(page: str, job: Job) -> None:
    show_results(page, job.started, results_of(tuple(job.parts)))


def show_results(page: str, name: object, results: Results) -> tuple[Verdict, go.Figure] | None:
    """Show the verdict, the intervals and the table; None while there is no result.

    Args:
        page: prefix of the keys of all widgets.
        name: of the run that they are of.
        results: of a comparison, as far as it has come.
    """
    if not results:
        st.caption("The first results appear within seconds.")
        return None
    decision = verdict_of(f"{name} {len(results)}", results)
    if {result.method for result in results} != {MAJORITY}:
        sentence = decision.sentence[:1].upper() + decision.sentence[1:]
        _KINDS.get(decision.kind, st.warning)(f"**{escape_markdown(sentence)}**", icon=":material/gavel:")
    if second := next((result.model for result in results_run(results) if result.model), None):
        st.caption(
            escape_markdown(
                f"Methods named after {second} read with that model, the others with {model_name()}, which "
                "alone is looked into and saved."
            )
        )
    _show_left_out(results)
    figure = plot_comparison(results, decision.chance or None)
    picture, words = st.columns([3, 2], gap="large")
    picture.plotly_chart(
        figure,
        key=f"{page}_scores",
        config={"displayModeBar": False},
        alt="Macro-F1 of each method with its 95% interval: " + _alt(results),
    )
    n = next((result.scores.n for result in results_run(results)), 0)
    words.caption(f"Tested on {n:,} texts, the same for all. {_EXPLAINED}")
    table = table_of_results(results_run(results))
    st.dataframe(
        table if table["note"].any() else table.drop(columns="note"),
        hide_index=True,
        column_config=_columns(),
        height="content",
        placeholder="",
        alt="Scores of each method",
    )
    _show_additions(results)
    return decision, figure


def _show_additions(results: Results) -> None:
    """Show what each part of the product of experts added, in one sentence and as a table."""
    steps = latest_additions(results)
    if not steps:
        return
    st.markdown(f"**{escape_markdown(say_additions(steps))}**")
    rows = []
    for step in steps:
        f1, gain = step.scores.macro_f1, step.gain
        rows.append(
            {
                "experts": step.name,
                "macro-F1": 100 * f1.value,
                "95%": f"{100 * f1.low:.1f} to {100 * f1.high:.1f}",
                "added": None if gain is None else 100 * gain.value.value,
                "added, 95%": ""
                if gain is None
                else f"{100 * gain.value.low:+.1f} to {100 * gain.value.high:+.1f}",
            }
        )
    number = st.column_config.NumberColumn
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={"macro-F1": number(format="%.1f"), "added": number(format="%+.1f")},
        height="content",
        placeholder="",
        alt="What each part of the product of experts added",
    )


def _show_left_out(results: Results) -> None:
    """Show the methods that were not run, by reason."""
    names = defaultdict(list)
    for result in results:
        if isinstance(result, SkippedMethod):
            names[result.reason].append(result.method)
    for reason, left_out in names.items():
        st.caption(escape_markdown(f"Left out: {', '.join(left_out)}. Why: {reason}."))


def table_of_results(results: Sequence[TextResult | SkippedMethod]) -> pd.DataFrame:
    """Return one row for each method, with scores in percent."""
    return pd.DataFrame([_row(result) for result in results])


def python_cell(chosen: ChosenDataset, settings: ComparisonSettings, second: str | None) -> str:
    """Return Python that runs the same comparison, with `second` as a second model where there is one."""
    text, label = map(literal, chosen.columns)
    name = chosen.file.name
    beside = ", second=second" if second else ""
    path = f'shipped("data/samples/{name}")' if chosen.file.is_sample else f"Path({literal(name)})"
    return notebook_cell(
        "from pathlib import Path\n\n"
        "from elmo_core import load_elmo, load_static\n"
        "from elmo_core.shipped import shipped\n"
        "from elmo_core.tables.reading import read_table_file\n"
        "from elmo_core.learning.texts.dataset import prepare\n"
        "from elmo_core.learning.texts.results import ComparisonSettings\n"
        "from elmo_core.learning.verdict import verdict\n"
        "from elmo_core.learning.workflow import compare_methods",
        f"table = read_table_file({path}{chosen.options.as_arguments()})",
        f"data = prepare(table, {text}, {label})",
        f"settings = {settings!r}",
        f"elmo = load_elmo({literal(model_name())})",
        f"static = load_static({literal(SHIPPED)})",
        *([f"second = load_elmo({literal(second)})"] if second else []),
        "results = list(",
        f"    compare_methods(elmo, data.texts, data.labels, settings, static=static{beside})",
        ")",
        "for result in results:",
        "    print(result.method, getattr(result, 'scores', None) or result.reason)",
        "print(verdict(results).sentence)",
    )


def _row(result: TextResult | SkippedMethod) -> dict[str, object]:
    if isinstance(result, SkippedMethod):
        return {"method": result.method, "note": f"left out: {result.reason}"}
    f1, accuracy, gap = result.scores.macro_f1, result.scores.accuracy, result.against.get(TFIDF)
    return {
        "method": result.method,
        "macro-F1": 100 * f1.value,
        "95%": f"{100 * f1.low:.1f} to {100 * f1.high:.1f}",
        "accuracy": 100 * accuracy.value,
        "against TF-IDF": None if gap is None else 100 * gap.value.value,
        "p": None if gap is None else gap.p_value,
        "seconds": result.seconds,
        "note": result.note,
        "accuracy 95%": f"{100 * accuracy.low:.1f} to {100 * accuracy.high:.1f}",
        "learned from": result.n_train,
    }


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "method": st.column_config.TextColumn(width=190),
        "macro-F1": number(format="%.1f", help=explain("Macro-F1")),
        "95%": st.column_config.TextColumn(width=105, help=explain("Confidence interval")),
        "accuracy": number(format="%.1f"),
        "against TF-IDF": number(format="%+.1f", help="Difference of macro-F1, in points"),
        "p": number(format="%.4f", help="Two-sided, by exchanging both methods' predictions at random"),
        "seconds": number(
            format="%.1f", help="Training and prediction; the vectors are computed once for all methods"
        ),
        "learned from": number(format="localized"),
    }


def _alt(results: Results) -> str:
    return ", ".join(
        f"{result.method} {100 * result.scores.macro_f1.value:.0f}" for result in results_run(results)
    )
