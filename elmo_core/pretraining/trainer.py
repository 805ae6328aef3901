"""The training loop: a generator of steps that can be stopped anywhere and resumed bitwise."""

from __future__ import annotations

import dataclasses
import logging
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elmo_core.embedding.machine import choose_dtype, emulation_warning
from elmo_core.exceptions import ConfigError, CorpusError, TrainingError
from elmo_core.nn.bilm import BiLM
from elmo_core.nn.cells import compile_cells
from elmo_core.pretraining.cache import TokenCache
from elmo_core.pretraining.checkpoint import load_checkpoint, save_checkpoint
from elmo_core.pretraining.estimate import RunEstimate, estimate_run
from elmo_core.pretraining.evaluation import Perplexity, text_perplexity
from elmo_core.pretraining.fine_tuning import start_from, with_softmax
from elmo_core.pretraining.held_out import HeldOutText
from elmo_core.pretraining.history import History, HistoryRow
from elmo_core.pretraining.learner import Learner
from elmo_core.pretraining.local_averaging import (
    AVERAGING,
    OUTER_COPIES,
    LocalAveraging,
    Worker,
    require_same_worker,
)
from elmo_core.pretraining.optimisation import learning_rate
from elmo_core.pretraining.predicted_words import build_vocabulary, kept_words, words_to_predict
from elmo_core.pretraining.replicas import Replicas
from elmo_core.pretraining.run_folder import require_same_run, run_identity, write_run
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.pretraining.snapshot import VOCABULARY, run_facts
from elmo_core.pretraining.unigrams import start_from_unigrams
from elmo_core.pretraining.warm_start import warm_start
from elmo_core.pretraining.word2vec import Word2VecSettings, train_word2vec
from elmo_core.text.tagged import tags_of
from elmo_core.text.vocabulary import SPECIALS, Vocabulary
from elmo_core.weights.folder import write_folder
from elmo_core.weights.store import JsonValue, StoredModel

