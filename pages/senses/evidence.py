"""The evidence for the groups of a word, and how its layers differ."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from elmo_core.plots.points import Colouring
from elmo_core.plots.sense_groups import describe_candidates, plot_candidates
from elmo_core.plots.senses import (
    describe_separation,
    explain_score,
    plot_layers,
    plot_separation,
    verdict,
)
from elmo_core.plots.style import listing, told_apart
from elmo_core.senses.study import CONTEXT, Grouping, Study
from pages.common.loaders import Source
from pages.common.markdown import escape_markdown
from pages.common.selection import MapSelection
from pages.common.sense_data import sense_map
from pages.senses.controls import Choice
from pages.senses.story import Findings

_STATIC = {"displayModeBar": False}


def show_evidence(page: str, study: Study, grouping: Grouping) -> None:
    """Show every number of groups beside its null, and agreement with labelled senses beside chance."""
    if grouping.card.best is None:
        st.info(f"{grouping.card.n} uses are too few to divide into groups; collect ten or more.")
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.plotly_chart(
            plot_candidates(grouping.groups),
            key=f"{page}_candidates",
            config=_STATIC,
            alt=describe_candidates(grouping.groups),
        )
    with right:
        objections = grouping.card.objections
        said = listing(objections) if objections else "nothing that was tested"
        gained = ""
        if grouping.card.best.has_null:
            gain, needed = told_apart(grouping.card.best.gain, grouping.card.best.gain_needed)
            gained = f"Gain over re-paired contexts {gain}, needed {needed}. "
        st.markdown(f"**Against {grouping.card.best.k} groups:** {said}.")
        st.caption(
            f"Closest two centroids: cosine {grouping.card.best.closeness:.2f} (0 = two places of the text "
            f"at random). {gained}Seed {grouping.card.best.cut.seed}."
        )
        if grouping.card.scores:
            st.dataframe(
                _scores(grouping), hide_index=True, alt="Agreement of the groups with labelled senses"
            )
            st.caption(
                f"Agreement of the best cut into {grouping.card.best.k} groups with the labelled senses of "
                f"{sum(label is not None for label in study.uses.labels)} uses; chance: senses shuffled 200 "
                "times; null: the word in shuffled contexts, cut in the same way."
            )
        else:
            st.caption("No labelled senses to compare with.")


def _scores(grouping: Grouping) -> pd.DataFrame:
    rows = [
        (score.name, f"{score.value:.2f}", str(score.chance), str(score.null) if score.null else "")
        for score in grouping.card.scores
    ]
    return pd.DataFrame(rows, columns=["measure", "value", "chance", "null"])


def show_layers(
    page: str,
    source: Source,
    choice: Choice,
    study: Study,
    colouring: Colouring,
    linked: MapSelection,
    findings: Findings,
) -> None:
    """Show all layers in one plane, and how well each view separates the labelled senses."""
    drawn, _ = sense_map(page, source, choice.asked, study, study.views[-1], choice.projection)
    st.plotly_chart(
        plot_layers(drawn.frame, study.views[1:], colouring, linked.current.highlighted),
        key=f"{page}_layers",
        config=_STATIC,
        alt=f"The uses of {study.uses.word} in {listing(study.views[1:])}, in one plane",
    )
    st.caption(
        f"One {drawn.frame.method.upper()} plane for all layers, each centred on its mean; a selection in "
        "the map stands out here as well."
    )
    scores = findings.scores
    if not scores:
        st.caption(escape_markdown(findings.why_no_scores))
        return
    left, right = st.columns([3, 2], gap="large")
    view = choice.view if choice.view in study.views else CONTEXT
    with left:
        st.plotly_chart(
            plot_separation(study.views, scores, view),
            key=f"{page}_scores",
            config=_STATIC,
            alt=describe_separation(study.views, scores),
        )
    with right:
        score = scores[study.views.index(view)]
        st.markdown(f"**{verdict(score, view)}**")
        st.caption(explain_score(score))
