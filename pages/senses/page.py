"""Word senses: the uses of a word as dots, what is told apart, and where a typed sentence lands."""

from __future__ import annotations

import streamlit as st

from elmo_core.exceptions import ElmoError
from elmo_core.geometry.projection import MIN_POINTS
from pages.common import concordance
from pages.common import sense_data as data
from pages.common.layout import show_title
from pages.common.markdown import escape_markdown
from pages.common.selection import MapSelection, select_from_link, selected
from pages.common.sources import choose_source
from pages.senses import contexts, story
from pages.senses.cards import name_the_groups, show_groups
from pages.senses.change import show_change
from pages.senses.controls import choose
from pages.senses.evidence import show_evidence, show_layers
from pages.senses.exports import offer_all
from pages.senses.handover import open_static_page
from pages.senses.picture import compose

PAGE = "senses"
PARTS = ("Evidence", "Layers", "Nearest uses", "What if", "Change")

lead = show_title(story.TITLE)
source = choose_source(PAGE)
choice = choose(PAGE, source)
if source is None:
    st.info("Paste some sentences or choose a file: every use of the word becomes a dot.")
    st.stop()
if not choice.asked.query:
    st.info("Type a word of your text to see its uses.")
    st.stop()

try:
    uses = data.find(PAGE, source, choice.asked)
    n = len(uses.uses)
    if n == 0:
        concordance.show_no_use(PAGE, source, uses.word)
        st.stop()
    story.tell_what_this_is(lead, uses)
    if n < MIN_POINTS:
        st.warning(f"A map needs at least {MIN_POINTS} uses; {escape_markdown(uses.word)} has {n}.")
        concordance.show_uses(uses)
        st.stop()
    study = data.study(PAGE, source, choice.asked, uses)
    grouping = data.groups(PAGE, source, choice.asked, study, choice.method, choice.k)
    subject = f"{source.key} {choice.asked}"
    grouping, named = name_the_groups(PAGE, subject, study, grouping, choice)
    findings = story.find_out(PAGE, source, choice, study, grouping)
    drawn, umap_job = data.sense_map(PAGE, source, choice.asked, study, choice.view, choice.projection)
except ElmoError as error:
    st.error(escape_markdown(str(error)))
    st.stop()

card, result = st.columns([2, 3], gap="medium")
select_from_link(PAGE, subject, n)
chosen = selected(PAGE, subject)
colours, is_by_sense = story.colours_of(choice, study, named.colouring)
map_row, sentence_row = result.container(), result.container()
with sentence_row:
    sentence = contexts.choose_sentence(PAGE, study, chosen, source.is_sample)
    placed = contexts.place(source, choice, study, colours, sentence)
    if placed:
        contexts.answer(sentence, placed, study, colours, findings.of_context if is_by_sense else None)
    if source.is_sample:
        contexts.offer_examples(PAGE, study)

picture = compose(choice, study, colours, drawn, placed, chosen)
linked = MapSelection(PAGE, n, subject, picture.look)
with map_row:
    figure = picture.show(linked)
with sentence_row:
    picture.explain(PAGE, umap_job)
with card:
    story.show_headline(choice, study, grouping, findings, linked)
    show_groups(PAGE, grouping, named, linked, uses.labels, has_colours=not is_by_sense)
concordance.show_selected(PAGE, uses, colours, linked)
open_static_page(PAGE, source, [uses.uses[use] for use in linked.current.ids])
offer_all(PAGE, source, choice, study, grouping, named, drawn, figure, linked.current.ids)
linked.sort(concordance.choose_order(PAGE, uses, named.labels))
concordance.explain_phrases(uses.uses)
concordance.show_table(uses, named.colouring, linked)
part = st.segmented_control(
    "Look closer", PARTS, default=PARTS[0], required=True, key="part", bind="query-params", wrap=True
)
if part == "Evidence":
    show_evidence(PAGE, study, grouping)
elif part == "Layers":
    show_layers(PAGE, source, choice, study, colours, linked, findings)
elif part == "Nearest uses":
    contexts.show_nearest(source, choice, study, chosen)
elif part == "What if" and placed:
    contexts.show_placed(PAGE, placed, study, colours)
elif part == "Change":
    show_change(PAGE, source, choice, study, named)
