"""A straightforward implementation of the biLM, with which the engine is compared.

Every token goes through the char CNN with all its columns, sentences are padded to the longest of their
batch, and each step of each layer computes its own products and allocates its own memory. A test compares its
results with the engine's; in float64 it is the reference for the engine's error.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from elmo_core.nn.bilm import BACKWARD, FORWARD, BiLM
from elmo_core.nn.cells import FORGET_BIAS
from elmo_core.nn.char_cnn import CharCNN
from elmo_core.nn.highway import Highway
from elmo_core.nn.lstm import ProjectedLSTM
from elmo_core.text.characters import SENTENCE_END, SENTENCE_START, words_to_ids

BATCH_SIZE = 32


class PlainBiLM:
    """A biLM with character input, on the CPU, with the weights of a model of the project."""

    def __init__(self, model: BiLM) -> None:
        """Copy a model; its number format is that of all results, intermediate ones included."""
        assert model.char_cnn is not None, "the plain implementation reads characters"
        self.model, self.cnn = model, model.char_cnn

    @torch.no_grad()
    def embed(self, sentences: Sequence[Sequence[str]], batch_size: int = BATCH_SIZE) -> list[np.ndarray]:
        """Return all layers (L, T, 2P) of each sentence, in the number format of the model."""
        found: list[np.ndarray] = []
        for start in range(0, len(sentences), batch_size):
            found += self._embed_batch(sentences[start : start + batch_size])
        return found

    def _embed_batch(self, sentences: Sequence[Sequence[str]]) -> list[np.ndarray]:
        marked = [[SENTENCE_START, *sentence, SENTENCE_END] for sentence in sentences]
        longest = max(map(len, marked))
        padded = [token for tokens in marked for token in (*tokens, *[""] * (longest - len(tokens)))]
        vectors = self._char_cnn(words_to_ids(padded, self.cnn.config.max_characters))
        vectors = vectors.view(len(marked), longest, -1)  # (B, T, P)
        lengths = torch.tensor([len(tokens) for tokens in marked])
        halves = [self._direction(direction, vectors, lengths) for direction in (FORWARD, BACKWARD)]
        layers = torch.stack([torch.cat(pair, dim=2) for pair in zip(*halves, strict=True)])  # (L, B, T, 2P)
        return [layers[:, row, 1 : len(tokens) - 1].numpy() for row, tokens in enumerate(marked)]

    def _char_cnn(self, ids: np.ndarray) -> Tensor:
        cnn: CharCNN = self.cnn
        characters = functional.embedding(torch.from_numpy(ids).long(), cnn.embedding).transpose(1, 2)
        activation = torch.relu if cnn.config.activation == "relu" else torch.tanh
        pooled = []
        for (width, number), weight, bias in zip(cnn.config.filters, cnn.filters, cnn.biases, strict=True):
            kernel = weight.view(width, -1, number).permute(2, 1, 0)  # (n, e, width)
            pooled.append(activation(functional.conv1d(characters, kernel, bias).amax(dim=2)))
        x = torch.cat(pooled, dim=1)
        for highway in cnn.highways:
            assert isinstance(highway, Highway)
            gate = torch.sigmoid(x @ highway.weight_carry + highway.bias_carry)
            x = gate * torch.relu(x @ highway.weight_transform + highway.bias_transform) + (1 - gate) * x
        return x if cnn.projection is None else cnn.projection(x)

    def _direction(self, direction: int, vectors: Tensor, lengths: Tensor) -> list[Tensor]:
        """Return the L layers (B, T, P) of one direction, in reading order."""
        layers = [vectors]
        current = vectors if direction == FORWARD else _reversed(vectors, lengths)
        for index, lstm in enumerate(self.model.lstms(direction)):
            output = _lstm(lstm, current, lengths)
            current = output + current if index > 0 and self.model.config.use_skip_connections else output
            layers.append(current if direction == FORWARD else _reversed(current, lengths))
        return layers


def _lstm(lstm: ProjectedLSTM, inputs: Tensor, lengths: Tensor) -> Tensor:
    """Return the outputs (B, T, P) of one layer; rows that have ended keep their state."""
    n_rows, n_steps = inputs.shape[:2]
    output = inputs.new_zeros(n_rows, lstm.output_dim)
    cell = inputs.new_zeros(n_rows, lstm.cell_dim)
    outputs = []
    for step in range(n_steps):
        gates = inputs[:, step] @ lstm.weight_input + output @ lstm.weight_hidden + lstm.bias
        i, j, f, o = gates.chunk(4, dim=1)
        new_cell = torch.sigmoid(f + FORGET_BIAS) * cell + torch.sigmoid(i) * torch.tanh(j)
        new_cell = new_cell.clamp(-lstm.cell_clip, lstm.cell_clip)
        new_output = torch.sigmoid(o) * torch.tanh(new_cell)
        if lstm.weight_projection is not None:
            new_output = new_output @ lstm.weight_projection
            new_output = new_output.clamp(-lstm.projection_clip, lstm.projection_clip)
        alive = (step < lengths).unsqueeze(1)
        output, cell = torch.where(alive, new_output, output), torch.where(alive, new_cell, cell)
        outputs.append(output)
    return torch.stack(outputs, dim=1)


def _reversed(rows: Tensor, lengths: Tensor) -> Tensor:
    """Reverse each row (T, P) of a batch up to its own end; the padding stays where it is."""
    steps = torch.arange(rows.shape[1])
    ends = lengths.unsqueeze(1)
    order = torch.where(steps < ends, ends - 1 - steps, steps)  # (B, T)
    return rows.gather(1, order.unsqueeze(2).expand_as(rows))
