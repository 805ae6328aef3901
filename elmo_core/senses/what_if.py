"""A new or edited sentence among the uses that are there: its place, its group, and what decides it.

Each word of the context is taken out in turn. A biLM has no token for "no word here", and any string in
its place would be read as a word, so the sentence is really read without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.geometry.clustering import unit_rows
from elmo_core.senses.group_posterior import GroupPosterior
from elmo_core.senses.queries import PhraseFinder
from elmo_core.senses.use_vectors import UseVectors, embed_uses
from elmo_core.senses.uses import Use, Uses
from elmo_core.text.tokenisation import tokenise

N_NEIGHBOURS = 5
MAX_TOKENS = 300
MAX_TAKEN_OUT = 30
"""Words taken out in turn: those nearest to the use."""


@dataclass(frozen=True)
class Influence:
    """The effect of one word of the context."""

    position: int
    token: str
    change: float
    """Probability of the likeliest group with this word, less that without it: above 0 it speaks for it."""
    cosine_change: float
    """Change of the cosine with that group's centroid, which still varies where the probability is near 1."""


@dataclass(frozen=True, eq=False)
class Placement:
    """The group that a use belongs to, with the evidence."""

    use: Use
    vectors: UseVectors
    """Of this one use, from the means of those it is compared with."""
    nearest: tuple[tuple[int, float], ...]
    """The uses with the nearest contexts, and their cosines."""
    posterior: tuple[float, ...]
    """Probability of each group."""
    forward: tuple[float, ...]
    """The same from the left context alone; empty where the model reads both sides at once."""
    backward: tuple[float, ...]
    """The same from the right context alone; empty as well."""
    influences: tuple[Influence, ...]
    """Of the words around it, in their order; empty where there is one group alone."""

    @property
    def group(self) -> int:
        """The likeliest group."""
        return int(np.argmax(self.posterior))


def locate(sentence: str, uses: Uses) -> tuple[list[str], int | range]:
    """Find the word of some uses in a sentence that was typed.

    Args:
        sentence: with the word in it, in any form that the uses have; the first one counts.
        uses: at least one use.

    Returns:
        Its tokens, and the position of the word; of a phrase, the range of its positions.

    Raises:
        InputError: the word is not in it, or there are too many tokens.
    """
    tokens = tokenise(sentence)
    if len(tokens) > MAX_TOKENS:
        raise InputError(
            f"A sentence of up to {MAX_TOKENS} tokens can be placed; this one has {len(tokens)}."
        )
    spans = PhraseFinder({use.phrase for use in uses.uses}).in_tokens(tokens)
    if not spans:
        forms = sorted({use.form for use in uses.uses})
        wanted = ", ".join(forms[:5]) + (", …" if len(forms) > 5 else "")
        raise InputError(f"The sentence must hold the word itself ({wanted}); write it in.")
    return tokens, spans[0] if len(spans[0]) > 1 else spans[0].start


def place_use(
    encoder: Encoder,
    tokens: Sequence[str],
    position: int | range,
    vectors: UseVectors,
    labels: Sequence[int],
    n_groups: int | None = None,
) -> Placement:
    """Compare one use with those that are there; one call of the model.

    Args:
        encoder: the model.
        tokens: the sentence.
        position: position of the word in it, or the range of the positions of a phrase.
        vectors: vectors of n uses.
        labels: their groups, numbered from 0; -1 = none.
        n_groups: groups there are, some of them without a use here; None = up to the last one with a use.

    Raises:
        InputError: there is no token at this position.
    """
    span = position if isinstance(position, range) else range(position, position + 1)
    if not (span and span.start >= 0 and span.stop <= len(tokens)):
        raise InputError(f"The sentence has {len(tokens)} tokens; there is none at position {position}.")
    around = sorted(
        (place for place in range(len(tokens)) if place not in span),
        key=lambda place: max(span.start - place, place - span[-1]),
    )
    taken_out = sorted(around[:MAX_TAKEN_OUT]) if max(labels) > 0 else []
    variants = [_use(0, tokens, span), *(_without(tokens, span, place) for place in taken_out)]
    found = embed_uses(encoder, Uses(variants[0].word, 1, tuple(variants)), beside=vectors)
    units = vectors.contexts.units()
    both, posterior = _posteriors(units, found.contexts.units(), labels, n_groups)
    sides = [
        _posteriors(unit_rows(old), unit_rows(new[:1]), labels, n_groups)[1][0]
        for old, new in (
            (vectors.contexts.forward, found.contexts.forward),
            (vectors.contexts.backward, found.contexts.backward),
        )
        if vectors.contexts.are_independent
    ]
    forward, backward = sides or (np.empty(0), np.empty(0))
    cosines = units @ found.contexts.units()[0]
    nearest = np.argsort(-cosines, kind="stable")[:N_NEIGHBOURS]
    group = int(posterior[0].argmax())
    influences = [
        Influence(
            place,
            tokens[place],
            float(posterior[0, group] - posterior[row, group]),
            float(both[0, group] - both[row, group]),
        )
        for row, place in enumerate(taken_out, start=1)
    ]
    return Placement(
        use=variants[0],
        vectors=_first(found),
        nearest=tuple((int(row), float(cosines[row])) for row in nearest),
        posterior=tuple(posterior[0].tolist()),
        forward=tuple(forward.tolist()),
        backward=tuple(backward.tolist()),
        influences=tuple(influences),
    )


def map_position(
    unit: np.ndarray, units: np.ndarray, coordinates: np.ndarray, n_neighbours: int = N_NEIGHBOURS
) -> tuple[float, float]:
    """Place a vector on a map that is there: at the mean of its nearest uses, weighted by their cosines.

    Args:
        unit: float32 (D,), unit vector of the new use in the space that the map shows.
        units: float32 (n, D), those of the uses on the map.
        coordinates: (n, 2) of these uses.
        n_neighbours: in the full space.
    """
    cosines = units @ unit
    nearest = np.argsort(-cosines, kind="stable")[:n_neighbours]
    weights = np.maximum(cosines[nearest], 0) + 1e-6
    x, y = weights @ coordinates[nearest] / weights.sum()
    return float(x), float(y)


def _posteriors(
    units: np.ndarray, new: np.ndarray, labels: Sequence[int], n_groups: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Cosines with the centroids and probabilities of the groups for new uses: twice (m, k)."""
    model = GroupPosterior.fit(units, labels, n_groups)
    return model.cosines(new), model.of(new)


def _use(number: int, tokens: Sequence[str], span: range) -> Use:
    left, right = " ".join(tokens[: span.start]), " ".join(tokens[span.stop :])
    return Use(number, number, span.start, tuple(tokens), None, left, right, len(span))


def _without(tokens: Sequence[str], span: range, place: int) -> Use:
    """The sentence without one word; its number is beyond all others of the call."""
    rest = [*tokens[:place], *tokens[place + 1 :]]
    shift = int(place < span.start)
    return _use(1 + place, rest, range(span.start - shift, span.stop - shift))


def _first(vectors: UseVectors) -> UseVectors:
    """The vectors of the first use alone."""
    contexts = vectors.contexts.take(np.arange(1))
    return UseVectors(
        vectors.layers[:, :1], vectors.layer_means, vectors.expected[:1], contexts, vectors.centres
    )
