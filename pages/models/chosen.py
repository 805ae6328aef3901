"""The model that all pages read with: its facts, and what Python and the command line call it."""

from __future__ import annotations

import streamlit as st

from elmo_core.embedder import Elmo
from elmo_core.encoders.transformer import TransformerEncoder
from elmo_core.weights.store import JsonValue
from pages.common.calibration import show_calibration
from pages.common.chosen_model import choose_model, default_model, model_name
from pages.common.exports import literal, python_cell, show_downloads
from pages.common.loaders import load_model
from pages.common.markdown import escape_markdown

_MEGA = 1_000_000
_WHY_SAME = ": the LSTM state is zero before every sentence"


def show_chosen(page: str) -> None:
    """Say with which model the pages read now, and what is known of it."""
    name = model_name()
    model = load_model(name)
    with st.container(border=True):
        about = model.about if isinstance(model, Elmo) else {}
        st.markdown(f"All pages now read with **{escape_markdown(name)}**. {_learnt_from(about)}")
        facts = _facts_of_bilm(model) if isinstance(model, Elmo) else _facts_of_transformer(model)
        st.table(facts, border="horizontal")
        st.caption(
            f"The same text gives the same vectors{_WHY_SAME if isinstance(model, Elmo) else ''}. "
            "Random choices show their seed."
        )
        if model.context_view() is not None:
            show_calibration(model.fingerprint)
        if name != default_model():
            st.button(
                f"Back to {escape_markdown(default_model())}",
                key=f"{page}_back",
                icon=":material/undo:",
                on_click=choose_model,
                args=(default_model(),),
            )
        show_downloads(
            page,
            name,
            cell=python_cell(
                "from elmo_core import load_elmo",
                f"elmo = load_elmo({literal(name)})",
                'elmo.embed(["We sat on the bank."])[0].layers.shape  # (layers, tokens, width)',
            ),
        )


def _facts_of_bilm(model: Elmo) -> dict[str, str]:
    n = sum(parameter.numel() for parameter in model.model.parameters())
    return {
        "Layers": ", ".join(model.layer_names),
        "Width": f"{model.dim} numbers for each token ({model.dim // 2} from each direction)",
        "Weights": _weights(n),
        "Predicts": f"{len(model.vocabulary):,} words"
        if model.vocabulary is not None
        else "nothing: it came without the softmax, so groups are named by the words around them",
    }


def _facts_of_transformer(model: TransformerEncoder) -> dict[str, str]:
    has_context, words = model.context_view() is not None, model.word_predictions()
    return {
        "Kind": "a transformer: every layer reads both sides of a word at once",
        "Layers": f"{model.layer_names[0]}, {model.layer_names[1]} to {model.n_layers - 1}",
        "Width": f"{model.dim} numbers for each token, the mean over its sub-words",
        "Weights": _weights(model.n_parameters),
        "Context": "the mask token in a word's place" if has_context else "none: it has no mask token",
        "Predicts": f"{sum(map(bool, words.words)):,} words where one is masked"
        if words is not None
        else "nothing: it came without a head, so groups are named by the words around them",
        "Cannot": "say how likely a word is from one side (Read), or test groups by its two directions "
        "(Word senses)",
    }


def _weights(n: int) -> str:
    return f"{n / _MEGA:,.1f} million, {4 * n / _MEGA:,.0f} MB in memory"


def _learnt_from(about: dict[str, JsonValue]) -> str:
    seen, perplexity = about.get("words_seen"), about.get("perplexity")
    parts = []
    if isinstance(seen, int) and seen:
        parts.append(f"It has read {seen:,} words in training.")
    if isinstance(perplexity, float):
        parts.append(f"Its perplexity on held-out text was {perplexity:.1f}.")
    return " ".join(parts)
