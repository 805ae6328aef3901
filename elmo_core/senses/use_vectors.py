"""The vectors of a word's uses: its own in every layer, and those of the contexts without the word.

In a biLM, the forward direction has read what stands left of a use, the backward direction what stands
right of it, and neither has seen the word. Their top outputs are what the softmax turns into a prediction, so
their sum says what the model expects in this place: the context vector. It knows nothing of how the
word is spelt here (a capital letter otherwise parts a word's uses more than its senses do), and since
the two directions are independent, putting the left half of one use to the right half of another one
*is* what the model computes for that pair of contexts.

A phrase (New York) is one use. Its own vectors are the mean of those of its tokens, layer by layer. Its
context is what the forward direction has read before its first token and the backward direction after its
last one, so that neither has seen a part of it: what the model expects in the place of the whole phrase.

A transformer reads both sides at once. Its context vector is that of a mask in the place of the word, which
has no halves to put together anew and costs a run of its own; so the centre is the mean over one other place
of each sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from elmo_core.embedding.result import Embedding
from elmo_core.encoders.protocol import Encoder, require_context_view
from elmo_core.geometry.clustering import unit_rows
from elmo_core.progress import Report
from elmo_core.senses.context_centres import ContextCentres
from elmo_core.senses.uses import Uses, vectors_at


@dataclass(frozen=True, eq=False)
class Halves:
    """Vectors of n uses as sums of a forward and a backward part, each from its centre.

    A centre is a mean over the places of all sentences, not over the uses alone: so the sense that most
    uses have keeps its direction, and cosines have the same zero for every word.
    """

    forward: np.ndarray
    """float32 (n, D)."""
    backward: np.ndarray
    """float32 (n, D)."""
    are_independent: bool = True
    """Whether halves of different uses can be put together; if not, the forward part is all of a vector."""

    def units(self, pairing: np.ndarray | None = None) -> np.ndarray:
        """The vectors at length 1.

        Args:
            pairing: (n,) the use from which each one takes its backward part; None = its own.

        Returns:
            float32 (n, D).
        """
        return unit_rows(self.forward + (self.backward if pairing is None else self.backward[pairing]))

    def take(self, rows: np.ndarray) -> Halves:
        """The vectors of some of the uses."""
        return replace(self, forward=self.forward[rows], backward=self.backward[rows])

    def __len__(self) -> int:
        return len(self.forward)


@dataclass(frozen=True, eq=False)
class UseVectors:
    """All vectors of n uses of a word."""

    layers: np.ndarray
    """float32 (L, n, D): the word's own vector in every layer; of a phrase the mean of its tokens."""
    layer_means: np.ndarray
    """float32 (L, D): mean of each layer over all tokens of the sentences."""
    expected: np.ndarray
    """float32 (n, P): the sum of the top outputs that predict the place of each use."""
    contexts: Halves
    """Context vectors as halves of width P, each less its expectation given the direct neighbour."""
    centres: ContextCentres
    """The centres that were subtracted from the halves, kept for new sentences."""

    def view(self, weights: Sequence[float]) -> Halves:
        """The word's own vectors as a mix of layers, for what works on `Halves`.

        Args:
            weights: one for each layer.
        """
        mixed = np.tensordot(np.asarray(weights, np.float32), self.layers - self.layer_means[:, None], axes=1)
        if not self.contexts.are_independent:
            return Halves(mixed, np.zeros_like(mixed), are_independent=False)
        is_forward = np.arange(mixed.shape[1]) < mixed.shape[1] // 2
        return Halves(np.where(is_forward, mixed, 0), np.where(is_forward, 0, mixed))


