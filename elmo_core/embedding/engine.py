"""Runs a plan: token vectors first, then the LSTMs of both directions, straight into the results."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from elmo_core.config import BiLMConfig
from elmo_core.embedding.machine import DTYPES
from elmo_core.embedding.plan import Chain, Chunk
from elmo_core.embedding.token_vectors import TokenVectors
from elmo_core.embedding.workers import Task, side_by_side
from elmo_core.nn.bilm import BACKWARD, FORWARD, BiLM
from elmo_core.nn.lstm import LSTMState
from elmo_core.nn.products import packs
from elmo_core.text.vocabulary import Vocabulary
from elmo_core.weights.assembly import skeleton

Carried = tuple[list[LSTMState], list[LSTMState]]
"""The LSTM state of each layer, forward and backward."""

_USUAL_COLUMNS = 20
"""Characters of a word in the char CNN, for estimates."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of the pieces that are computed at once."""

    words: int
    """Words in the char CNN."""
    rows: int
    """Sentences side by side."""
    chunk: int
    """Packed rows of a chunk."""

    @classmethod
    def of(cls, device: torch.device, gate_bytes: int) -> Sizes:
        """The sizes that keep a processor's cache, or a graphics processor, busy.

        Args:
            device: where to run.
            gate_bytes: inputs of all gates of one layer for one packed row; with them a chunk takes the
                most memory. 3 MB are enough, but products of fewer than 64 rows would be slow, and
                after more than 4,096 no progress would have been reported. With 64 KB, the weights of a
                step fit into no cache, and are better read for 256 rows at a time.
        """
        if device.type != "cpu":
            return cls(1024, 256, 8192)
        rows = 256 if gate_bytes >= 1 << 16 else 64
        return cls(64, rows, min(max((3 << 20) // gate_bytes, 64), 4096))


class Engine:
    """One model, ready to run on one device in one number format; threads may share it."""

    def __init__(self, model: BiLM, vocabulary: Vocabulary | None, device: torch.device, dtype: str) -> None:
        """Prepare a model; weights are shared where they run as they are.

        Args:
            model: in evaluation mode, float32, on the CPU.
            vocabulary: vocabulary of a model with word-id input.
            device: where to run.
            dtype: number format of the products, a name in `DTYPES`.
        """
        self._device, self._dtype = device, DTYPES[dtype]
        self.sizes = Sizes.of(device, 4 * model.config.lstm_dim * self._dtype.itemsize)
        self._model = _working_copy(model, device, self._dtype)
        self._word_cost, self._step_cost = _multiplications(model.config)
        self._vectors = TokenVectors(self._model, vocabulary, device, self.sizes.words, self._word_cost)

    def zero_states(self, rows: int) -> Carried:
        """The state before any word, for `rows` sentences side by side."""
        return self._model.zero_states(rows), self._model.zero_states(rows)

    def run(
        self,
        words: Sequence[str],
        chains: Sequence[Chain],
        layers: Sequence[np.ndarray],
        n_threads: int,
        report: Callable[[float], object],
        states: Carried | None = None,
    ) -> None:
        """Compute all layers.

        Args:
            words: the U distinct words by number.
            chains: who is computed with whom.
            layers: float32 (L, T, 2P) of each text, filled in.
            n_threads: cores to use.
            report: called with the share of the work that is done; an error it raises stops the work.
            states: where the only chain goes on; brought up to its end. None = chains start from zero.
        """
        if not chains:
            return
        vectors = np.empty((len(words), self._model.config.projection_dim), dtype=np.float32)
        missing = self._vectors.recall(words, vectors)
        n_steps = 2 * sum(batch.n_steps for chain in chains for batch in chain)
        total = len(missing) * self._word_cost + n_steps * self._step_cost
        done = 0
        phases = (self._vectors.tasks(words, missing, vectors), self._tasks(chains, vectors, layers, states))
        for tasks in phases:
            with closing(side_by_side(tasks, n_threads)) as costs:
                for cost in costs:
                    done += cost
                    report(done / total)

    def _tasks(
        self,
        chains: Sequence[Chain],
        vectors: np.ndarray,
        layers: Sequence[np.ndarray],
        carried: Carried | None,
    ) -> Iterator[Task]:
        """Every chain in both directions; `vectors` must be complete when the first task is asked for."""
        on_device = torch.from_numpy(vectors).to(self._device, self._dtype)
        for chain in chains:
            for direction in (FORWARD, BACKWARD):
                states = None if carried is None else carried[direction]
                yield self._run_chain(chain, direction, on_device, layers, states)

    def _run_chain(
        self,
        chain: Chain,
        direction: int,
        vectors: Tensor,
        layers: Sequence[np.ndarray],
        states: list[LSTMState] | None,
    ) -> Task:
        states = states or self._model.zero_states(max(len(batch.rows) for batch in chain))
        for batch in chain:
            rows = torch.from_numpy(batch.rows).to(self._device)
            current = [LSTMState(state.output[rows], state.cell[rows]) for state in states]
            for chunk in batch.chunks(direction, self.sizes.chunk):
                tokens = vectors[torch.from_numpy(chunk.words).to(self._device)]  # (N, P)
                outputs, current = self._model.run_direction(direction, tokens, chunk.sizes, current)
                _put([tokens, *outputs], direction, chunk, layers)
                yield len(tokens) * self._step_cost
            for state, new in zip(states, current, strict=True):
                state.output[rows], state.cell[rows] = new.output, new.cell


def _put(outputs: Sequence[Tensor], direction: int, chunk: Chunk, layers: Sequence[np.ndarray]) -> None:
    """Copy the packed outputs (N, P) of each layer into one direction's half of the results."""
    for index, output in enumerate(outputs):
        values = output.float().cpu().numpy()
        half = slice(direction * values.shape[1], (direction + 1) * values.shape[1])
        for place in chunk.places:
            layers[place.text][index, place.target, half] = values[place.source]


def _multiplications(config: BiLMConfig) -> tuple[int, int]:
    """Cost of one word in the char CNN, and of one step of one direction in the LSTMs."""
    dim, cells, cnn = config.projection_dim, config.lstm_dim, config.char_cnn
    step = config.n_layers * (2 * dim * 4 * cells + (cells * dim if config.has_projection else 0))
    if cnn is None:
        return 0, step
    filters = _USUAL_COLUMNS * cnn.embedding_dim * sum(width * number for width, number in cnn.filters)
    return filters + cnn.n_filters * (2 * cnn.n_highway * cnn.n_filters + dim), step


def _working_copy(model: BiLM, device: torch.device, dtype: torch.dtype) -> BiLM:
    """The model itself, or one without softmax that has what runs here on that device in that format."""
    if device.type == "cpu" and dtype == torch.float32:
        return model
    copy = skeleton(dataclasses.replace(model.config, has_softmax=False))
    weights = {name: value.to(device, dtype) for name, value in model.state_dict().items()}
    kept = {name: weights[name] for name in copy.state_dict()}
    copy.load_state_dict(kept, assign=True)
    if packs(device.type, dtype):
        copy.pack()
    return copy.eval()
