"""One word in one sentence: its nearest words and uses by its static and by its contextual vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.contrast.text_space import TextSpace
from elmo_core.contrast.word_spaces import WordNeighbour, WordSpace
from elmo_core.encoders.protocol import Encoder, free_context_view
from elmo_core.exceptions import InputError
from elmo_core.geometry.clustering import unit_rows
from elmo_core.geometry.neighbours import percentiles
from elmo_core.senses.no_uses import explain_no_use
from elmo_core.senses.uses import find_uses, vectors_at
from elmo_core.text.levelling import fold
from elmo_core.text.tokenisation import tokenised_sentences


@dataclass(frozen=True, eq=False)
class QueryUse:
    """One use of a word, in a sentence that need not be part of the text."""

    tokens: tuple[str, ...]
    position: int
    layers: np.ndarray
    """float32 (L, D), or (L + 1, D) with the context as in a `TextSpace`; of a phrase the mean of its
    tokens."""
    length: int = 1
    """Number of its tokens."""

    @property
    def span(self) -> range:
        """Positions of its tokens."""
        return range(self.position, self.position + self.length)

    @property
    def forms(self) -> list[str]:
        """Its folded tokens."""
        return [fold(self.tokens[at]) for at in self.span]

    @property
    def word(self) -> str:
        """The word as it is spelt here."""
        return " ".join(self.tokens[at] for at in self.span)


@dataclass(frozen=True)
class UseNeighbour:
    """A use that is near."""

    row: int
    """Number of the token among those of its text."""
    cosine: float
    percentile: float
    """Share of random pairs of uses whose cosine is lower; ties count half."""


@dataclass(frozen=True)
class Column:
    """One list of nearest words under its title."""

    title: str
    neighbours: tuple[WordNeighbour, ...]


@dataclass(frozen=True)
class Overlap:
    """The overlap of two lists of n nearest words."""

    common: tuple[str, ...]
    gained: tuple[str, ...]
    """Words in the second list only."""
    lost: tuple[str, ...]
    """Words in the first list only."""
    chance: float
    """Words that two lists drawn at random would share."""


def read_query(
    encoder: Encoder, sentence: str, word: str, language: str = "en", *, with_context: bool = False
) -> QueryUse:
    """Find and embed the first use of a word in a sentence.

    Args:
        encoder: the model.
        sentence: as it is written.
        word: one token, or several in a row, which have the mean of their vectors in each layer.
        language: language of the sentence, for the tokeniser.
        with_context: as of `embed_text`, for a text that was embedded so.

    Raises:
        InputError: the sentence does not use the word.
    """
    tokens = [token for part in tokenised_sentences(sentence, language) for token in part]
    given = sentence if language == "en" else tokens
    uses = find_uses([given], word).uses
    if not uses:
        shown = sentence.strip()[:60] or "(empty)"
        why = explain_no_use([sentence], word) or "Write one that does."
        raise InputError(f"The sentence does not use {word.strip()!r}: {shown}. {why}")
    use = uses[0]
    (found,) = encoder.embed([list(use.tokens)])
    layers = vectors_at(found.layers, use.span)
    if with_context and (contexts := free_context_view(encoder)):
        layers = np.concatenate([layers, contexts.beside(found, [use.span])])
    return QueryUse(use.tokens, use.position, layers, use.length)


def static_neighbours(space: WordSpace, word: str, n: int) -> tuple[WordNeighbour, ...]:
    """The nearest words of a word, whatever stands around it; none where the space does not know it."""
    row = space.rows.get(fold(word.strip()))
    return space.near(space.units[row], n, [space.words[row]]) if row is not None else ()


def contextual_neighbours(
    text: TextSpace, space: WordSpace, query: QueryUse, weights: Sequence[float], n: int
) -> tuple[WordNeighbour, ...]:
    """The words whose average use is nearest to one use.

    Args:
        text: which gives the mean that is taken off.
        space: its words in the same mix of layers.
        query: the use.
        weights: weights of the layers.
        n: words to name.
    """
    return space.near(_unit(text, query, weights), n, query.forms)


def nearest_uses(
    text: TextSpace, query: QueryUse, weights: Sequence[float], n: int, *, seed: int = 42
) -> tuple[UseNeighbour, ...]:
    """The uses of any word that are nearest to one use; the same place in the same sentence is left out.

    Args:
        text: where they stand.
        query: the use.
        weights: weights of the layers.
        n: uses to name.
        seed: seed of the random pairs behind the percentiles.
    """
    cosines = text.directions(weights) @ _unit(text, query, weights)
    for row, tokens in enumerate(text.sentences):
        if tokens == query.tokens:
            cosines[(text.places[:, 0] == row) & np.isin(text.places[:, 1], query.span)] = -np.inf
    nearest = np.argsort(-cosines, kind="stable")[:n]
    nearest = nearest[np.isfinite(cosines[nearest])]
    shares = percentiles(cosines[nearest], text.random_cosines(weights, seed))
    return tuple(
        UseNeighbour(int(row), float(cosines[row]), float(share))
        for row, share in zip(nearest, shares, strict=True)
    )


def overlap(first: Sequence[WordNeighbour], second: Sequence[WordNeighbour], n_words: int) -> Overlap:
    """Compare two lists of nearest words.

    Args:
        first: one list.
        second: the other one.
        n_words: words that could have been in them.
    """
    before, after = [near.word for near in first], [near.word for near in second]
    return Overlap(
        common=tuple(word for word in before if word in after),
        gained=tuple(word for word in after if word not in before),
        lost=tuple(word for word in before if word not in after),
        chance=len(before) * len(after) / n_words if n_words else 0.0,
    )


def _unit(text: TextSpace, query: QueryUse, weights: Sequence[float]) -> np.ndarray:
    """Direction of a use from the mean of the text: float32 (D,)."""
    vector = TextSpace.mixed(query.layers, weights) - text.mean(weights)
    return np.asarray(unit_rows(vector[None])[0])
