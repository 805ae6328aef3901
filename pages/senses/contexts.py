"""Single uses: the nearest ones by layer, and a typed sentence among the uses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from elmo_core.exceptions import InputError
from elmo_core.geometry.separation import Separation
from elmo_core.plots.points import Colouring
from elmo_core.plots.sense_groups import describe_influences, plot_influences
from elmo_core.plots.style import clip, direction, percent
from elmo_core.senses.headline import guessing
from elmo_core.senses.study import CONTEXT, SenseMap, Study
from elmo_core.senses.substitutes import Substitutes, find_substitutes
from elmo_core.senses.uses import Use, Uses
from elmo_core.senses.what_if import Placement, locate, map_position, place_use
from pages.common.chosen_model import model_name
from pages.common.loaders import STATIC_VECTORS, Source, load_model, static_neighbours
from pages.common.markdown import escape_markdown
from pages.common.sense_data import nearest
from pages.common.sources import set_state
from pages.senses.controls import Choice
from pages.senses.examples import sentences_to_try

_SIDE = 34  # characters of context on each side of a near use
_N_SUBSTITUTES = 8


@dataclass(frozen=True, eq=False)
class Placed:
    """A typed sentence, or the example in its place, among the uses."""

    placement: Placement
    substitutes: Substitutes


def show_nearest(source: Source, choice: Choice, study: Study, selected: tuple[int, ...]) -> None:
    """Show the nearest uses of one use in every layer, beside the neighbours of the word's static vector."""
    uses, row = study.uses, selected[0] if selected else 0
    which = "The selected use" if selected else "The first use (select another one in the map or the table)"
    st.caption(f"{which}:")
    st.text(uses.uses[row].text)
    nearest_by_view = nearest(source, choice.asked, study, row)
    columns = st.columns(len(nearest_by_view) + 1, gap="medium")
    for column, view in zip(columns, nearest_by_view, strict=False):
        with column:
            st.markdown(f"**{view.view}**")
            tied = sum(near.cosine > 1 - 1e-6 for near in view.neighbours)
            if tied == len(view.neighbours):
                st.caption(f"Reads the spelling only: {tied} or more uses are equally near (cosine 1.00).")
                continue
            for near in view.neighbours:
                st.text(snippet(uses.uses[near.row]))
                st.caption(f"cosine {near.cosine:.2f}, nearer than {percent(near.percentile)} of pairs")
    with columns[-1]:
        _show_static(uses.uses[row].word)


def _show_static(word: str) -> None:
    st.markdown("**Static vector**")
    words = static_neighbours(word)
    if not words:
        st.caption(f"{escape_markdown(word)} is not among the words of {STATIC_VECTORS}.")
        return
    st.caption("The same for every use of the word; nearest to it are these words, whatever the sentence:")
    for other, cosine in words:
        st.text(f"{other}  {cosine:.2f}")


def choose_sentence(page: str, study: Study, selected: tuple[int, ...], is_sample: bool) -> str:
    """Let the user type a sentence or edit a use; an empty field stands for the example in it."""
    word, use = study.uses.word, study.uses.uses[selected[0] if selected else 0]
    _forget_sentence_of(page, word)
    first, *_ = (is_sample and sentences_to_try(word)) or ("",)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        sentence = st.text_input(
            f"Type your own sentence with {escape_markdown(word)}",
            placeholder=first or use.text,
            max_chars=1000,
            key="sentence",
            bind="query-params",
        )
        st.button(
            "Edit the selected use" if selected else "Edit the first use",
            key=f"{page}_edit",
            type="tertiary",
            on_click=set_state,
            args=("sentence", use.text),
        )
    return sentence.strip() or first


def offer_examples(page: str, study: Study) -> None:
    """Offer the examples of a word of the sample that do not stand in the field."""
    for number, other in enumerate(sentences_to_try(study.uses.word)[1:]):
        st.button(
            f"Try: {other}",
            key=f"{page}_try_{number}",
            type="tertiary",
            on_click=set_state,
            args=("sentence", other),
        )


def _forget_sentence_of(page: str, word: str) -> None:
    """Empty the field once another word is looked at, which its sentence may not hold."""
    before = st.session_state.get(f"{page}_sentence_word", word)
    if before != word:
        st.session_state["sentence"] = ""
    st.session_state[f"{page}_sentence_word"] = word


