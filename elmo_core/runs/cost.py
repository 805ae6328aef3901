"""What a run will take: time from a few steps on made-up words, memory and disk from shapes."""

from __future__ import annotations

import dataclasses
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from elmo_core.exceptions import InputError
from elmo_core.measuring.durations import duration
from elmo_core.memory import available_bytes, require_memory_for_run
from elmo_core.nn.bilm import BiLM
from elmo_core.pretraining.cache import TokenCache
from elmo_core.pretraining.estimate import RunEstimate, estimate_run
from elmo_core.pretraining.kept_models import GROWTH
from elmo_core.pretraining.learner import Learner
from elmo_core.pretraining.replicas import Replicas
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.text.vocabulary import SPECIALS, Vocabulary

MOST_LAYERS = 64

_SEED = 0
_PROGRAM_BYTES = 250 << 20  # Python with torch, before any weight
_CHECKPOINTS = 3  # two, and the one that is being written
_BYTES_OF_TEXT_PER_WORD = 6 + 6 + 4  # as it was given, as lines, as numbers
_SENTENCE = 20
_MEASURED_S = 1.0
_STEPS = 2  # that `Learner.seconds_per_step` makes


@dataclass(frozen=True)
class RunCost:
    """What a run will take."""

    estimate: RunEstimate
    disk_bytes: int
    """Text, checkpoints, kept models and the model."""

    @property
    def memory_bytes(self) -> int:
        """Memory of the process."""
        return self.estimate.weight_bytes + self.estimate.step_bytes + _PROGRAM_BYTES

    def __str__(self) -> str:
        return (
            f"about {duration(self.estimate.seconds)} at {self.estimate.words_per_s:,.0f} words/s, "
            f"{self.memory_bytes / 1e6:,.0f} MB of memory, {self.disk_bytes / 1e6:,.0f} MB of disk"
        )

    def objections(self, free_disk: int) -> list[str]:
        """Return a sentence for each thing that this machine lacks now.

        Args:
            free_disk: bytes that are free where the runs lie.
        """
        found, free = [], available_bytes()
        if free is not None and self.memory_bytes > free:
            found.append(
                f"It needs about {self.memory_bytes / 1e9:.1f} GB of memory, but {free / 1e9:.1f} GB are "
                "free; close other programs, or choose fewer rows or a smaller shape."
            )
        if self.disk_bytes > free_disk:
            found.append(
                f"It needs about {self.disk_bytes / 1e9:.1f} GB of disk, but {free_disk / 1e9:.1f} GB are "
                "free; free some space."
            )
        return found


def measure_run(config: PretrainConfig, n_types: int) -> RunEstimate:
    """Measure a few steps of a run on this machine, on words that are made up.

    What else runs on the machine now does not count, because a run is for the hours to come. Memory is
    counted from shapes before any is taken.

    Args:
        config: its settings.
        n_types: different words that are predicted, beside the special ones.

    Raises:
        ConfigError: the settings contradict each other.
        InputError: the run takes more than three quarters of the free memory, or has more than `MOST_LAYERS`.
    """
    size = max(1, n_types) + len(SPECIALS)
    config = dataclasses.replace(config, model=dataclasses.replace(config.model, n_words=size))
    try:
        _require_memory(config)
        cache = _made_up(size, config)
        learner = Learner(config, cache, Vocabulary(list(cache.types[:size])), Replicas())
        return estimate_run(config, learner.model, _seconds_per_step(learner, config), 0)
    except RuntimeError as error:  # torch's, where memory or the device refuses
        reason = str(error).partition("\n")[0]
        raise InputError(
            f"A step of these settings cannot be made here ({reason}); choose fewer rows or a smaller shape."
        ) from error


def run_cost(config: PretrainConfig, measured: RunEstimate, n_words: int) -> RunCost:
    """Return what a run will take.

    Args:
        config: its settings.
        measured: of the same shape and batches, whatever the number of steps.
        n_words: words of its text.
    """
    estimate = dataclasses.replace(measured, seconds=config.total_words / measured.words_per_s)
    n_kept = _n_growing(config.checkpoint_steps, config.total_steps) + 2  # and the first and the last
    weights = 2 * estimate.n_parameters  # in half precision
    disk = _CHECKPOINTS * estimate.weight_bytes + (n_kept + 1) * weights
    return RunCost(estimate, disk + _BYTES_OF_TEXT_PER_WORD * n_words)


def _seconds_per_step(learner: Learner, config: PretrainConfig) -> float:
    """The time of a step where nothing else runs: that of the processor, where one core does it all."""
    clock = time.perf_counter
    if learner.device.type == "cpu" and config.threads == 1:
        clock = time.thread_time
    learner.seconds_per_step()  # allocates
    began = clock()
    found: list[float] = []
    while not found or clock() - began < _MEASURED_S:
        start = clock()
        learner.seconds_per_step()
        found.append((clock() - start) / _STEPS)
    return min(found)


def _require_memory(config: PretrainConfig) -> None:
    """Count a run's memory on a model without weights, and refuse what is too large to be tried."""
    if config.model.n_layers > MOST_LAYERS:
        raise InputError(
            f"{config.model.n_layers:,} layers are too many to train; choose up to {MOST_LAYERS}."
        )
    with torch.device("meta"):
        shapes = BiLM(config.model)
    counted = estimate_run(config, shapes, 1.0, 0)
    require_memory_for_run(counted.weight_bytes + counted.step_bytes)


def _n_growing(every: int, total: int) -> int:
    """How many models are kept while a run goes on: at checkpoints that grow by a quarter."""
    number, step = 0, every
    while step <= total:
        number, step = number + 1, every * math.ceil(GROWTH * step / every)
    return number


def _made_up(n_types: int, config: PretrainConfig) -> TokenCache:
    """A corpus in memory, of words that are as long and as frequent as those of a text."""
    generator = np.random.default_rng(_SEED)
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    lengths = np.clip(generator.normal(6, 2.5, n_types), 1, 20).astype(int)
    words = ["".join(generator.choice(letters, length)) for length in lengths]
    types = (*SPECIALS, *(f"{word}{number}" for number, word in enumerate(words[len(SPECIALS) :])))
    n_sentences = max(2 * config.rows, 4 * config.words_per_step // _SENTENCE)
    ranks = 1 / np.arange(1, n_types - len(SPECIALS) + 1)
    tokens = generator.choice(
        np.arange(len(SPECIALS), n_types), n_sentences * _SENTENCE, p=ranks / ranks.sum()
    )
    return TokenCache(
        folder=Path(),
        types=types,
        counts=np.bincount(tokens, minlength=n_types).astype(np.int64),
        tokens=tokens.astype(np.uint32),
        sentences=np.arange(0, len(tokens) + 1, _SENTENCE, dtype=np.uint64),
        documents=np.array([0, n_sentences], dtype=np.uint64),
    )
