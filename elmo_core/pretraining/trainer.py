"""The training loop: a generator of steps that can be stopped anywhere and resumed bitwise."""

from __future__ import annotations

import dataclasses
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elmo_core.config import BiLMConfig
from elmo_core.exceptions import TrainingError
from elmo_core.nn.bilm import BACKWARD, FORWARD, BiLM
from elmo_core.nn.lstm import LSTMState, compile_cells
from elmo_core.nn.softmax import log_uniform_sample
from elmo_core.pretraining.averaging import RunningAverage
from elmo_core.pretraining.cache import TokenCache
from elmo_core.pretraining.checkpoint import load_checkpoint, save_checkpoint
from elmo_core.pretraining.evaluation import text_perplexity
from elmo_core.pretraining.fine_tuning import own_vocabulary, start_from, with_softmax
from elmo_core.pretraining.history import History
from elmo_core.pretraining.objective import WordEncoder, bilm_loss
from elmo_core.pretraining.optimisation import Optimisation, learning_rate
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.pretraining.snapshot import VOCABULARY, run_facts
from elmo_core.pretraining.streams import StreamBatch, TokenStream
from elmo_core.pretraining.word2vec import train_word2vec, warm_start
from elmo_core.pretraining.workers import Workers
from elmo_core.text.vocabulary import Vocabulary
from elmo_core.weights.folder import write_folder
from elmo_core.weights.store import JsonValue, StoredModel

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """One row of the history."""

    step: int
    words: int
    """Words seen so far (of one direction)."""
    loss: float
    """Mean training loss since the row before, in nats; with the sampled softmax no true likelihood."""
    learning_rate: float
    gradient_norm: float
    words_per_s: float
    perplexity: float | None = None
    """Mean held-out perplexity by the full softmax, where a checkpoint was made."""


def build_vocabulary(cache: TokenCache, config: PretrainConfig) -> Vocabulary:
    """The corpus' words by falling count, capped as the settings say."""
    frequent = 3 + int((cache.counts[3:] >= config.min_count).sum())
    return Vocabulary(cache.types[: min(config.vocabulary_size, frequent)])


