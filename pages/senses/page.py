"""Word senses: the uses of a word as dots, what is told apart, and where a typed sentence lands."""

from __future__ import annotations

import streamlit as st

from elmo_core.exceptions import ElmoError
from elmo_core.geometry.projection import MIN_POINTS
from pages.common import concordance
from pages.common import sense_data as data
from pages.common.chosen_model import compared_model
from pages.common.layout import show_title
from pages.common.markdown import escape_markdown
from pages.common.selection import MapSelection, select_from_link, selected
from pages.common.sources import choose_source
from pages.senses import contexts, story, two_models
from pages.senses.cards import show_groups
from pages.senses.change import show_change
from pages.senses.controls import choose
from pages.senses.evidence import show_evidence, show_layers
from pages.senses.exports import offer_all
from pages.senses.handover import open_static_page
from pages.senses.picture import compose
from pages.senses.reading import read, subject_of

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
    reading = read(PAGE, source, choice, uses)
except ElmoError as error:
    st.error(escape_markdown(str(error)))
    st.stop()

study, grouping, named, findings = reading.study, reading.grouping, reading.named, reading.findings
subject, second = subject_of(source, choice), compared_model()
places, places_of_second, below = two_models.lay_out(second)
select_from_link(PAGE, subject, n)
chosen = selected(PAGE, subject)
colours, is_by_sense = story.colours_of(choice, study, named.colouring)
with places.sentence:
    sentence = contexts.choose_sentence(PAGE, study, chosen, source.is_sample)
    placed = contexts.place(source, choice, study, colours, sentence)
    if placed:
        contexts.answer(sentence, placed, study, colours, findings.of_context if is_by_sense else None)
    if source.is_sample:
        contexts.offer_examples(PAGE, study)

picture = compose(choice, study, colours, reading.drawn, placed, chosen)
linked = MapSelection(PAGE, n, subject, f"{picture.look} {second}")
with places.map:
    figure = picture.show(linked)
with places.sentence:
    picture.explain(PAGE, reading.umap_job)
with places.headline:
    story.show_headline(choice, study, grouping, findings)
with places.card:
    story.show_card(PAGE, choice, study, grouping, findings, linked)
    show_groups(PAGE, grouping, named, linked, uses.labels, has_colours=not is_by_sense)
concordance.show_selected(PAGE, uses, colours, linked)
open_static_page(PAGE, source, [uses.uses[use] for use in linked.current.ids])
offer_all(PAGE, source, choice, study, grouping, named, reading.drawn, figure, linked.current.ids)
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
if second:  # last, since the page may stop here until that model has read the uses
    two_models.show_second(PAGE, second, places_of_second, below, source, reading, colours, sentence, linked)
