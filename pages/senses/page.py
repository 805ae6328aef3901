"""Word senses: does a word fall into groups in a text, how sure is that, and what are the groups?"""

from __future__ import annotations

import streamlit as st

from elmo_core.exceptions import ElmoError
from elmo_core.geometry.projection import MIN_POINTS
from pages.common import concordance
from pages.common import sense_data as data
from pages.common.markdown import escape_markdown
from pages.common.selection import MapSelection, select_from_link, selected
from pages.common.sources import choose_source
from pages.senses import contexts
from pages.senses.cards import name_the_groups, show_card, show_groups
from pages.senses.change import show_change
from pages.senses.controls import choose
from pages.senses.evidence import show_evidence, show_layers
from pages.senses.exports import offer_all
from pages.senses.handover import open_static_page
from pages.senses.picture import compose

PAGE = "senses"
PARTS = ("Evidence", "Layers", "Nearest uses", "What if", "Change")

st.title("Word senses")
st.markdown("Does a word fall into groups in your text, how sure is that, and what are the groups?")

source = choose_source(PAGE)
choice = choose(PAGE, source)
if source is None:
    st.info("Paste some sentences or choose a file: every use of the word becomes a dot.")
    st.stop()

try:
    uses = data.find(PAGE, source, choice.asked)
    n = len(uses.uses)
    if n == 0:
        concordance.show_no_use(PAGE, source, uses.word)
        st.stop()
    if n < MIN_POINTS:
        st.warning(f"A map needs at least {MIN_POINTS} uses; {escape_markdown(uses.word)} has {n}.")
        concordance.show_uses(uses)
        st.stop()
    study = data.study(PAGE, source, choice.asked, uses)
    grouping = data.groups(PAGE, source, choice.asked, study, choice.method, choice.k)
    subject = f"{source.key} {choice.asked}"
    grouping, named = name_the_groups(PAGE, subject, study, grouping, choice)
    drawn, umap_job = data.sense_map(PAGE, source, choice.asked, study, choice.view, choice.projection)
except ElmoError as error:
    st.error(escape_markdown(str(error)))
    st.stop()

above, table_row, below = st.container(), st.container(), st.container()
select_from_link(PAGE, subject, n)
chosen = selected(PAGE, subject)
with below:
    part = st.segmented_control(
        "Look closer", PARTS, default=PARTS[0], required=True, key="part", bind="query-params", wrap=True
    )
    placed = None
    if part == "What if":
        placed = contexts.place(source, choice, study, named, contexts.choose_sentence(PAGE, study, chosen))

picture = compose(choice, study, named, drawn, placed, chosen)
linked = MapSelection(PAGE, n, subject, picture.look)
with above:
    result, detail = st.columns([2, 1], gap="large")
with result:
    figure = picture.show(PAGE, linked, umap_job)
with detail, st.container(gap="small"):
    show_card(grouping, choice)
    show_groups(PAGE, grouping, named, linked, uses.labels)
with detail if len(named.names) == 1 else result:
    concordance.show_selected(PAGE, uses, picture.colouring, linked)
    open_static_page(PAGE, source, [uses.uses[use] for use in linked.current.ids])
with table_row:
    offer_all(PAGE, source, choice, study, grouping, named, drawn, figure, linked.current.ids)
    linked.sort(concordance.choose_order(PAGE, uses, named.labels))
    concordance.explain_phrases(uses.uses)
    concordance.show_table(uses, named.colouring, linked)
with below:
    if part == "Evidence":
        show_evidence(PAGE, study, grouping)
    elif part == "Layers":
        scored = data.scores(source, choice.asked, study)
        show_layers(PAGE, source, choice, study, picture.colouring, linked, scored)
    elif part == "Nearest uses":
        contexts.show_nearest(source, choice, study, chosen)
    elif placed:
        contexts.show_placed(PAGE, placed, study, named)
    elif part == "Change":
        show_change(PAGE, source, choice, study, named)
