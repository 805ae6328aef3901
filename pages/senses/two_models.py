"""A second model beside the first, on the same uses, with the same colours and one selection."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from elmo_core.exceptions import ElmoError
from elmo_core.plots.points import Colouring
from elmo_core.senses.paired_scores import pair_scores
from pages.common.chosen_model import model_name, reading_with
from pages.common.loaders import Source
from pages.common.markdown import escape_markdown
from pages.common.selection import MapSelection
from pages.senses import contexts, story
from pages.senses.picture import compose
from pages.senses.reading import WordReading, read


@dataclass(frozen=True)
class Places:
    """Where the parts of the top of the page go."""

    headline: DeltaGenerator
    map: DeltaGenerator
    sentence: DeltaGenerator
    card: DeltaGenerator


def lay_out(second: str | None) -> tuple[Places, Places, DeltaGenerator]:
    """Divide the top of the page: card and map beside each other, or two models beside each other.

    Args:
        second: name of the second model; None = there is one model.

    Returns:
        The places of the first model, those of the second one, and one below both.
    """
    if second is None:
        card, result = st.columns([2, 3], gap="medium")
        headline, rest = card.container(), card.container()
        first = Places(headline, result.container(), result.container(), rest)
        return first, first, st.container()
    left, right = st.columns(2, gap="medium")
    below = st.container()
    places = []
    for column, name in ((left, model_name()), (right, second)):
        headline = column.container()
        headline.markdown(f"**{escape_markdown(name)}**")
        places.append(Places(headline, column.container(), column.container(), column.container()))
    return places[0], places[1], below


def show_second(
    page: str,
    name: str,
    places: Places,
    below: DeltaGenerator,
    source: Source,
    first: WordReading,
    colours: Colouring,
    sentence: str,
    linked: MapSelection,
) -> None:
    """Show what the second model makes of the same uses, and how the two differ.

    Args:
        page: prefix of the keys of all widgets.
        name: of the model.
        places: where its parts go.
        below: where the comparison goes.
        source: the text.
        first: what the first model makes of them.
        colours: of the first model's map; the second one has the same.
        sentence: what was typed; empty = nothing.
        linked: the selection.
    """
    own, uses = f"{page}_second", first.study.uses
    with reading_with(name):
        try:
            with places.headline:
                second = read(own, source, first.choice, uses)
        except ElmoError as error:
            places.headline.error(escape_markdown(str(error)))
            return
        choice, study = second.choice, second.study
        with places.headline:
            if choice.view != first.choice.view:
                st.caption(f"{escape_markdown(name)} has no {first.choice.view}: this is its context.")
            story.show_headline(choice, study, second.grouping, second.findings)
        is_by_sense = choice.shows_senses(any(uses.labels))
        with places.sentence:
            placed = contexts.place(source, choice, study, colours, sentence) if sentence else None
            if placed:
                score = second.findings.of_context if is_by_sense else None
                contexts.answer(sentence, placed, study, colours, score)
        picture = compose(choice, study, colours, second.drawn, placed, linked.current.ids)
        with places.map:
            picture.show(linked.beside())
        with places.sentence:
            picture.explain(own, second.umap_job)
        with places.card:
            story.show_card(own, choice, study, second.grouping, second.findings, linked)
    if first.findings.scores and second.findings.scores:
        pair = pair_scores(
            first.findings.scores[first.study.views.index(first.choice.view)],
            second.findings.scores[study.views.index(choice.view)],
            uses.labels,
        )
        below.markdown(escape_markdown(pair.say(model_name(), name)))
