"""Models: choose what all pages read with, see what is on this machine, add and remove models of your own."""

from __future__ import annotations

import streamlit as st

from elmo_core.weights.registry import known_models
from pages.common.chosen_model import model_name
from pages.common.layout import show_title
from pages.common.permissions import may_name_files
from pages.models.adding import show_adding
from pages.models.chosen import show_chosen
from pages.models.entry import show_entry

PAGE = "models"
GROUPS = (
    ("On this machine", ("shipped", "local", "built-in")),
    ("Official ELMo (Peters et al. 2018)", ("official",)),
)

show_title("Models", "All pages read texts with one language model. Choose another, or add your own.")

show_chosen(PAGE)
may_change = may_name_files()  # whoever may add a model may write to this machine
for heading, kinds in GROUPS:
    st.subheader(heading, anchor=False)
    for entry in known_models():
        if entry.kind in kinds:
            show_entry(PAGE, entry, is_chosen=entry.name == model_name(), may_change=may_change)
st.subheader("Add a model", anchor=False)
if may_change:
    show_adding(PAGE)
else:
    st.caption("Models are added, downloaded and removed by whoever runs this server, on the machine itself.")
