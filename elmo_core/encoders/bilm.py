"""What a biLM offers beside its vectors: contexts by direction, and the words its softmax predicts.

The forward direction has read what stands left of a place, the backward direction what stands right of it,
and neither has read the word. Their top outputs are what the softmax turns into a prediction.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from elmo_core.embedding.result import Embedding
from elmo_core.encoders.protocol import ContextView, WordPredictions
from elmo_core.nn.bilm import BACKWARD, FORWARD, BiLM
from elmo_core.text.characters import SENTENCE_END, SENTENCE_START, words_to_ids
from elmo_core.text.vocabulary import Vocabulary


class BiLMContexts(ContextView):
    """The outputs of the two directions beside a place; they come with the vectors of the tokens."""

    n_parts, is_free = 2, True

    def __init__(self, model: BiLM, vocabulary: Vocabulary | None) -> None:
        """Take the model, whose boundaries of a sentence no `Embedding` holds."""
        self.width = model.config.projection_dim
        self._model, self._vocabulary = model, vocabulary

    def of(self, found: Sequence[Embedding], spans: Sequence[Sequence[range]]) -> list[np.ndarray]:
        """As `ContextView.of`: the forward output before each place, and the backward output after it."""
        contexts, edges = [], self._edges
        for one, places in zip(found, spans, strict=True):
            forward, backward = context_halves(one.layers, edges)
            first, last = [place[0] for place in places], [place[-1] for place in places]
            contexts.append(np.stack([forward[first], backward[last]], axis=1))
        return contexts

    @cached_property
    def _edges(self) -> np.ndarray:
        return edge_outputs(self._model, self._vocabulary)


class BiLMPredictions(WordPredictions):
    """The softmax: log p(w | left) + log p(w | right) - log p(w), see `senses.substitutes`."""

    def __init__(self, model: BiLM, vocabulary: Vocabulary) -> None:
        """Take the softmax of a model that has one."""
        self.words, self._softmax = vocabulary.words, model.require_softmax()

    def scores(self, expected: np.ndarray) -> Tensor:
        """As `WordPredictions.scores`."""
        with torch.inference_mode():
            return self._softmax(torch.from_numpy(expected))  # type: ignore[no-any-return]


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


def edge_outputs(model: BiLM, vocabulary: Vocabulary | None) -> np.ndarray:
    """Top output of either direction after its sentence boundary alone, the same for every sentence.

    Returns:
        float32 (2, P): forward after the start of a sentence, backward after its end.
    """
    outputs = []
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
