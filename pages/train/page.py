"""Train: a language model learns from a text in a process of its own, and can be watched while it does."""

from __future__ import annotations

import streamlit as st

from elmo_core.exceptions import ElmoError
from elmo_core.runs import queue
from elmo_core.runs.folder import all_runs
from pages.common.layout import show_title
from pages.common.markdown import escape_markdown
from pages.common.permissions import may_train
from pages.train import learning, looking, outcome
from pages.train.beginning import show_demonstration, show_own_text
from pages.train.choosing import choose_run

PAGE = "train"

show_title(
    "Train",
    "**Watch a language model learn.** It predicts each word of a text from those around it, and so finds "
    "out which words are alike.",
)
if not may_train():
    st.info(
        "Training is for whoever runs this server, on the machine itself. There, `elmo-explorer` opens this "
        "page, and `elmo pretrain` does the same on the command line."
    )
    st.stop()

try:
    queue.wake_worker()
    runs = all_runs()
    run = choose_run(PAGE, runs)
    if run is None:
        show_demonstration(PAGE, is_first=not runs)
        show_own_text(PAGE, is_open=bool(runs))
        st.stop()
    state = queue.state_of(run)
    if state.kind == "finished":
        outcome.show_outcome(PAGE, run)
    learning.show_run(PAGE, run, state)
    looking.show_what_it_learned(PAGE, run)
    outcome.offer_all(PAGE, run, runs)
except ElmoError as error:
    st.error(escape_markdown(str(error)))
