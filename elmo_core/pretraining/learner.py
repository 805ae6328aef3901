"""The state of training (model, optimiser, streams, carried states) and one step of it."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elmo_core.exceptions import ConfigError, CorpusError, TrainingError
from elmo_core.nn.bilm import BACKWARD, FORWARD, BiLM
from elmo_core.nn.lstm import LSTMState
from elmo_core.nn.random_numbers import RandomNumbers
from elmo_core.nn.softmax import log_uniform_sample
from elmo_core.pretraining.averaging import RunningAverage
from elmo_core.pretraining.cache import TokenCache
from elmo_core.pretraining.lowering import lowering
from elmo_core.pretraining.objective import States, WordEncoder, bilm_loss
from elmo_core.pretraining.optimisation import Optimisation
from elmo_core.pretraining.replicas import Replicas
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.pretraining.streams import StreamBatch, TokenStream
from elmo_core.text.vocabulary import Vocabulary

_KINDS = ("model", "average", "optimiser", "state")


class Learner:
    """One replica's share of a run; its state after a step is a function of settings, corpus and step."""

    def __init__(
        self, config: PretrainConfig, cache: TokenCache, vocabulary: Vocabulary, replicas: Replicas
    ) -> None:
        """Make a model with random weights, and everything that trains it.

        Args:
            config: the run's settings; the model's `n_words` is that of the vocabulary.
            cache: the tokenised training corpus.
            vocabulary: words to predict.
            replicas: the processes that share the rows.

        Raises:
            CorpusError: the corpus is too small for the rows or for one step.
            ConfigError: the rows cannot be shared evenly, there is no such device, or more words would be
                sampled than there are.
        """
        _check_sizes(config, cache, vocabulary)
        self._config, self._replicas, self._n_words = config, replicas, len(vocabulary)
        self.dtype: torch.dtype = getattr(torch, config.dtype)
        self.device = replicas.device(config.device)
        self.sampled = config.uses_sampling(len(vocabulary))
        self._numbers = RandomNumbers(config.seed)
        self.model = self._numbers.make(lambda: BiLM(config.model)).train().to(self.device)
        self._optimisation = Optimisation(self.model, config, self.sampled)
        lowered = lowering(cache.types) if config.lowercase_share else None
        types = lowered.types if lowered else cache.types
        self._encode = WordEncoder(self.model, types, vocabulary)
        self._cache, self._lowered_ids = cache, lowered.ids if lowered else None
        self._streams = self._new_streams()
        self._rows = replicas.rows_of(config.rows)
        self._states = self._zero_states()
        self._average = RunningAverage(config.average_decay)

    def _new_streams(self) -> list[TokenStream]:
        config = self._config
        return [
            TokenStream(
                self._cache, direction, config.rows, config.order, config.seed,
                lowered_ids=self._lowered_ids, lowercase_share=config.lowercase_share,
            )
            for direction in (FORWARD, BACKWARD)
        ]  # fmt: skip

    def _zero_states(self) -> States:
        n_rows = self._rows.stop - self._rows.start
        return [self.model.zero_states(n_rows, self.dtype) for _ in (FORWARD, BACKWARD)]

    def train_step(self, step: int) -> tuple[float, float]:
        """Learn from the next batch.

        Args:
            step: its number, counted from 0; randomness is a function of seed and step alone.

        Returns:
            Loss in nats and norm of the gradients before clipping, over all replicas.

        Raises:
            TrainingError: one of them is not finite, or another replica is gone.
        """
        loss, self._states = self._loss(self._streams, self._states, step)
        loss.backward()
        self._replicas.average_gradients(self.model.parameters())
        value = self._replicas.mean(loss.item())
        if not math.isfinite(value):
            raise TrainingError(
                f"The loss is {value} at step {step}; lower learning_rate and start a new run, the last "
                "checkpoint of this one is kept."
            )
        norm = self._optimisation.step(step)
        self._average.update(self.model, step)
        return value, norm

    def _loss(self, streams: Sequence[TokenStream], states: States, step: int) -> tuple[Tensor, States]:
        config = self._config
        generator = np.random.default_rng([config.seed, 2, step])
        self._seed(int(generator.integers(2**62)) + self._replicas.rank)
        batches = [self._share(stream.next_batch(config.unroll_steps)) for stream in streams]
        samples = [
            log_uniform_sample(self._n_words, config.n_sampled, generator) if self.sampled else None
            for _ in batches
        ]
        with self._numbers.drawn():
            return bilm_loss(self.model, self._encode, batches, states, samples, self.dtype, config.dropout)

    def _seed(self, seed: int) -> None:
        self._numbers.seed(seed)
        if self.device.type == "cuda":  # has a generator of its own
            torch.cuda.manual_seed_all(seed)

    def _share(self, batch: StreamBatch) -> StreamBatch:
        """The columns of a batch that are this replica's rows."""
        return StreamBatch(batch.inputs[:, self._rows], batch.targets[:, self._rows])

    def seconds_per_step(self) -> float:
        """Time of one step, measured on the beginning of the text; nothing is learned from it."""
        streams, elapsed = self._new_streams(), 0.0
        for step in range(2):  # the first one allocates, and compiles where that is asked for
            start = time.perf_counter()
            loss, _ = self._loss(streams, self._zero_states(), step)
            loss.backward()
            loss.item()
            self.model.zero_grad(set_to_none=True)
            elapsed = time.perf_counter() - start
        return elapsed

    def exported_model(self) -> BiLM:
        """A copy of the model in evaluation mode, with the averaged weights where they are kept."""
        copy = BiLM(self.model.config).to(self.device)
        copy.load_state_dict({**self.model.state_dict(), **self._average.weights})
        return copy.eval()

    @property
    def average(self) -> dict[str, Tensor]:
        """Running average of the weights by parameter; empty where none is kept."""
        return self._average.weights

    def snapshot(self) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
        """Everything a resumed run needs: tensors by `kind:name`, and the positions of the streams.

        All replicas take part: each has the states of its rows alone.
        """
        parts: dict[str, dict[str, Tensor]] = {
            "model": self.model.state_dict(),
            "average": self._average.weights,
            "optimiser": self._optimisation.tensors(),
            "state": {
                f"{direction}.{layer}.{name}": self._replicas.all_rows(getattr(state, name))
                for direction, states in enumerate(self._states)
                for layer, state in enumerate(states)
                for name in LSTMState._fields
            },
        }
        tensors = {f"{kind}:{name}": tensor for kind in _KINDS for name, tensor in parts[kind].items()}
        return tensors, [stream.position() for stream in self._streams]

    def restore(self, tensors: dict[str, Tensor], positions: Sequence[dict[str, Any]]) -> None:
        """Take up what `snapshot` gave, whatever the number of replicas was.

        Raises:
            TrainingError: it belongs to another model or vocabulary.
        """
        parts: dict[str, dict[str, Tensor]] = {kind: {} for kind in _KINDS}
        for key, tensor in tensors.items():
            kind, _, name = key.partition(":")
            if kind in parts:
                parts[kind][name] = tensor.to(self.device)
        try:
            self.model.load_state_dict(parts["model"])
        except RuntimeError:
            raise TrainingError(
                "The checkpoints are of another model or vocabulary; "
                "resume with the settings and the corpus of that run."
            ) from None
        self._optimisation.load_tensors(parts["optimiser"])
        self._average.weights = parts["average"]
        for direction, states in enumerate(self._states):
            for layer in range(len(states)):
                rows = (parts["state"][f"{direction}.{layer}.{name}"] for name in LSTMState._fields)
                fresh = states[layer]  # of the dtype of now, which may be another than before
                states[layer] = LSTMState(
                    *(part[self._rows].clone().to(zero.dtype) for part, zero in zip(rows, fresh, strict=True))
                )
        for stream, position in zip(self._streams, positions, strict=True):
            stream.seek(position)


def _check_sizes(config: PretrainConfig, cache: TokenCache, vocabulary: Vocabulary) -> None:
    """Compare what one step takes with what there is."""
    n_words, n_predictions = len(vocabulary), len(cache.tokens) + cache.n_sentences
    if cache.n_sentences >= config.rows and n_predictions < config.words_per_step:
        raise CorpusError(
            f"One step reads rows x unroll_steps = {config.rows:,} x {config.unroll_steps:,} words, more "
            f"than the corpus has ({n_predictions:,} with sentence ends); lower one of them or give more."
        )
    if config.uses_sampling(n_words) and config.n_sampled >= n_words:
        raise ConfigError(
            f"n_sampled must be smaller than the vocabulary of {n_words:,} words, got {config.n_sampled:,}; "
            'lower it or take softmax "full".'
        )