def embed_uses(
    encoder: Encoder, uses: Uses, *, beside: UseVectors | None = None, report: Report | None = None
) -> UseVectors:
    """Embed the sentences of a word's uses, each once, and keep what belongs to the uses.

    Args:
        encoder: the model.
        uses: at least one use.
        beside: uses of the same word that these are to be compared with, whose means are then used;
            None = means of their own.
        report: progress callback.

    Raises:
        InputError: the model has no view of the context without the word.
    """
    rows: dict[int, list[int]] = {}
    for row, use in enumerate(uses.uses):
        rows.setdefault(use.sentence, []).append(row)
    collected = _Collected(encoder, uses, has_centres=beside is not None)
    sentences = [uses.uses[own[0]].tokens for own in rows.values()]
    left = iter(rows.values())
    for block in encoder.stream(sentences, report=report):
        collected.add(block, list(islice(left, len(block))))
    return collected.result(beside)


class _Collected:
    """Vectors of the uses and means over all tokens, gathered block by block."""

    def __init__(self, encoder: Encoder, uses: Uses, *, has_centres: bool) -> None:
        self._has_centres = has_centres
        self._uses, self._view = uses.uses, require_context_view(encoder)
        n, shape = len(uses.uses), (encoder.n_layers, encoder.dim)
        self._layers = np.empty((shape[0], n, shape[1]), dtype=np.float32)
        self._parts = np.empty((n, self._view.n_parts, self._view.width), dtype=np.float32)
        self._sums, self._n_tokens = np.zeros(shape), 0
        self._centres = ContextCentres(self._view.width, self._view.n_parts)
        self._first_of_spelling: dict[tuple[str, ...], int] = {}
        self._sampler = np.random.default_rng(0)

    def add(self, block: Sequence[Embedding], rows: Sequence[Sequence[int]]) -> None:
        """Take what is wanted of sentences, given the uses that stand in each."""
        places = [self._places(found, own) for found, own in zip(block, rows, strict=True)]
        spans = [
            [*(self._uses[row].span for row in own), *(range(place, place + 1) for place in others)]
            for own, others in zip(rows, places, strict=True)
        ]
        contexts = self._view.of(block, spans)
        for found, own, others, parts in zip(block, rows, places, contexts, strict=True):
            for row, part in zip(own, parts, strict=False):
                self._take(row, found.layers, part)
            self._centres.add(found.tokens, others, parts[len(own) :])
            self._sums += found.layers.sum(axis=1)
            self._n_tokens += found.layers.shape[1]

    def _places(self, found: Embedding, rows: Sequence[int]) -> list[int]:
        """Places of a sentence that go into the centres: all but those of the uses, or one of these."""
        own = {position for row in rows for position in self._uses[row].span}
        others = [position for position in range(len(found.tokens)) if position not in own]
        if self._has_centres:
            return []
        if self._view.is_free or not others:
            return others
        return [others[int(self._sampler.integers(len(others)))]]

    def _take(self, row: int, layers: np.ndarray, parts: np.ndarray) -> None:
        span = self._uses[row].span
        self._layers[:, row] = vectors_at(layers, span)
        spelling = self._uses[row].tokens[span.start : span.stop]
        first = self._first_of_spelling.setdefault(spelling, row)
        if self._view.n_parts == 2:  # layer 0 of a biLM is equal but for the rounding of a batch
            self._layers[0, row] = self._layers[0, first]
        self._parts[row] = parts

    def result(self, beside: UseVectors | None) -> UseVectors:
        self._centres.forget_rare()
        means = (self._sums / self._n_tokens).astype(np.float32)
        if beside:
            means = beside.layer_means
        centres = beside.centres if beside else self._centres
        taken_off = np.stack([centres.of(use.tokens, use.span) for use in self._uses])  # (n, parts, P)
        from_centres = self._parts - taken_off
        forward, are_independent = from_centres[:, 0], self._view.n_parts == 2
        backward = from_centres[:, 1] if are_independent else np.zeros_like(forward)
        contexts = Halves(forward, backward, are_independent)
        return UseVectors(self._layers, means, self._parts.sum(axis=1), contexts, centres)