class Trainer:
    """One run in one folder: `for step in Trainer(...).run(): ...`."""

    def __init__(
        self,
        config: PretrainConfig,
        cache: TokenCache,
        valid: list[list[str]],
        folder: Path,
        *,
        vocabulary: Vocabulary | None = None,
        initial: StoredModel | None = None,
        workers: Workers | None = None,
        resume: bool = False,
    ) -> None:
        """Build or resume a run.

        Args:
            config: its settings.
            cache: the tokenised training corpus.
            valid: held-out sentences of tokens.
            folder: receives checkpoints and `history.csv`.
            vocabulary: words to predict; default the corpus' own, as the settings cap it.
            initial: a model to fine-tune: its shape, its weights and, where it has a softmax, its
                vocabulary take the place of those in the settings; without one, a softmax over the
                given or the corpus' vocabulary is learned from scratch.
            workers: the processes that share the rows; default: as `torchrun` says, else one.
            resume: go on from the newest checkpoint, if there is one.

        Raises:
            TrainingError: the folder holds checkpoints and `resume` is off, or they do not fit.
            CorpusError: the corpus is too small for the rows.
        """
        self._workers = workers or Workers()
        torch.set_num_threads(config.threads)
        torch.set_flush_denormal(True)
        self.config, self.folder, self._cache = config, folder, cache
        self._initial = initial
        if initial is not None:
            config = self.config = dataclasses.replace(config, model=with_softmax(initial), warm_start=False)
            vocabulary = own_vocabulary(initial) or vocabulary
        self.vocabulary = vocabulary or build_vocabulary(cache, config)
        self._valid = _first_tokens(valid, config.valid_tokens)
        self._dtype = getattr(torch, config.dtype)
        self.sampled = config.uses_sampling(len(self.vocabulary))
        torch.manual_seed(config.seed)
        self.model = BiLM(_with_words(config.model, len(self.vocabulary))).train()
        self._optimisation = Optimisation(self.model, config, self.sampled)
        self._encode = WordEncoder(self.model, cache.types, self.vocabulary.ids_of(cache.types))
        self._streams = [
            TokenStream(cache, direction, config.rows, config.order, config.seed)
            for direction in (FORWARD, BACKWARD)
        ]
        self._rows = self._workers.rows_of(config.rows)
        n_rows = self._rows.stop - self._rows.start
        self._states = [self.model.zero_states(n_rows, self._dtype) for _ in (FORWARD, BACKWARD)]
        self._average = RunningAverage(config.average_decay)
        self.step, self.best, self._without_gain = 0, math.inf, 0
        self._history = History(folder / "history.csv", Step)
        self._start(resume)

    def _start(self, resume: bool) -> None:
        found = load_checkpoint(self.folder)
        if found and not resume:
            raise TrainingError(
                f"{self.folder} holds the checkpoints of a run; resume it or give another folder."
            )
        kind = f"sampled softmax, {self.config.n_sampled} of" if self.sampled else "full softmax over"
        log.info("%s %d words", kind, len(self.vocabulary))
        if self.config.compile:
            compile_cells()
        if found:
            self._restore(*found)
        elif self._initial is not None:
            start_from(self.model, self._initial)
        elif self.config.warm_start and self._workers.is_first:
            dim, threads = self.config.model.projection_dim, self.config.threads
            vectors = train_word2vec(self._cache, len(self.vocabulary), dim, threads=threads)
            warm_start(self.model, self._cache, vectors, self.config.seed)
        self._workers.share_weights(self.model.parameters())
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._workers.is_first:
            self.vocabulary.write(self.folder / VOCABULARY)
            self._history.keep_until(self.step)

    def run(self) -> Iterator[Step]:
        """Train to the end of the settings; yields a row of the history at each log step.

        Raises:
            TrainingError: the loss is no longer finite, or a checkpoint cannot be written.
        """
        losses: list[float] = []
        norm, since, first = 0.0, time.perf_counter(), self.step
        while self.step < self.config.total_steps and not self._is_exhausted():
            loss, norm = self._train_step()
            losses.append(loss)
            self.step += 1
            checkpoint = self.step % self.config.checkpoint_steps == 0 or self.step == self.config.total_steps
            if not checkpoint and self.step % self.config.log_steps:
                continue
            speed = (self.step - first) * self.config.words_per_step / (time.perf_counter() - since)
            perplexity = self._checkpoint_perplexity() if checkpoint else None
            words, rate = self.step * self.config.words_per_step, learning_rate(self.config, self.step - 1)
            row = Step(self.step, words, float(np.mean(losses)), rate, norm, speed, perplexity)
            self._record(row)
            losses, since, first = [], time.perf_counter(), self.step
            yield row

    def _record(self, row: Step) -> None:
        """Write history and checkpoint; all workers take part in putting the latter together."""
        snapshot = self._snapshot() if row.perplexity is not None else None
        if self._workers.is_first:
            self._history.append(row)
            if snapshot:
                save_checkpoint(self.folder, self.step, *snapshot)

    def _is_exhausted(self) -> bool:
        return 0 < self.config.patience <= self._without_gain

    def _train_step(self) -> tuple[float, float]:
        config, workers = self.config, self._workers
        # randomness is a function of seed and step alone: nothing of it has to be kept
        generator = np.random.default_rng([config.seed, 2, self.step])
        torch.manual_seed(int(generator.integers(2**62)) + workers.rank)
        batches = [self._share(stream.next_batch(config.unroll_steps)) for stream in self._streams]
        samples = [
            log_uniform_sample(len(self.vocabulary), config.n_sampled, generator) if self.sampled else None
            for _ in batches
        ]
        loss, self._states = bilm_loss(
            self.model, self._encode, batches, self._states, samples, self._dtype, config.dropout
        )
        loss.backward()
        workers.average_gradients(self.model.parameters())
        value = workers.mean(loss.item())
        if not math.isfinite(value):
            raise TrainingError(f"The loss is {value} at step {self.step}; lower learning_rate and resume.")
        norm = self._optimisation.step(self.step)
        self._average.update(self.model, self.step)
        return value, norm

    def _share(self, batch: StreamBatch) -> StreamBatch:
        """The columns of a batch that are this worker's rows."""
        return StreamBatch(batch.inputs[:, self._rows], batch.targets[:, self._rows])

    def exported_model(self) -> BiLM:
        """A copy of the model in evaluation mode, with the averaged weights where they are kept."""
        copy = BiLM(self.model.config)
        copy.load_state_dict({**self.model.state_dict(), **self._average.weights})
        return copy.eval()

    def write_model(self, folder: Path, *, about: dict[str, JsonValue] | None = None, card: str = "") -> None:
        """Write the model as it would be exported now, in half precision.

        Args:
            folder: see `weights.folder.write_folder`.
            about: more facts beside the words seen and the perplexity.
            card: text of its README.
        """
        facts = {**run_facts(self.config, self.step, self.best), **(about or {})}
        stored = StoredModel(folder.name, self.exported_model(), self.vocabulary, facts)
        write_folder(stored, folder, card=card)

    def _checkpoint_perplexity(self) -> float:
        exported = self.exported_model()
        found = text_perplexity(exported, self.vocabulary, self._valid, dtype=self._dtype).mean
        self._without_gain = 0 if found < self.best else self._without_gain + 1
        self.best = min(self.best, found)
        return found

    def _snapshot(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        tensors = {f"model:{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"average:{name}": tensor for name, tensor in self._average.weights.items()}
        tensors |= {f"optimiser:{name}": tensor for name, tensor in self._optimisation.tensors().items()}
        for direction, states in enumerate(self._states):
            for layer, state in enumerate(states):
                tensors[f"state:{direction}.{layer}.output"] = self._workers.all_rows(state.output)
                tensors[f"state:{direction}.{layer}.cell"] = self._workers.all_rows(state.cell)
        values = {
            "step": self.step,
            "best": self.best,
            "without_gain": self._without_gain,
            "streams": [stream.position() for stream in self._streams],
            "config": self.config.to_dict(),
        }
        return tensors, values

    def _restore(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        parts: dict[str, dict[str, Tensor]] = {
            kind: {} for kind in ("model", "average", "optimiser", "state")
        }
        for key, tensor in tensors.items():
            kind, _, name = key.partition(":")
            parts[kind][name] = tensor
        try:
            self.model.load_state_dict(parts["model"])
        except RuntimeError:
            raise TrainingError(
                f"The checkpoints in {self.folder} are of another model or vocabulary; "
                "resume with the settings and the corpus of that run."
            ) from None
        self._optimisation.load_tensors(parts["optimiser"])
        self._average.weights = parts["average"]
        for direction, states in enumerate(self._states):
            for layer in range(len(states)):
                output = parts["state"][f"{direction}.{layer}.output"]
                cell = parts["state"][f"{direction}.{layer}.cell"]
                states[layer] = LSTMState(output[self._rows].clone(), cell[self._rows].clone())
        for stream, position in zip(self._streams, values["streams"], strict=True):
            stream.seek(position)
        self.step, self.best, self._without_gain = values["step"], values["best"], values["without_gain"]


def _with_words(config: BiLMConfig, n_words: int) -> BiLMConfig:
    return BiLMConfig.from_dict({**config.to_dict(), "n_words": n_words})


def _first_tokens(sentences: list[list[str]], n_tokens: int) -> list[list[str]]:
    """Whole sentences from the start, up to about that many tokens."""
    kept, count = [], 0
    for sentence in sentences:
        if count >= n_tokens:
            break
        kept.append(sentence)
        count += len(sentence)
    return kept
