"""Fits heads: the linear one by L-BFGS with its penalty chosen on held-out texts, attention by AdamW."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from elmo_core.exceptions import TrainingError
from elmo_core.learning.heads import AttentionHead, LinearHead
from elmo_core.learning.text_layers import Report, TextLayers
from elmo_core.measuring.splitting import Split, held_out_splits, stratified_split
from elmo_core.nn.minimise import minimise

PENALTIES = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
"""Tried from strong to weak, each starting from the one before, until two in a row are no better."""
_RATE, _DECAY, _BATCH = 1e-3, 1e-2, 32


@dataclass(frozen=True)
class Epoch:
    """One pass over the training texts."""

    number: int
    train_loss: float
    validation_loss: float


@dataclass(frozen=True)
class Task:
    """What is to be learned."""

    texts: TextLayers
    codes: np.ndarray
    """int64 (n,): the class of each text."""
    weights: np.ndarray
    """float64 (n,): how much each text counts."""
    seed: int
    deadline: float = math.inf
    """Of `time.monotonic`: then the best so far is taken."""
    report: Report | None = None

    def take(self, rows: np.ndarray) -> Task:
        """The same task on some of the texts."""
        return Task(
            self.texts.take(rows), self.codes[rows], self.weights[rows], self.seed, self.deadline, self.report
        )

    def loss(self, logits: Tensor) -> Tensor:
        """Weighted mean of the cross entropy: logits (n, K)."""
        losses = F.cross_entropy(logits, torch.from_numpy(self.codes), reduction="none")
        own = torch.from_numpy(self.weights).to(logits.dtype)
        return (losses * own).sum() / own.sum()


@dataclass(frozen=True)
class Fitted:
    """What a fit leaves behind beside the head."""

    splits: tuple[Split, ...]
    """On whose test rows the penalty or the number of epochs was chosen; none = there were too few texts."""
    held_out_logits: np.ndarray
    """Logits (m, K) of these rows, split by split, by a head that has not seen them."""
    weights: np.ndarray
    """float64 (n,): how much each text counted."""
    penalty: float | None = None
    history: tuple[Epoch, ...] = field(default=())

    def held_out(self, values: np.ndarray) -> np.ndarray:
        """Those of the values (n, ...) of all texts that belong to `held_out_logits`: (m, ...)."""
        return np.concatenate([values[:0], *(values[split.test] for split in self.splits)])


def fit_linear(head: LinearHead, task: Task, penalty: float | None) -> Fitted:
    """Fit a linear head.

    Args:
        head: changed in place.
        task: what to learn.
        penalty: lambda of lambda/2 |W|^2 beside the mean cross entropy; None = choose one.

    Raises:
        TrainingError: the loss is not finite.
    """
    splits = held_out_splits(task.codes, task.seed)
    chosen, held_out = _validated(head, task, splits, PENALTIES if penalty is None else (float(penalty),))
    head.fit_scale(task.texts)
    _run(head, task, chosen, "fitting", 0.8)
    return Fitted(tuple(splits), held_out, task.weights, chosen)


def _validated(
    head: LinearHead, task: Task, splits: Sequence[Split], penalties: Sequence[float]
) -> tuple[float, np.ndarray]:
    """The penalty with the least held-out loss, and the held-out logits (m, K) of its heads."""
    tasks = [(task.take(split.train), task.take(split.test)) for split in splits]
    trials = [copy.deepcopy(head) for _ in splits]
    for trial, (train, _) in zip(trials, tasks, strict=True):
        trial.fit_scale(train.texts)
    chosen, held_out = penalties[-1], np.empty((0, head.output.out_features))
    least, since = math.inf, 0
    for index, penalty in enumerate(penalties):
        losses, logits = [], []
        for at, (trial, (train, test)) in enumerate(zip(trials, tasks, strict=True)):
            done = (index + at / len(tasks)) / len(penalties)
            _run(trial, train, penalty, "choosing the penalty", 0.8 * done)
            logits.append(trial.logits(test.texts))
            losses.append(float(test.loss(torch.from_numpy(logits[-1]))))
        loss = float(np.mean(losses)) if losses else 0.0
        since = 0 if loss < least else since + 1
        if loss < least:
            least, chosen, held_out = loss, penalty, np.concatenate([held_out[:0], *logits])
        if since == 2 or time.monotonic() > task.deadline:
            break
    return chosen, held_out


def _run(head: LinearHead, task: Task, penalty: float, doing: str, share: float) -> None:
    """Minimise the penalised loss by L-BFGS from where the head is."""
    head.train()
    z = head.standardised(task.texts.means)
    learns_mix = head.mix.weights.requires_grad
    fixed = None if learns_mix else head.mix(z).detach()
    parameters = [parameter for parameter in head.parameters() if parameter.requires_grad]

    def loss() -> Tensor:
        mixed = head.mix(z) if fixed is None else fixed
        size = head.output.weight.square().sum() + (head.mix.weights.square().sum() if learns_mix else 0.0)
        return task.loss(head.output(mixed)) + penalty / 2 * size

    for value in minimise(parameters, loss):
        if not math.isfinite(value):
            raise TrainingError("The loss is not finite; the vectors of these texts cannot be learned from.")
        if task.report is not None:
            task.report(doing, share)
        if time.monotonic() > task.deadline:
            break


def fit_attention(
    head: AttentionHead, task: Task, *, max_epochs: int, patience: int, validation_share: float
) -> Fitted:
    """Fit an attention head; the epoch with the lowest validation loss is kept.

    Args:
        head: changed in place.
        task: what to learn; its texts hold their tokens.
        max_epochs: most passes.
        patience: passes without a gain after which it stops.
        validation_share: of the texts, set apart for that.

    Raises:
        TrainingError: the loss is not finite.
    """
    split = stratified_split(task.codes, validation_share, task.seed)
    train, test = task.take(split.train), task.take(split.test)
    head.fit_scale(train.texts)
    optimiser = torch.optim.AdamW(head.parameters(), lr=_RATE, weight_decay=_DECAY)
    rng = np.random.default_rng(task.seed)
    history: list[Epoch] = []
    best: dict[str, Tensor] = {}
    least, since = math.inf, 0
    for number in range(1, max_epochs + 1):
        loss = _epoch(head, train, optimiser, rng, (number - 1, max_epochs))
        held_out = float(test.loss(torch.from_numpy(head.logits(test.texts))))
        if not math.isfinite(loss + held_out):
            raise TrainingError("The loss is not finite; the vectors of these texts cannot be learned from.")
        history.append(Epoch(number, loss, held_out))
        since = 0 if held_out < least else since + 1
        if held_out < least:
            least, best = held_out, copy.deepcopy(head.state_dict())
        if since >= patience or time.monotonic() > task.deadline:
            break
    head.load_state_dict(best)
    return Fitted((split,), head.logits(test.texts), task.weights, history=tuple(history))


def _epoch(
    head: AttentionHead,
    task: Task,
    optimiser: torch.optim.Optimizer,
    rng: np.random.Generator,
    passes: tuple[int, int],
) -> float:
    """One pass in random order, after some of the passes in all; the mean loss. It ends at the deadline."""
    head.train()
    order = rng.permutation(len(task.codes))
    losses = []
    for start in range(0, len(order), _BATCH):
        rows = order[start : start + _BATCH]
        batch = task.take(rows)
        loss = batch.loss(head(batch.texts))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), 5.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        if task.report is not None:
            task.report("training", (passes[0] + start / len(order)) / passes[1])
        if time.monotonic() > task.deadline:
            break
    return float(np.mean(losses))
