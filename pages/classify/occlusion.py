"""The words that decided a prediction, as a figure."""

from __future__ import annotations

import streamlit as st

from elmo_core.exceptions import InputError
from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.plots.classification import plot_occlusion
from pages.classify.results import words_of
from pages.common.markdown import escape_markdown


def show_deciding_words(
    page: str, name: str, classifier: ElmoClassifier, text: str, class_index: int | None = None
) -> None:
    """Draw what each word of a text adds to the predicted class, or to another one.

    Args:
        page: prefix of the keys of all widgets.
        name: of the classifier.
        classifier: fitted.
        text: one text.
        class_index: number of the class in `classes_`; None = the predicted one.
    """
    try:
        with st.spinner("Leaving out one word after the other"):
            occlusion = words_of(name, text, class_index, classifier)
    except InputError as error:
        st.info(escape_markdown(str(error)))
        return
    name = str(classifier.classes_[occlusion.class_index])
    st.plotly_chart(
        plot_occlusion(occlusion, name),
        key=f"{page}_words",
        config={"displayModeBar": False},
        alt=f"What each word adds to the probability of {name}",
    )
    left_out = f" The last {occlusion.n_left_out:,} words were read, but not tried." * bool(
        occlusion.n_left_out
    )
    probability = f"p({name}) is {occlusion.probability:.2f}"
    st.caption(
        escape_markdown(f"{probability}; a bar shows what is lost when its word is left out.{left_out}")
    )