log = logging.getLogger(__name__)


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
        replicas: Replicas | None = None,
        worker: Worker | None = None,
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
            replicas: the processes of `torchrun` that share the rows; default: as it says, else one.
            worker: which one this run is of several that average their weights at each checkpoint; its seed
                follows from that of the settings (`Worker.seed`).
            resume: go on from the newest checkpoint, if there is one.

        Raises:
            TrainingError: the folder holds checkpoints and `resume` is off, or they are of another run: see
                `run_folder.require_same_run`. The other workers learn from something else.
            ConfigError: the model to fine-tune predicts other words than the vocabulary given.
            CorpusError: the corpus is too small for the rows or a step, no word is frequent enough, or the
                held-out text is empty.
        """
        self._replicas = replicas or Replicas()
        torch.set_num_threads(config.threads)
        torch.set_flush_denormal(True)
        self.folder, self._cache, self._initial = folder, cache, initial
        found = load_checkpoint(folder)
        if found and not resume:
            raise TrainingError(f"{folder} holds the checkpoints of a run; resume it or give another folder.")
        if found:
            require_same_worker(folder, found[1], worker)
        self._averaging: LocalAveraging | None = None
        if worker is not None:
            if self._replicas.size > 1:
                raise ConfigError("A worker is a process of its own; start it without torchrun.")
            config = dataclasses.replace(config, seed=worker.seed(config.seed))
            self._averaging = LocalAveraging(worker, folder)
        if initial is not None:
            config = dataclasses.replace(config, model=with_softmax(initial), warm_start=False)
        chosen = words_to_predict(initial, vocabulary)
        self.vocabulary = kept_words(folder, chosen) if found else chosen or build_vocabulary(cache, config)
        if len(self.vocabulary) <= len(SPECIALS):
            raise CorpusError(
                "The vocabulary holds no word beside <S>, </S> and <UNK>, so there is nothing to predict; "
                "give one with the words of the training text."
            )
        tags = config.model.tags or (tags_of(cache.types) if config.tagged else ())
        model = dataclasses.replace(config.model, n_words=len(self.vocabulary), tags=tags)
        self._device = self._replicas.device(config.device)
        self.config = dataclasses.replace(config, model=model, dtype=choose_dtype(config.dtype, self._device))
        self._valid = HeldOutText(valid, config.valid_tokens)
        self._learner = Learner(self.config, cache, self.vocabulary, self._replicas)
        self.step, self.best, self._without_gain = 0, math.inf, 0
        self.perplexity = math.inf
        """The newest one on the held-out text; `best` is the lowest."""
        self.unknown_share: float | None = None
        """Beside both: share of the held-out predictions that are words outside the vocabulary."""
        self._losses: list[float] = []  # since the last row of the history
        self._history = History(folder / "history.csv")
        identity = run_identity(self.config, cache, self._valid.sentences)
        if found:
            require_same_run(folder, identity, found[1]["config"])
            if chosen is None and self.vocabulary.words != build_vocabulary(cache, config).words:
                raise TrainingError(f"{folder} is a run with another training text; resume it with the same.")
        self._start(found, identity)
        if self._replicas.is_first:
            guessing = self._valid.guessing_perplexity(cache, self.vocabulary, self.config.model.tags)
            write_run(folder, {**identity, "guessing_perplexity": round(guessing, 2)})

    def _start(
        self, found: tuple[dict[str, Tensor], dict[str, Any]] | None, identity: dict[str, Any]
    ) -> None:
        log.info(self.config.softmax_choice(len(self.vocabulary)))
        warnings = self._valid.warnings(self._cache, self.vocabulary, self.config.model.tags)
        for warning in (emulation_warning(self.config.dtype, self._device), *warnings):
            if warning:
                log.warning(warning)
        if self.config.compile:
            compile_cells()
        if found:
            self._restore(*found)
        elif self._averaging is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._averaging.begin(self.model, self.vocabulary, identity, self._start_anew)
        else:
            self._start_anew()
        self._replicas.share_weights(self.model.parameters())
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._replicas.is_first:
            self.vocabulary.write(self.folder / VOCABULARY)
            self._history.keep_until(self.step)

    def _start_anew(self) -> None:
        start_from_unigrams(self.model, self._cache, self.vocabulary)
        if self._initial is not None:
            start_from(self.model, self._initial)
        elif self.config.warm_start and self._replicas.is_first:
            if self.vocabulary.words != self._cache.types[: len(self.vocabulary)]:
                raise ConfigError(
                    "warm_start is for the most frequent words of the training text in their order, and the "
                    "vocabulary given is another one; switch one of them off."
                )
            learning = Word2VecSettings(self.config.model.projection_dim, threads=self.config.threads)
            vectors = train_word2vec(self._cache, len(self.vocabulary), learning)
            warm_start(self.model, self._cache, vectors, self.config.seed)

    def run(self, should_stop: Callable[[], bool] | None = None) -> Iterator[HistoryRow]:
        """Train to the end of the settings; yields a row of the history at each log step.

        Args:
            should_stop: asked before each step. Once it says so, a checkpoint of the steps that were made is
                written, and the run ends; resumed, it has the bits of a run that was not stopped.

        Raises:
            TrainingError: a loss is no longer finite (the last checkpoint is kept), or a checkpoint cannot
                be written.
        """
        norm, since, first = 0.0, time.perf_counter(), self.step
        while self.step < self.config.total_steps and not self._is_exhausted():
            if should_stop is not None and should_stop():
                if self.step and self._replicas.is_first:
                    save_checkpoint(self.folder, self.step, *self._snapshot())
                return
            loss, norm = self._learner.train_step(self.step)
            self._losses.append(loss)
            self.step += 1
            checkpoint = self.step % self.config.checkpoint_steps == 0 or self.step == self.config.total_steps
            if not checkpoint and self.step % self.config.log_steps:
                continue
            speed = (self.step - first) * self.config.words_per_step / (time.perf_counter() - since)
            if checkpoint and self._averaging is not None:
                self._averaging.exchange(self.model, self._learner.average, self.step)
            held_out = self._measure_held_out() if checkpoint else None
            words, rate = self.step * self.config.words_per_step, learning_rate(self.config, self.step - 1)
            row = HistoryRow(self.step, words, float(np.mean(self._losses)), rate, norm, speed)
            if held_out:
                row = dataclasses.replace(
                    row, perplexity=held_out.mean, unknown_share=round(held_out.unknown_share, 4)
                )
            self._losses = []
            self._record(row)
            since, first = time.perf_counter(), self.step
            yield row

    def _record(self, row: HistoryRow) -> None:
        """Write history and checkpoint; all replicas take part in putting the latter together."""
        snapshot = self._snapshot() if row.perplexity is not None else None
        if self._replicas.is_first:
            self._history.append(row)
            if snapshot:
                save_checkpoint(self.folder, self.step, *snapshot)
                if self._averaging is not None:
                    self._averaging.publish(self._learner.average)

    def _is_exhausted(self) -> bool:
        return 0 < self.config.patience <= self._without_gain

    @property
    def model(self) -> BiLM:
        """The model as it stands."""
        return self._learner.model

    @property
    def sampled(self) -> bool:
        """Whether the sampled softmax is trained."""
        return self._learner.sampled

    @property
    def words_seen(self) -> int:
        """Words that the weights were learned from, by this run and by other workers."""
        other_steps = 0 if self._averaging is None else self._averaging.other_steps
        return (self.step + other_steps) * self.config.words_per_step

    def exported_model(self) -> BiLM:
        """A copy of the model in evaluation mode, with the averaged weights where they are kept."""
        return self._learner.exported_model()

    def estimate(self) -> RunEstimate:
        """Memory and time that the run will take; measures two steps that change nothing."""
        copies = 0 if self._averaging is None else OUTER_COPIES
        return estimate_run(self.config, self.model, self._learner.seconds_per_step(), self.step, copies)

    def write_model(self, folder: Path, *, about: dict[str, JsonValue] | None = None, card: str = "") -> None:
        """Write the model as it would be exported now, in half precision.

        Args:
            folder: see `weights.folder.write_folder`.
            about: more facts beside the words seen and the perplexity.
            card: text of its README.
        """
        measured = run_facts(self.config, self.step, self.words_seen, self.perplexity, self.unknown_share)
        facts = measured | (about or {})
        stored = StoredModel(folder.name, self.exported_model().cpu(), self.vocabulary, facts)
        write_folder(stored, folder, card=card)

    def _measure_held_out(self) -> Perplexity:
        found = text_perplexity(
            self.exported_model(), self.vocabulary, self._valid.sentences, dtype=self._learner.dtype
        )
        if not math.isfinite(found.mean):
            raise TrainingError(
                f"The held-out loss is {found.loss:,.4g} at step {self.step:,}; lower learning_rate. "
                "Nothing is written of this step, an earlier checkpoint is kept."
            )
        self._without_gain = 0 if found.mean < self.best else self._without_gain + 1
        self.perplexity, self.unknown_share = found.mean, found.unknown_share
        self.best = min(self.best, found.mean)
        return found

    def _snapshot(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        tensors, positions = self._learner.snapshot()
        values: dict[str, Any] = {
            "step": self.step,
            "best": self.best,
            "perplexity": self.perplexity,
            "unknown_share": self.unknown_share,
            "without_gain": self._without_gain,
            "streams": positions,
            "config": self.config.to_dict(),
        }
        if self._losses:  # a run that stops between two rows of the history
            values["losses"] = self._losses
        if self._averaging is not None:
            outer, values[AVERAGING] = self._averaging.snapshot()
            tensors |= outer
        return tensors, values

    def _restore(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        if self._averaging is not None:
            self._averaging.restore(tensors, values[AVERAGING])
        try:
            self._learner.restore(tensors, values["streams"])
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise TrainingError(
                f"The checkpoint in {self.folder} does not fit this text and these settings ({error!r}); "
                "resume with those of that run."
            ) from None
        self.step, self.best, self._without_gain = values["step"], values["best"], values["without_gain"]
        self.perplexity = values.get("perplexity", self.best)  # not in checkpoints of earlier versions,
        self.unknown_share = values.get("unknown_share")  # and neither is this
        self._losses = list(values.get("losses", ()))
        if self._averaging is not None:
            self._averaging.publish_again(self._learner.average)
