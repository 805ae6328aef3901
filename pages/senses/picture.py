"""The map of the page of word senses, with what the user has selected and typed drawn over it."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from elmo_core.glossary import explain
from elmo_core.plots.points import Colouring
from elmo_core.plots.sense_map import Extras, describe_map, explain_map, plot_map
from elmo_core.senses.study import SenseMap, Study
from pages.common import jobs
from pages.common.concordance import modebar
from pages.common.job import Job
from pages.common.selection import MapSelection
from pages.common.sense_data import umap_owner
from pages.senses.contexts import Placed, position_of
from pages.senses.controls import Choice

_MOST_TRAILS = 20
_HEIGHT = 310  # pixels: with the headline and the field for a sentence it fits on a projector (1280 x 720)


@dataclass(frozen=True, eq=False)
class Picture:
    """Everything that the map shows."""

    choice: Choice
    study: Study
    drawn: SenseMap
    colouring: Colouring
    extras: Extras

    @property
    def look(self) -> str:
        """What the figure depends on besides highlights; when it changes, a lasso in it is lost."""
        return str((self.choice, self.drawn.frame.method, self.colouring.names, self.extras))

    def show(self, linked: MapSelection) -> go.Figure:
        """Draw the map with the selected uses."""
        extras = Extras(**{**vars(self.extras), "highlighted": linked.highlighted})
        uses = self.study.uses
        figure = plot_map(
            self.drawn, uses, self.colouring, extras, is_faded=self.choice.is_faded, height=_HEIGHT
        )
        st.plotly_chart(
            figure,
            key=linked.map_key,
            on_select=linked.on_map,
            config=modebar(f"{uses.word.strip('/')}-{self.choice.view}", self.choice.image),
            alt=describe_map(self.drawn, uses, self.colouring),
        )
        return figure

    def explain(self, page: str, umap_job: Job | None) -> None:
        """Say what the plane is, how far to trust it, and how far UMAP is while PCA stands in for it."""
        if umap_job:
            _show_job(page, umap_job)
        text = explain_map(self.drawn, self.study.uses, self.choice.asked.seed)
        st.caption(text, help=explain("Trustworthiness"))


def _show_job(page: str, job: Job) -> None:
    """Show the progress of UMAP; where it was cancelled or failed, say so and offer it again."""
    if not job.is_over:
        jobs.watch(umap_owner(page), job)
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"UMAP {job.state}; this is PCA.", width="content")
            st.button("Draw UMAP", key=f"{page}_umap_again", on_click=jobs.forget, args=(umap_owner(page),))


def compose(
    choice: Choice,
    study: Study,
    colouring: Colouring,
    drawn: SenseMap,
    placed: Placed | None,
    selected: tuple[int, ...],
) -> Picture:
    """Put together what the map shows.

    Args:
        choice: what was chosen.
        study: of the word.
        colouring: what colours mean.
        drawn: where the uses lie.
        placed: a sentence that was typed, if any.
        selected: uses that are selected; of a single one the true neighbours are drawn.
    """
    extras = Extras(
        focus=selected[0] if len(selected) == 1 else None,
        trails=selected[:_MOST_TRAILS] if choice.has_trails else (),
        newcomer=position_of(placed, study, drawn) if placed else None,
        newcomer_text=placed.placement.use.text if placed else "",
    )
    return Picture(choice, study, drawn, colouring, extras)
