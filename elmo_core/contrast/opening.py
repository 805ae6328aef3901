"""The word of a labelled text whose static and contextual worlds differ most.

Two sentences that use a word in two senses have one list of nearest words by its static vector, and two by
its contextual vectors. The fewer words these two share, the better the word shows what a context changes.
Words with senses that part of speech alone tells apart come last: there the grammar changes, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.contrast.comparison import QueryUse, contextual_neighbours, overlap, read_query
from elmo_core.contrast.text_space import TextSpace
from elmo_core.contrast.word_spaces import WordSpace
from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.geometry.clustering import unit_rows
from elmo_core.senses.explanations import simplest_rival
from elmo_core.senses.facts import PART_OF_SPEECH, facts_of
from elmo_core.senses.uses import Use, find_uses
from elmo_core.tables.corpus import Text

N_NEAREST = 10
"""Words in a list of nearest words."""


@dataclass(frozen=True)
class WordContrast:
    """A word in two sentences."""

    word: str
    shared: int
    """Nearest words that both sentences share, of `N_NEAREST`."""
    cosine: float
    """Of the two uses."""
    is_syntactic: bool
    """Whether part of speech alone tells the senses of the word apart."""


def two_sentences(uses: Sequence[Use], without: str = "") -> tuple[str, str]:
    """Return sentences of two senses, or the first and the last one where there is one sense.

    Args:
        uses: of the word, in order of the text.
        without: a sentence that is compared with one of these already.
    """
    others = [use for use in uses if use.text != without]
    if not others:
        return "", ""
    first = others[0]
    second = next((use for use in others if use.label != first.label), others[-1])
    return first.text, second.text


def cosine_of(text: TextSpace, queries: Sequence[QueryUse], weights: Sequence[float]) -> float:
    """Return the cosine of two uses from the mean of the text."""
    mean = text.mean(weights)
    units = unit_rows(np.stack([TextSpace.mixed(query.layers, weights) - mean for query in queries]))
    return float(units[0] @ units[1])


def rank_contrasts(
    elmo: Encoder, source: Text, text: TextSpace, space: WordSpace, weights: Sequence[float]
) -> tuple[WordContrast, ...]:
    """Compare each labelled word in its two sentences; the largest contrast comes first.

    Args:
        elmo: the model.
        source: with labelled words.
        text: the same embedded.
        space: its words by their contextual vectors.
        weights: of the layers in `space`, and of the context where `text` has it.

    Raises:
        InputError: no labelled word is used twice.
    """
    found = []
    for word in dict.fromkeys(source.words):
        found_uses = find_uses(source.sentences, word, source.labels_of(word))
        uses = found_uses.uses
        if len(uses) < 2:
            continue
        has_context = len(weights) > elmo.n_layers
        queries = [
            read_query(elmo, sentence, word, with_context=has_context) for sentence in two_sentences(uses)
        ]
        first, second = (contextual_neighbours(text, space, query, weights, N_NEAREST) for query in queries)
        shared = len(overlap(first, second, len(space.words)).common)
        rival = simplest_rival(facts_of(found_uses, source), found_uses.labels)
        is_syntactic = rival is not None and rival[0] == PART_OF_SPEECH
        found.append(WordContrast(word, shared, cosine_of(text, queries, weights), is_syntactic))
    if not found:
        raise InputError("No word of this text has labelled senses to compare.")
    return tuple(sorted(found, key=lambda one: (one.is_syntactic, one.shared, one.cosine)))


def worst_contrast(ranked: Sequence[WordContrast]) -> str:
    """Return the word whose two sentences share the most nearest words."""
    return max(ranked, key=lambda one: (one.shared, one.cosine)).word
