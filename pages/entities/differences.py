"""Gold and predicted tags compared: missed, spurious, wrong label, wrong boundary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from elmo_core.learning.inside.span_differences import KINDS, Mismatch, find_mismatches
from elmo_core.learning.tags.prediction import TaggedSentence, as_tagged
from elmo_core.learning.tags.results import TagResult
from elmo_core.learning.tags.schemes import Span, named
from elmo_core.plots.highlighted_text import highlighted
from elmo_core.tables.records import counted
from pages.entities.work import TagComparison

_SHOWN = 5


def choose_result(page: str, outcome: TagComparison, best: TagResult) -> TagResult:
    """Let the visitor choose a method, at first the best."""
    done = [result for result in outcome.results if isinstance(result, TagResult)]
    names = [result.method for result in done]
    name = st.selectbox("Method", names, names.index(best.method), key=f"{page}_method", width=260)
    return done[names.index(name)]


def show_differences(page: str, outcome: TagComparison, result: TagResult) -> None:
    """Show where gold and predicted tags differ, by kind, and the sentences with both."""
    test = outcome.corpus.test
    differences = mismatches(outcome, result)
    if not differences:
        st.success(f"No difference in {counted(len(test), 'sentence')}.")
        return
    kinds = Counter(difference.kind for difference in differences)
    names = {f"{kind} ({kinds[kind]})": kind for kind in KINDS if kinds[kind]}
    chosen = st.pills("Kind", list(names), selection_mode="multi", key=f"{page}_kinds") or list(names)
    kept = [difference for difference in differences if difference.kind in {names[name] for name in chosen}]
    frame = difference_frame(outcome, result, kept)
    st.caption(
        f"{len(kept):,} of {counted(len(differences), 'difference')}; choose a row to see its sentence."
    )
    event: Any = st.dataframe(
        frame,
        hide_index=True,
        height=320,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"{page}_differences",
        placeholder="",
        column_config={"confidence": st.column_config.NumberColumn(format="percent", width=85)},
        alt="Differences between gold and predicted tags",
    )
    rows = [row for row in event.selection.rows if row < len(kept)] or range(min(_SHOWN, len(kept)))
    for sentence in dict.fromkeys(kept[row].sentence for row in rows):
        _show_both(outcome, result, sentence)


def mismatches(outcome: TagComparison, result: TagResult) -> list[Mismatch]:
    """Return all differences, by kind."""
    test = outcome.corpus.test
    differences = find_mismatches(test.tags, result.predicted, is_spans=test.is_spans)
    return sorted(differences, key=lambda difference: KINDS.index(difference.kind))


def difference_frame(
    outcome: TagComparison, result: TagResult, differences: Sequence[Mismatch]
) -> pd.DataFrame:
    """Return differences as a table."""
    test = outcome.corpus.test

    def words(difference: Mismatch, span: Span | None) -> str:
        return "" if span is None else " ".join(test.tokens[difference.sentence][span.start : span.end])

    rows = [
        {
            "kind": difference.kind,
            "gold": words(difference, difference.gold),
            "gold label": named(difference.gold.label) if difference.gold else "",
            "predicted": words(difference, difference.predicted),
            "predicted label": named(difference.predicted.label) if difference.predicted else "",
            "confidence": _confidence(result, difference),
            "line": test.lines[difference.sentence],
            "sentence": " ".join(test.tokens[difference.sentence]),
        }
        for difference in differences
    ]
    return pd.DataFrame(rows)


def _confidence(result: TagResult, difference: Mismatch) -> float | None:
    """Return the probability of the predicted span, where the method has one."""
    if not result.tagged or difference.predicted is None:
        return None
    probabilities = {span.span: span.probability for span in result.tagged[difference.sentence].found}
    return round(probabilities.get(difference.predicted, 0.0), 3)


def _show_both(outcome: TagComparison, result: TagResult, sentence: int) -> None:
    """Show a sentence with its gold and predicted tags."""
    test = outcome.corpus.test
    tokens, labels = test.tokens[sentence], tuple(outcome.corpus.train.label_counts)
    gold = as_tagged(tokens, test.tags[sentence], is_spans=test.is_spans)
    given: TaggedSentence | None = result.tagged[sentence] if result.tagged else None
    predicted = given or as_tagged(tokens, result.predicted[sentence], is_spans=test.is_spans)
    with st.container(border=True, gap="xxsmall"):
        st.caption("Gold")
        st.html(highlighted(gold, labels, with_probability=False))
        st.caption("Predicted")
        st.html(highlighted(predicted, labels, with_probability=given is not None))
