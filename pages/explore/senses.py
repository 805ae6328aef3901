"""Word senses: all uses of one word on a map, layer by layer, with a score beside its null."""

from __future__ import annotations

import streamlit as st

from elmo_core.analysis.projection import MIN_UMAP_USES, MIN_USES, Method
from elmo_core.analysis.senses import view_names
from elmo_core.exceptions import ElmoError
from elmo_core.plots import senses as figures
from pages.common import concordance
from pages.common.loaders import load_model, model_name, study, uses_of
from pages.common.selection import LinkedSelection
from pages.common.sources import choose_source, choose_word
from pages.common.wording import plain

PAGE = "senses"
LONG_UMAP = 300  # uses; from here on it takes more than a few seconds
METHODS: dict[str, Method] = {"PCA": "pca", "UMAP": "umap"}

st.title("Word senses")
st.markdown("Do the uses of a word lie together by sense, in which layer, and how sure is that?")

source = choose_source(PAGE)
words_row, controls = st.container(), st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
views = view_names(load_model(model_name()).n_layers)
with controls:
    word = choose_word(PAGE, source, words_row)
    view = st.segmented_control(
        "Layer", views, default=views[-1], required=True, key="layer", bind="query-params", wrap=True
    )
    with st.popover("Options", icon=":material/tune:"):
        projection = st.segmented_control(
            "Projection", list(METHODS), default="PCA", required=True, key="projection", bind="query-params"
        )
        st.caption(
            "PCA turns the vectors and keeps what varies most; UMAP (neighbours 15, distance 0.1, seed 42) "
            f"keeps neighbours together and needs {MIN_UMAP_USES} uses. Scores never depend on either."
        )
if source is None:
    st.info("Paste some sentences or choose a file: every use of the word becomes a dot.")
    st.stop()

try:
    uses = uses_of(source, word)
    n = len(uses.uses)
    if n == 0:
        concordance.show_no_use(PAGE, source, uses.word)
        st.stop()
    if n < MIN_USES:
        st.warning(f"A map needs at least {MIN_USES} uses; {plain(uses.word)} has {n}.")
        concordance.show_uses(uses)
        st.stop()
    progress = st.empty()
    patience = "; UMAP of so many takes up to half a minute" if projection == "UMAP" and n > LONG_UMAP else ""
    with st.spinner(f"Reading {n:,} uses of {plain(uses.word)}{patience}", show_time=bool(patience)):
        found = study(source, uses, METHODS[projection], progress.progress)
    progress.empty()
except ElmoError as error:
    st.error(plain(str(error)))
    st.stop()

selection = LinkedSelection(PAGE, n, f"{source.key} {word}", f"{view} {projection}")
result, detail = st.columns([2, 1], gap="large")
with result:
    figure = figures.plot_uses(found, view, selection.current.highlighted)
    st.plotly_chart(
        figure,
        key=selection.map_key,
        on_select=selection.on_map,
        config=concordance.modebar(f"{uses.word}-{view}"),
        alt=figures.describe_uses(found, view),
    )
    if found.frame.method != METHODS[projection]:
        st.caption(f"{n} uses are too few for UMAP, which needs {MIN_UMAP_USES}: this is PCA.")
    st.caption(figures.explain_uses(found, view))
    concordance.offer_downloads(PAGE, found, view, figure)
with detail, st.container(gap="xsmall"):
    concordance.show_score(PAGE, found, view)
    concordance.show_selected(PAGE, found, selection)
concordance.show_table(found, view, selection)