def place(source: Source, choice: Choice, study: Study, colours: Colouring, sentence: str) -> Placed | None:
    """Where a sentence belongs; None (and a message) where it cannot be placed.

    Args:
        source: the text.
        choice: what was chosen.
        study: of the word.
        colours: the senses or groups that the sentence is placed among.
        sentence: what was typed; empty = nothing.
    """
    if not sentence:
        st.caption("The word is placed on the map by its neighbours in the full space; the map itself stays.")
        return None

    def work() -> Placed:
        elmo = load_model(model_name())
        tokens, position = locate(sentence, study.uses)
        placement = place_use(elmo, tokens, position, study.vectors, colours.codes, len(colours.names))
        placed_use = Uses(study.uses.word, 1, (placement.use,))
        return Placed(placement, find_substitutes(elmo, placement.vectors.expected, placed_use))

    try:
        key = ("placed", source.key, model_name(), choice.asked, colours.codes, sentence)
        return source.results.get_or_compute(key, work)
    except InputError as error:
        st.warning(escape_markdown(str(error)))
        return None


def answer(sentence: str, placed: Placed, study: Study, colours: Colouring, score: Separation | None) -> None:
    """Say what the typed sentence is read like, and how often that is right.

    Args:
        sentence: as it was typed.
        placed: where it belongs.
        study: of the word.
        colours: the senses or groups it was placed among.
        score: of the labelled uses where colours are senses; else None.
    """
    placement = placed.placement
    if len(colours.names) < 2:
        near = placement.nearest[0][0]
        st.markdown(f"Nearest use: {escape_markdown(snippet(study.uses.uses[near]))}")
        return
    name, share = colours.names[placement.group], placement.posterior[placement.group]
    text = f"★ **{escape_markdown(name)}**, {percent(share)} sure"
    st.markdown(f"{text}: *{escape_markdown(sentence)}*" if _is_example() else f"{text}.")
    if score:
        st.caption(
            f"Of the labelled uses, each left out in turn, {percent(score.accuracy)} are placed rightly like "
            f"this (guessing: {percent(guessing(score))})."
        )


def _is_example() -> bool:
    """Whether the field is empty, so that its example was placed."""
    return not str(st.session_state.get("sentence", "")).strip()


def position_of(placed: Placed, study: Study, drawn: SenseMap) -> tuple[float, float]:
    """Return the place of a typed sentence on the map of a view."""
    if drawn.view == CONTEXT:
        unit = placed.placement.vectors.contexts.units()[0]
    else:
        alone = replace(study, vectors=placed.placement.vectors)
        unit = alone.halves(drawn.view).units()[0]
    return map_position(unit, study.halves(drawn.view).units(), drawn.coordinates)


def show_placed(page: str, placed: Placed, study: Study, colours: Colouring) -> None:
    """Show the likely senses or groups of a sentence, its substitutes, neighbours and deciding words."""
    placement, left_right = placed.placement, st.columns([2, 3], gap="large")
    with left_right[0]:
        if len(colours.names) > 1:
            frame = _shares(placement, colours)
            bars = {
                name: st.column_config.ProgressColumn(name, format="percent", min_value=0, max_value=1)
                for name in frame.columns[1:]
            }
            st.dataframe(
                frame,
                hide_index=True,
                column_config=bars,
                key=f"{page}_posterior",
                alt=f"Probability of each; most likely {colours.names[placement.group]}",
            )
        else:
            st.caption("There is one group and no labelled senses, so there is nothing to decide between.")
        if not placement.forward:
            st.caption(
                f"{escape_markdown(model_name())} reads both sides at once, so neither side has a share."
            )
        words = ", ".join(word for word, _ in placed.substitutes.of_use(0, _N_SUBSTITUTES))
        kind = placed.substitutes.kind.capitalize()
        st.markdown(f"**{kind}:** {escape_markdown(words) or 'none'}")
        st.caption("Nearest uses:")
        for row, cosine in placement.nearest[:3]:
            st.text(f"{cosine:.2f}  {snippet(study.uses.uses[row])}")
    with left_right[1]:
        if placement.influences:
            st.plotly_chart(
                plot_influences(placement),
                key=f"{page}_influences",
                config={"displayModeBar": False},
                alt=describe_influences(placement),
            )
            st.caption(
                f"{escape_markdown(describe_influences(placement))} Each word is taken out in turn and the "
                "sentence read without it; above zero the word supports the likeliest choice."
            )


def _shares(placement: Placement, colours: Colouring) -> pd.DataFrame:
    """The probability of each sense or group; from either side as well where the model has two directions."""
    frame = pd.DataFrame({"placed among": colours.names, "both": placement.posterior})
    if placement.forward:
        is_rtl = direction([placement.use.word]) == "rtl"
        before, after = ("before", "after") if is_rtl else ("left context", "right context")
        frame = frame.assign(**{before: placement.forward, after: placement.backward})
    return frame


def snippet(use: Use) -> str:
    """Return a use with a little of its context."""
    left, right = clip(use.left.strip(), _SIDE, keep_end=True), clip(use.right.strip(), _SIDE)
    return f"{left} [{use.word}] {right}".strip()
