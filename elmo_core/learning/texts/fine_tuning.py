"""A biLM that learns the task itself, as an expert: ULMFiT (Howard and Ruder 2018) for a biLM.

1. As a language model it reads the texts once, those without labels too (`pretraining.adapting`).
2. A logistic regression on the pooled vectors is fitted, then it learns on together with the LSTMs: their top
   layer from the first epoch on, each layer below from one epoch later (gradual unfreezing), at 1/2.6 of the
   rate of the layer above it (discriminative rates). The rate rises, then falls (slanted triangle).
3. The number of epochs is the one with the least loss on the held-out texts; 0 = step 2 brings nothing.

Token vectors stay as they are, so a word that stands in new texts alone keeps its place among the others. A
text of more than `WINDOW` tokens is read in windows; each epoch learns from one of them, drawn anew.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch.nn import functional as F

from elmo_core.embedder import Elmo
from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import TrainingError
from elmo_core.learning.calibration import scaled_loss
from elmo_core.learning.texts.fine_tuned import WINDOW, FineTuned, Tokens, cut_batches, require_bilm
from elmo_core.learning.texts.tfidf import choose_strength, regress
from elmo_core.measuring.splitting import Split, is_on_folds
from elmo_core.nn.random_numbers import RandomNumbers
from elmo_core.pretraining.adapting import adapt
from elmo_core.progress import Report, part_of
from elmo_core.weights.store import StoredModel

N_EPOCHS = 4
_RATE, _LAYER_RATIO, _WARM_UP, _LOWEST = 1e-3, 2.6, 0.1, 1 / 32
_DECAY, _LARGEST_GRADIENT = 1e-2, 1.0
_BATCH_TEXTS, _BATCH_TOKENS = 32, 640
"""Texts and tokens of a step at most."""
_STRENGTHS = (0.0003, 0.003, 0.03)
"""Inverse penalties of the logistic regression that are tried."""
_PASS = 8.0
"""Time of learning from a text, in times of reading it."""
_ADAPTING_SHARE = 0.15
"""Of the time before the first epoch, for progress."""


@dataclass(frozen=True)
class Tuning:
    """What fine-tuning starts from."""

    model: Encoder
    seed: int
    unlabelled: Sequence[Tokens] = ()
    """Further texts of the task, which the language model reads."""
    deadline: float = math.inf
    """Time (of `time.monotonic`) after which no epoch is begun on the splits."""

    @property
    def elmo(self) -> Elmo:
        """The model, a biLM.

        Raises:
            ConfigError: it is another model.
        """
        return require_bilm(self.model)


@dataclass(frozen=True)
class _Regression:
    """A fitted logistic regression on pooled vectors; what `choose_strength` tries."""

    centre: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    def count(self, vectors: Sequence[np.ndarray]) -> np.ndarray:
        """Standardised vectors (n, 2D)."""
        return np.asarray((np.stack(vectors) - self.centre) / self.scale)

    def logits_of(self, inputs: np.ndarray) -> np.ndarray:
        """Logits (n, K)."""
        return np.asarray(inputs @ self.weights.T + self.bias)


def passes(n: int) -> float:
    """Estimate the time to fine-tune on n texts, in times of reading them once with the biLM."""
    share_learned = 3.0 if is_on_folds(n) else 0.8  # of the texts, on all splits together
    return _PASS * (1 + N_EPOCHS * (1 + share_learned)) + N_EPOCHS


def fit_fine_tuned(
    tuning: Tuning,
    texts: Sequence[str],
    codes: np.ndarray,
    n_classes: int,
    splits: Sequence[Split],
    *,
    weights: np.ndarray,
    report: Report | None = None,
) -> tuple[FineTuned, np.ndarray]:
    """Fine-tune a copy of a biLM; arguments and result as `fit_words`, and what it starts from.

    Raises:
        TrainingError: the loss is not finite.
    """
    tokens, weights = [text.split() for text in texts], weights / weights.mean()
    stored = StoredModel(tuning.elmo.name, tuning.elmo.model, tuning.elmo.vocabulary)
    adapting = part_of(report, 0.0, _ADAPTING_SHARE / 2)
    adapted = adapt(stored, [*tokens, *tuning.unlabelled], seed=tuning.seed, report=adapting)
    elmo = Elmo(replace(stored, model=adapted), device="cpu") if adapted else tuning.elmo
    reading = part_of(report, _ADAPTING_SHARE / 2, _ADAPTING_SHARE)
    vectors = FineTuned(elmo, n_classes).pooled_texts(tokens, part_of(reading, 0.0, 0.7))
    trials = partial(_regressions, n_classes)
    strength, first = choose_strength(
        trials,
        _STRENGTHS,
        list(vectors),
        codes,
        n_classes,
        splits,
        weights=weights,
        report=part_of(reading, 0.7, 1.0, "fitting a regression"),
    )
    parts = [*(split.train for split in splits), np.arange(len(tokens))]
    ends = _ADAPTING_SHARE + (1 - _ADAPTING_SHARE) * np.cumsum([0, *map(len, parts)]) / sum(map(len, parts))
    held_out: list[list[np.ndarray]] = [[] for _ in range(N_EPOCHS)]

    def tuned(number: int) -> tuple[FineTuned, Iterator[None]]:
        """A network with its regression, and its epochs to come."""
        rows, network = parts[number], FineTuned(elmo, n_classes)
        # the last network makes all epochs that were chosen: the weights of the product are for those
        plan = tuning if number < len(splits) else replace(tuning, deadline=math.inf)
        (fitted,) = trials([vectors[row] for row in rows], codes[rows], weights[rows], (strength,))
        _take(network, fitted)
        told = part_of(report, float(ends[number]), float(ends[number + 1]))
        own = [tokens[row] for row in rows]
        return network, _epochs(network, own, codes[rows], weights[rows], plan, told)

    for number, split in enumerate(splits):
        network, epochs = tuned(number)
        for epoch, _ in enumerate(epochs):
            at = float(ends[number]) + (epoch + 1) / N_EPOCHS * float(ends[number + 1] - ends[number])
            held_out[epoch].append(
                network.logits([texts[row] for row in split.test], part_of(report, at, at))
            )
    complete = [np.concatenate(one) for one in held_out if splits and len(one) == len(splits)]
    gold = np.concatenate([codes[:0], *(codes[split.test] for split in splits)])
    choices = [first, *complete]
    best = min(range(len(choices)), key=lambda epoch: scaled_loss(choices[epoch], gold))
    network, epochs = tuned(len(splits))
    for _ in zip(range(best), epochs, strict=False):
        pass
    return network.eval(), choices[best]


def _regressions(
    n_classes: int,
    vectors: Sequence[np.ndarray],
    codes: np.ndarray,
    row_weights: np.ndarray,
    strengths: Sequence[float],
) -> Iterator[_Regression]:
    """One regression for each strength."""
    stacked = np.stack(vectors)
    deviation = stacked.std(axis=0)
    centre, scale = stacked.mean(axis=0), np.where(deviation > 1e-6, deviation, 1.0)
    for strength in strengths:
        yield _Regression(
            centre, scale, *regress((stacked - centre) / scale, codes, row_weights, n_classes, strength)
        )


def _take(network: FineTuned, fitted: _Regression) -> None:
    with torch.no_grad():
        for tensor, values in (
            (network.centre, fitted.centre),
            (network.scale, fitted.scale),
            (network.output.weight, fitted.weights),
            (network.output.bias, fitted.bias),
        ):
            tensor.copy_(torch.from_numpy(values))


def _epochs(
    network: FineTuned,
    texts: Sequence[Tokens],
    codes: np.ndarray,
    weights: np.ndarray,
    tuning: Tuning,
    report: Report | None,
) -> Iterator[None]:
    """Learn; yields after each epoch, with the network in evaluation mode.

    Args:
        network: changed in place.
        texts: n lists of tokens.
        codes: int (n,), their classes.
        weights: float (n,), how much each counts, with mean 1.
        tuning: its seed and deadline.
        report: called with the progress before each step; an error it raises stops the work.
    """
    rng, numbers = np.random.default_rng(tuning.seed), RandomNumbers(tuning.seed)
    groups = [list(network.output.parameters()), *network.layers_from_top()]
    rates = [_RATE * _LAYER_RATIO ** -max(depth - 1, 0) for depth in range(len(groups))]
    optimiser = torch.optim.AdamW(
        [{"params": group, "lr": rate} for group, rate in zip(groups, rates, strict=True)],
        betas=(0.9, 0.99),
        weight_decay=_DECAY,
    )
    lengths = np.minimum([len(text) for text in texts], WINDOW)
    plan = [list(_shuffled_batches(lengths, rng)) for _ in range(N_EPOCHS)]
    n_steps, step = sum(map(len, plan)), 0
    gold, counts = torch.from_numpy(codes), torch.from_numpy(weights).float()
    for epoch, batches in enumerate(plan):
        if time.monotonic() > tuning.deadline:
            return
        for depth, group in enumerate(groups):
            for parameter in group:
                parameter.requires_grad_(depth <= epoch + 1)
        network.train()
        for rows in batches:
            if report is not None:
                report(f"fine-tuning, epoch {epoch + 1}", step / n_steps)
            height = _slanted(step / n_steps)
            for group_settings, rate in zip(optimiser.param_groups, rates, strict=True):
                group_settings["lr"] = rate * height
            numbers.seed(int(rng.integers(2**62)))
            with numbers.drawn():
                logits = network([_drawn_window(texts[row], rng) for row in rows])
            losses = F.cross_entropy(logits, gold[rows], reduction="none")
            loss = (losses * counts[rows]).mean()
            if not math.isfinite(loss.item()):
                raise TrainingError("The loss is not finite; the biLM cannot be fine-tuned on these texts.")
            optimiser.zero_grad()
            loss.backward()
            learning = [one for group in groups for one in group if one.grad is not None]
            torch.nn.utils.clip_grad_norm_(learning, _LARGEST_GRADIENT)
            optimiser.step()
            step += 1
        network.eval()
        yield


def _slanted(share: float) -> float:
    """Height of the slanted triangle after a share of the steps, from 1/32 up to 1 and back."""
    height = share / _WARM_UP if share < _WARM_UP else (1 - share) / (1 - _WARM_UP)
    return _LOWEST + (1 - _LOWEST) * height


def _drawn_window(text: Tokens, rng: np.random.Generator) -> Tokens:
    start = int(rng.integers(max(len(text) - WINDOW, 0) + 1))
    return text[start : start + WINDOW]


def _shuffled_batches(lengths: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """The rows of each batch of an epoch; texts of similar length stand together."""
    noisy = lengths * rng.uniform(0.8, 1.25, len(lengths))
    batches = list(cut_batches(lengths, np.argsort(noisy, kind="stable"), _BATCH_TOKENS, _BATCH_TEXTS))
    yield from (batches[index] for index in rng.permutation(len(batches)))
