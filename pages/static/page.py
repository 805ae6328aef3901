"""Contextual and static: compare a word's single static vector with its vectors in sentences."""

from __future__ import annotations

from functools import partial

import streamlit as st

from elmo_core.contrast.text_space import views_of, weights_of
from elmo_core.exceptions import ElmoError
from elmo_core.glossary import explain
from elmo_core.senses.study import view_names
from pages.common.chosen_model import compared_model, model_name
from pages.common.layout import show_title
from pages.common.loaders import load_model
from pages.common.markdown import escape_markdown
from pages.common.openings import opening_contrast
from pages.common.sources import choose_source, choose_word
from pages.common.text_spaces import KINDS, choose_static, space_of
from pages.static import contrast
from pages.static import index as static_index
from pages.static import ranking as static_ranking
from pages.static import scores as static_scores
from pages.static.cell import python_cell
from pages.static.spaces import contrast_by, contrast_of

PAGE = "static"
NEIGHBOURS, RANKING, SCORES, CORPUS = "Neighbours", "Most context-sensitive", "Scores", "A large corpus"

show_title(
    "Contextual and static",
    "A static vector is the same in every sentence; a contextual one is made for each. Here are the words "
    "nearest to both.",
)

source = choose_source(PAGE)
words_row, controls = st.container(), st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
elmo = load_model(model_name())
views = views_of(elmo)
with controls:
    word = choose_word(PAGE, source, words_row, first=opening_contrast(model_name()).word, key="term")
    view = st.segmented_control(
        "Contextual",
        views,
        default=view_names(elmo.n_layers)[-2],
        required=True,
        key="contextual",
        bind="query-params",
        wrap=True,
        help=explain("Context", "Layer", "Token vector", "Uniform mix"),
    )
    with st.popover("Options", icon=":material/tune:"):
        kind = st.selectbox(
            "Static vectors",
            KINDS,
            key="static",
            bind="query-params",
            width=220,
            help=explain("Static vector", "Contextual vector"),
        )
show = st.segmented_control(
    "Show", (NEIGHBOURS, RANKING, SCORES, CORPUS), default=NEIGHBOURS, required=True, key="show",
    bind="query-params",
    label_visibility="collapsed", wrap=True,
)  # fmt: skip
if source is None:
    st.info("Paste some sentences or choose a file: its words are the ones that are compared.")
    st.stop()

try:
    text = space_of(PAGE, source)
    if len(text.sentences) < text.n_sentences:
        st.caption(f"The first {len(text.sentences):,} of {text.n_sentences:,} sentences are read here.")
    weights = weights_of(view, elmo, with_context=True)
    static = choose_static(PAGE, kind, source, text, view)
    both = contrast_of(source, text, static.vectors, weights, view)
    models = [both]
    if show in (NEIGHBOURS, SCORES) and (second := compared_model()):
        models.append(contrast_by(second, PAGE, source, static.vectors, view))
    if show == NEIGHBOURS:
        contrast.show_neighbours(PAGE, source, models, word, partial(python_cell, source, static, both, word))
    elif show == CORPUS:
        static_index.show_index(PAGE, source, word, contrast.choose_sentences(source, word), view)
    elif show == RANKING:
        static_ranking.show_ranking(PAGE, source, both)
    else:
        static_scores.show_scores(PAGE, source, models, static.vectors)
except ElmoError as error:
    st.error(escape_markdown(str(error)))
