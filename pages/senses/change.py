"""How the sense groups and contexts of a word differ between parts of a text."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import streamlit as st

from elmo_core.exceptions import InputError
from elmo_core.plots.sense_groups import describe_shares, plot_shares
from elmo_core.plots.style import listing
from elmo_core.senses.study import Study
from elmo_core.senses.usage_change import (
    MIN_USES,
    N_PERMUTATIONS,
    Change,
    Measure,
    usage_change,
)
from pages.common.jobs import OFFERED_S, run_or_offer
from pages.common.loaders import Source
from pages.common.markdown import escape_markdown
from pages.senses.cards import NamedGroups
from pages.senses.controls import Choice

_HALVES = "half of the text"
_SENSE = "labelled sense"
_COMPARED_PER_S = 500  # uses, with all their shuffles
_MOVERS = 3


def show_change(page: str, source: Source, choice: Choice, study: Study, named: NamedGroups) -> None:
    """Let the user choose a column, and compare the uses by its values."""
    column = st.selectbox("Compare by", _columns(source, study), key="column", bind="query-params", width=320)
    values = _values(source, study, column)
    try:
        comparison = run_or_offer(
            f"{page}_change",
            ("change", source.key, choice.asked, named.labels, column),
            "Shuffling the values",
            lambda job: usage_change(
                study.vectors.contexts.units(), named.labels, values, seed=choice.asked.seed
            ),
            seconds=min(len(values) / _COMPARED_PER_S, OFFERED_S),
            results=source.results,
        )
    except InputError as error:
        st.info(escape_markdown(str(error)))
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.plotly_chart(
            plot_shares(comparison, named.names),
            key=f"{page}_shares",
            config={"displayModeBar": False},
            alt=describe_shares(comparison, named.names),
        )
        if comparison.left_out:
            rest = listing(f"{value} ({n})" for value, n in comparison.left_out[:8])
            st.caption(escape_markdown(f"Not compared, for too few uses or too many values: {rest}."))
    with right:
        rows = [_row(change, measure) for change in comparison.changes for measure in change.measures]
        names = ["compared", "measure", "value", "by chance", "p", "p (Holm)"]
        frame = pd.DataFrame(rows, columns=names)
        st.dataframe(frame, hide_index=True, alt="Distances between the parts, beside chance")
        st.caption(
            "Cosine distances of contexts (all pairs; mean vectors) and divergence of the shares in bits, "
            f"each beside {N_PERMUTATIONS} shuffles of the values (seed {choice.asked.seed}); p also by Holm."
        )
    _show_movers(comparison.changes[0], study)


def _row(change: Change, measure: Measure) -> tuple[str, ...]:
    return (
        f"{change.first} / {change.second}",
        measure.name,
        f"{measure.value:.3f}",
        f"{measure.shuffled_mean:.3f} ± {measure.shuffled_sd:.3f}",
        f"{measure.p_value:.3f}",
        f"{measure.p_adjusted:.3f}",
    )


def _show_movers(change: Change, study: Study) -> None:
    """Show the uses of each value that are least like those of the other one."""
    for column, value, other, rows in zip(
        st.columns(2, gap="large"),
        (change.first, change.second),
        (change.second, change.first),
        change.movers,
        strict=True,
    ):
        with column:
            st.markdown(f"**{escape_markdown(value)}**, least like {escape_markdown(other)}:")
            for row in rows[:_MOVERS]:
                st.text(study.uses.uses[row].text)


def _columns(source: Source, study: Study) -> list[str]:
    """Return what can part the uses: columns with recurring values, labelled senses, halves of the text."""
    table = source.text.table
    columns = [name for name in table.columns if _can_compare(source, study, name)] if table else []
    return [*columns, *([_SENSE] if any(study.uses.labels) and not columns else []), _HALVES]


def _can_compare(source: Source, study: Study, column: str) -> bool:
    counts = Counter(value for value in _values(source, study, column) if value is not None)
    return sum(count >= MIN_USES for count in counts.values()) >= 2


def _values(source: Source, study: Study, column: str) -> tuple[str | None, ...]:
    if column == _SENSE:
        return study.uses.labels
    if column == _HALVES:
        middle = len(source.text.sentences) / 2
        return tuple("first half" if use.sentence < middle else "second half" for use in study.uses.uses)
    return source.text.values(column, tuple(use.sentence for use in study.uses.uses))
