"""The frame around every page: configuration, menu, and the model in the sidebar."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st

from elmo_core.config import layer_name
from pages.common.address import dropped_values_said
from pages.common.chosen_model import take_models_from_address
from pages.common.guard import said_in_one_sentence
from pages.common.loaders import WORDS
from pages.common.sidebar import show_model
from pages.common.sign_in import ask_to_sign_in
from pages.common.sources import show_what_follows
from pages.common.visitors import keep_in_address

PAGES = Path(__file__).parent
_STUDIES = ("Mixtures", "Learned weights", "Probing curves", "Contextuality")
"""Parts of the page of layers, which links of earlier versions name as parts of Word senses are."""

st.set_page_config(page_icon=str(PAGES / "common" / "icon.svg"), layout="wide")

home = st.Page(
    PAGES / "senses" / "page.py",
    title="Word senses",
    icon=":material/scatter_plot:",
    url_path="home",
    default=True,
    help="All uses of one word on a map, layer by layer, with a score for how well their senses separate.",
)
static = st.Page(
    PAGES / "static" / "page.py",
    title="Contextual and static",
    icon=":material/compare_arrows:",
    url_path="static",
    help="The nearest words and uses of a word by its one static vector, and by its vector in a sentence.",
)
layers = st.Page(
    PAGES / "layers" / "page.py",
    title="Layers and mixtures",
    icon=":material/stacked_line_chart:",
    url_path="layers",
    help="What each layer knows, what mixing them gains, what a task learns to weigh.",
)

maps = st.Page(
    PAGES / "maps" / "page.py",
    title="Maps",
    icon=":material/map:",
    url_path="maps",
    help="All sentences or tokens of a text on a map, every layer in one frame.",
)

read = st.Page(
    PAGES / "read" / "page.py",
    title="Read",
    icon=":material/chrome_reader_mode:",
    url_path="read",
    help="How surprising each word of a text is from the left and from the right, and what was expected.",
)

classify = st.Page(
    PAGES / "classify" / "page.py",
    title="Classify texts",
    icon=":material/label:",
    url_path="classify",
    help="A table with texts and labels in, methods compared with TF-IDF, a classifier out.",
)

entities = st.Page(
    PAGES / "entities" / "page.py",
    title="Entities",
    icon=":material/sell:",
    url_path="entities",
    help="Named entities and other tags: learn from tagged sentences, see where it errs, take it away.",
)

lessons = st.Page(
    PAGES / "lessons" / "page.py",
    title="Lessons",
    icon=":material/school:",
    url_path="lessons",
    help="Predict what the model will do, look, and find out why.",
)

train = st.Page(
    PAGES / "train" / "page.py",
    title="Train",
    icon=":material/model_training:",
    url_path="train",
    help="A language model on your own text: watch its perplexity fall and the meaning of a word appear.",
)

models = st.Page(
    PAGES / "models" / "page.py",
    title="Models",
    icon=":material/deployed_code:",
    url_path="models",
    help="Which model the pages read with, what is on this machine, and models of your own.",
)


def renew_link() -> None:
    """Give layers and parts of pages in links of earlier versions ("Token vector") the names of today."""
    renewed = {
        key: layer_name(int(name[-1])) if name[-1:].isdigit() else layer_name(0)
        for key in ("layer", "contextual", "static")
        if re.fullmatch(r"Token vector|LSTM layer \d", name := st.query_params.get(key, ""))
    }
    if st.query_params.get("maps_from") == "Sample":
        renewed["maps_from"] = WORDS
    if st.query_params.get("part", "") in _STUDIES:
        renewed["study"] = st.query_params.pop("part")
    if renewed:
        st.query_params.update(renewed)
        st.rerun()  # widgets take their values from the link when a run starts


def open_home() -> None:
    """Serve the default page, which is at /, under its own name as well."""
    st.switch_page(home, query_params=st.query_params.to_dict())


alias = st.Page(open_home, title="Word senses", url_path="senses", visibility="hidden")
page = st.navigation(
    {
        "Explore": [home, static, layers, maps, read],
        "Learn": [lessons, classify, entities],
        "Build": [train, models],
        "": [alias],
    }
)
st.set_page_config(page_title=f"{page.title} · ELMo Explorer")

ask_to_sign_in()
renew_link()
take_models_from_address()
show_model(models)
show_what_follows()
keep_in_address()
with said_in_one_sentence(), dropped_values_said(page.url_path):
    page.run()
