"""What each page opens on: chosen by `bench.openings` for the shipped model, chosen anew for another biLM."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from elmo_core.contrast.opening import rank_contrasts, worst_contrast
from elmo_core.contrast.text_space import weights_of
from elmo_core.contrast.word_spaces import candidates, contextual_space
from elmo_core.encoders.transformer import TransformerEncoder
from elmo_core.maps.opening import rank_texts
from elmo_core.senses.opening import opening_word, rank_openings
from elmo_core.senses.study import view_names
from elmo_core.shipped import shipped
from pages.common.loaders import REVIEWS, TOPICS, load_model, sample
from pages.common.results import kept_for_all
from pages.common.text_spaces import sample_space, shipped_vectors

KEPT = shipped("data/samples/openings.json")


@dataclass(frozen=True)
class ContrastWords:
    """Words of the sample for the page that compares static with contextual vectors."""

    word: str
    """Its two sentences share the fewest nearest words."""
    fails: str
    """Its two sentences share the most."""


@kept_for_all(8)
def kept(model: str) -> dict[str, Any]:
    """Return the choices that `bench.openings` has kept for a model; none for a model it has not seen."""
    return _every().get(load_model(model).fingerprint, {})


def _choices(model: str) -> dict[str, Any]:
    """What is kept for a model; a transformer, for which each context costs a run, gets the first choices."""
    if isinstance(load_model(model), TransformerEncoder):
        return kept(model) or next(iter(_every().values()), {})
    return kept(model)


def _every() -> dict[str, dict[str, Any]]:
    every: dict[str, dict[str, Any]] = json.loads(KEPT.read_text("utf-8"))
    return every


@kept_for_all(8)
def opening(model: str) -> str:
    """Return the word of the sample whose senses a model tells apart best by context alone."""
    word: str | None = _choices(model).get("word")
    return word or opening_word(rank_openings(load_model(model), sample().text))


@kept_for_all(8)
def opening_contrast(model: str) -> ContrastWords:
    """Return the words of the sample whose two sentences differ most and least to a model."""
    if chosen := _choices(model).get("contrast"):
        return ContrastWords(**chosen)
    elmo, text = load_model(model), sample_space(model)
    view = view_names(elmo.n_layers)[-2]
    weights = weights_of(view, elmo, with_context=True)
    words = list(candidates(text, shipped_vectors()))
    space = contextual_space(text, weights, words, view)
    ranked = rank_contrasts(elmo, sample().text, text, space, weights)
    return ContrastWords(ranked[0].word, worst_contrast(ranked))


@kept_for_all(8)
def opening_texts(model: str) -> str:
    """Return the name of the bundled texts whose labels a model parts most clearly."""
    chosen: str | None = _choices(model).get("texts")
    sets = {name: sample(name).text for name in (TOPICS, REVIEWS)}
    return chosen or rank_texts(load_model(model), sets)[0].name
