"""The vectors of a word's uses: its own in every layer, and those of the contexts without the word.

The forward direction has read what stands left of a use, the backward direction what stands right of
it, and neither has seen the word. Their top outputs are what the softmax turns into a prediction, so
their sum says what the model expects in this place: the context vector. It knows nothing of how the
word is spelt here (a capital letter otherwise parts a word's uses more than its senses do), and since
the two directions are independent, putting the left half of one use to the right half of another one
*is* what the model computes for that pair of contexts.

A phrase (New York) is one use. Its own vectors are the mean of those of its tokens, layer by layer. Its
context is what the forward direction has read before its first token and the backward direction after its
last one, so that neither has seen a part of it: what the model expects in the place of the whole phrase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch

from elmo_core.embedder import Elmo
from elmo_core.geometry.clustering import unit_rows
from elmo_core.nn.bilm import BACKWARD, FORWARD
from elmo_core.progress import Report
from elmo_core.senses.context_centres import ContextCentres
from elmo_core.senses.uses import Uses, vectors_at
from elmo_core.text.characters import SENTENCE_END, SENTENCE_START, words_to_ids


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
        return Halves(self.forward[rows], self.backward[rows])

    def __len__(self) -> int:
        return len(self.forward)


@dataclass(frozen=True, eq=False)
class UseVectors:
    """All vectors of n uses of a word."""

    layers: np.ndarray
    """float32 (L, n, 2P): the word's own vector in every layer; of a phrase the mean of its tokens."""
    layer_means: np.ndarray
    """float32 (L, 2P): mean of each layer over all tokens of the sentences."""
    expected: np.ndarray
    """float32 (n, P): the sum of both top outputs that predict the place of each use."""
    contexts: Halves
    """The same as halves of width P, each from what its direct neighbour alone lets expect."""
    centres: ContextCentres
    """What the halves were taken from, for contexts to come."""

    def view(self, weights: Sequence[float]) -> Halves:
        """The word's own vectors as a mix of layers, for what works on `Halves`.

        Args:
            weights: one for each layer.
        """
        mixed = np.tensordot(np.asarray(weights, np.float32), self.layers - self.layer_means[:, None], axes=1)
        is_forward = np.arange(mixed.shape[1]) < mixed.shape[1] // 2
        return Halves(np.where(is_forward, mixed, 0), np.where(is_forward, 0, mixed))


def embed_uses(
    elmo: Elmo, uses: Uses, *, beside: UseVectors | None = None, report: Report | None = None
) -> UseVectors:
    """Embed the sentences of a word's uses, each once, and keep what belongs to the uses.

    Args:
        elmo: the model.
        uses: at least one use.
        beside: uses of the same word that these are to be compared with, whose means are then used;
            None = means of their own.
        report: progress callback.
    """
    rows: dict[int, list[int]] = {}
    for row, use in enumerate(uses.uses):
        rows.setdefault(use.sentence, []).append(row)
    collected = _Collected(elmo, uses)
    sentences = [uses.uses[own[0]].tokens for own in rows.values()]
    embedded = chain.from_iterable(elmo.stream(sentences, report=report))
    for own, embedding in zip(rows.values(), embedded, strict=True):
        collected.add(embedding.layers, own)
    return collected.result(beside)


def context_halves(layers: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """What each direction has read when it comes to each token of one sentence.

    Args:
        layers: (L, T, 2P) vectors of the sentence.
        edges: (2, P) as `edge_outputs` gives them, which no token of the sentence carries.

    Returns:
        (2, T, P): forward outputs of the tokens before, backward outputs of the tokens after.
    """
    width = edges.shape[1]
    forward = np.concatenate([edges[:1], layers[-1, :-1, :width]])
    backward = np.concatenate([layers[-1, 1:, width:], edges[1:]])
    return np.stack([forward, backward])


def edge_outputs(elmo: Elmo) -> np.ndarray:
    """Top output of either direction after its sentence boundary alone, the same for every sentence.

    Returns:
        float32 (2, P): forward after the start of a sentence, backward after its end.
    """
    model, vocabulary, outputs = elmo.model, elmo.vocabulary, []
    with torch.inference_mode():
        for direction, mark in (
            (FORWARD, SENTENCE_START),
            (BACKWARD, SENTENCE_END),
        ):
            if model.char_cnn is not None:
                ids = torch.from_numpy(words_to_ids([mark], model.char_cnn.config.max_characters))
            else:
                assert vocabulary is not None
                ids = torch.from_numpy(vocabulary.ids_of([mark]))
            layers, _ = model.run_direction(direction, model.encode(ids), [1], model.zero_states(1))
            outputs.append(layers[-1][0].numpy())
    return np.stack(outputs)


class _Collected:
    """Vectors of the uses and means over all tokens, gathered sentence by sentence."""

    def __init__(self, elmo: Elmo, uses: Uses) -> None:
        n, width = len(uses.uses), elmo.config.projection_dim
        self._uses, self._edges = uses.uses, edge_outputs(elmo)
        self._layers = np.empty((elmo.n_layers, n, elmo.dim), dtype=np.float32)
        self._halves = np.empty((n, 2, width), dtype=np.float32)
        self._sums, self._n_tokens = np.zeros((elmo.n_layers, elmo.dim)), 0
        self._centres = ContextCentres(width)
        self._first_of_spelling: dict[tuple[str, ...], int] = {}

    def add(self, layers: np.ndarray, rows: Sequence[int]) -> None:
        """Take what is wanted of the sentence in which these uses stand."""
        halves = context_halves(layers, self._edges)
        for row in rows:
            span = self._uses[row].span
            self._layers[:, row] = vectors_at(layers, span)
            spelling = self._uses[row].tokens[span.start : span.stop]
            first = self._first_of_spelling.setdefault(spelling, row)
            self._layers[0, row] = self._layers[0, first]  # equal but for the rounding of a batch
            self._halves[row] = halves[FORWARD, span[0]], halves[BACKWARD, span[-1]]
        own = [position for row in rows for position in self._uses[row].span]
        self._centres.add(self._uses[rows[0]].tokens, halves, own)
        self._sums += layers.sum(axis=1)
        self._n_tokens += layers.shape[1]

    def result(self, beside: UseVectors | None) -> UseVectors:
        self._centres.forget_rare()
        means = (self._sums / self._n_tokens).astype(np.float32)
        if beside:
            means = beside.layer_means
        centres = beside.centres if beside else self._centres
        taken_off = np.stack([centres.of(use.tokens, use.span) for use in self._uses])  # (n, 2, P)
        from_centres = self._halves - taken_off
        contexts = Halves(from_centres[:, 0], from_centres[:, 1])
        return UseVectors(self._layers, means, self._halves.sum(axis=1), contexts, centres)
