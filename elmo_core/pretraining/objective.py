"""The loss of one step: both directions over their own tokens, words encoded once for both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from elmo_core.nn.bilm import BACKWARD, FORWARD, BiLM
from elmo_core.nn.lstm import LSTMState
from elmo_core.nn.random_numbers import drop
from elmo_core.nn.softmax import WordSample
from elmo_core.pretraining.streams import StreamBatch
from elmo_core.text.characters import word_lengths, words_to_ids
from elmo_core.text.tagged import split_tags
from elmo_core.text.vocabulary import Vocabulary

States = list[list[LSTMState]]
"""Per direction, per layer."""


class WordEncoder:
    """Type ids -> token vectors, each distinct type through the char CNN once a step."""

    def __init__(self, model: BiLM, types: Sequence[str], vocabulary: Vocabulary) -> None:
        """Prepare the character ids of all types (100 bytes a type).

        Args:
            model: whose encoder is used.
            types: all word forms that will be asked for, with their tags where the model is told of them.
            vocabulary: vocabulary of the model.
        """
        words, tags = split_tags(types, model.config.tags)
        self._model, self.device = model, next(model.parameters()).device
        self.word_ids = torch.from_numpy(vocabulary.ids_of(words)).to(self.device)
        self._tags = torch.from_numpy(tags).to(self.device)
        if model.char_cnn is not None:
            characters = words_to_ids(words, model.char_cnn.config.max_characters)
            self._characters = torch.from_numpy(characters).to(self.device)
            self._lengths = torch.from_numpy(word_lengths(characters)).to(self.device)

    def __call__(self, ids: np.ndarray, dtype: torch.dtype) -> Tensor:
        """Token vectors of type ids of any shape: (..., P) in `dtype`, on the model's device."""
        distinct, inverse = np.unique(ids, return_inverse=True)
        where = torch.from_numpy(inverse.reshape(ids.shape)).to(self.device)
        types = torch.from_numpy(distinct).to(self.device)
        if self._model.char_cnn is None:
            vectors = self._model.encode(self.word_ids[types], tags=self._tags[types])
        else:
            words = self._model.char_cnn.encode_words(self._characters[types], self._lengths[types], dtype)
            vectors = self._model.add_tags(words, self._tags[types])
        # summed in float32 on the way back: a frequent word collects hundreds of small gradients
        return functional.embedding(where, vectors.float()).to(dtype)

    def targets(self, ids: np.ndarray) -> Tensor:
        """Vocabulary ids of type ids: int64, flat, on the model's device."""
        return self.word_ids[torch.from_numpy(ids).to(self.device)].reshape(-1)


def bilm_loss(
    model: BiLM,
    encode: WordEncoder,
    batches: Sequence[StreamBatch],
    states: States,
    samples: Sequence[WordSample | None],
    dtype: torch.dtype,
    dropout: float,
) -> tuple[Tensor, States]:
    """0.5 * (mean forward + mean backward cross-entropy), in nats.

    Args:
        model: in training mode for dropout.
        encode: the word encoder of that model.
        batches: one (T, B) batch for each direction.
        states: carried from the step before.
        samples: words drawn for each direction; None = full softmax.
        dtype: number format of the products.
        dropout: see `BiLM.run_direction`.

    Returns:
        The loss, a scalar, and the states to carry on, cut off from the gradient.
    """
    softmax = model.require_softmax()
    vectors = encode(np.stack([batch.inputs for batch in batches]), dtype)  # (2, T, B, P)
    total, carried = vectors.new_zeros((), dtype=torch.float32), []
    for direction in (FORWARD, BACKWARD):
        steps, rows = batches[direction].inputs.shape
        tokens = vectors[direction].reshape(steps * rows, -1)
        outputs, after = model.run_direction(direction, tokens, [rows] * steps, states[direction], dropout)
        context = drop(outputs[-1], dropout, model.training)  # (T * B, P)
        targets = encode.targets(batches[direction].targets)
        sample = samples[direction]
        loss = (
            softmax.full_loss(context, targets)
            if sample is None
            else softmax.sampled_loss(context, targets, sample)
        )
        total = total + 0.5 * loss
        carried.append([LSTMState(state.output.detach(), state.cell.detach()) for state in after])
    return total, carried
