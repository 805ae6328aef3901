"""The vectors of one text by a model, and a word in two sentences as it reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from elmo_core.contrast.comparison import Column, QueryUse, contextual_neighbours, read_query
from elmo_core.contrast.opening import N_NEAREST, cosine_of
from elmo_core.contrast.text_space import TextSpace, views_of, weights_of
from elmo_core.contrast.word_spaces import WordSpace, candidates, contextual_space, static_space
from elmo_core.static.vectors import StaticVectors
from pages.common.chosen_model import model_name, reading_with
from pages.common.loaders import Source, load_model
from pages.common.results import ResultStore, visitor_results
from pages.common.text_spaces import space_of

_of_samples = ResultStore(4, is_shared=True)


@dataclass(frozen=True, eq=False)
class Contrast:
    """The static and the contextual vectors of one text."""

    model: str
    """Name of the model that read it."""
    text: TextSpace
    static: WordSpace
    contextual: WordSpace
    weights: tuple[float, ...]
    view: str


def contrast_of(
    source: Source, text: TextSpace, vectors: StaticVectors, weights: tuple[float, ...], view: str
) -> Contrast:
    """Return the spaces of the words known to both; the page stops where they are too few."""
    results = _of_samples if source.is_sample else visitor_results("contrast", 2)
    key = source.key, model_name(), view, vectors.name
    kept: tuple[StaticVectors, Contrast] | None = results.find(key)
    if kept is None or kept[0] is not vectors or kept[1].text is not text:
        kept = results.keep(key, (vectors, _contrast_of(text, vectors, weights, view)))
    return kept[1]


def _contrast_of(text: TextSpace, vectors: StaticVectors, weights: tuple[float, ...], view: str) -> Contrast:
    words = candidates(text, vectors)
    if len(words) < 2:
        st.warning("Fewer than two words of the text have a vector; choose other vectors, or give more text.")
        st.stop()
    spaces = static_space(vectors, words), contextual_space(text, weights, list(words), view)
    return Contrast(model_name(), text, *spaces, weights, view)


def contrast_by(model: str, page: str, source: Source, vectors: StaticVectors, view: str) -> Contrast:
    """Return the spaces as another model makes them: in the same view, or in its top layer without one.

    Args:
        model: its name.
        page: prefix of the keys of all widgets; the page waits for the job that embeds a long text.
        source: the text.
        vectors: the static ones.
        view: of `views_of` the page's own model.
    """
    with reading_with(model):
        encoder = load_model(model)
        chosen = view if view in views_of(encoder) else encoder.layer_names[-1]
        text = space_of(f"{page}_second", source)
        return contrast_of(source, text, vectors, weights_of(chosen, encoder, with_context=True), chosen)


@dataclass(frozen=True, eq=False)
class TwoUses:
    """A word in two sentences as one model reads them."""

    contrast: Contrast
    queries: tuple[QueryUse, ...]
    columns: tuple[Column, ...]
    """The static list, and that of each sentence."""

    @property
    def cosine(self) -> float:
        """Of the two uses."""
        return cosine_of(self.contrast.text, self.queries, self.contrast.weights)


def read_word(contrast: Contrast, word: str, static: Column, sentences: Sequence[str]) -> TwoUses:
    """Read a word in two sentences with the model of a contrast.

    Args:
        contrast: the vectors of the text.
        word: used in both.
        static: its nearest words by the static vectors.
        sentences: the two.

    Raises:
        InputError: a sentence does not use the word.
    """
    elmo = load_model(contrast.model)
    queries, columns = [], [static]
    for number, sentence in enumerate(sentences, start=1):
        query = read_query(elmo, sentence, word, with_context=True)
        near = contextual_neighbours(contrast.text, contrast.contextual, query, contrast.weights, N_NEAREST)
        queries.append(query)
        columns.append(Column(f"In sentence {number}", near))
    return TwoUses(contrast, tuple(queries), tuple(columns))
