"""Fits linear heads by L-BFGS, with the penalty chosen on held-out texts."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from elmo_core.exceptions import TrainingError
from elmo_core.learning.heads import LinearHead
from elmo_core.learning.text_layers import TextLayers
from elmo_core.measuring.splitting import Split, held_out_splits
from elmo_core.nn.minimise import minimise
from elmo_core.nn.scalar_mix import ScalarMix
from elmo_core.progress import Report

PENALTIES = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
"""Tried from strong to weak, each starting from the one before, until two in a row are no better."""


@dataclass(frozen=True)
class LabelledTexts:
    """Texts with the classes to learn."""

    texts: TextLayers
    codes: np.ndarray
    """int64 (n,): the class of each text."""
    weights: np.ndarray
    """float64 (n,): how much each text counts."""
    seed: int
    deadline: float = math.inf
    """Time (of `time.monotonic`) after which the best so far is taken."""
    report: Report | None = None

    def take(self, rows: np.ndarray) -> LabelledTexts:
        """Select some of the texts."""
        return LabelledTexts(
            self.texts.take(rows), self.codes[rows], self.weights[rows], self.seed, self.deadline, self.report
        )

    def loss(self, logits: Tensor) -> Tensor:
        """Weighted mean of the cross entropy of logits (n, K)."""
        losses = F.cross_entropy(logits, torch.from_numpy(self.codes), reduction="none")
        own = torch.from_numpy(self.weights).to(logits.dtype)
        return (losses * own).sum() / own.sum()


@dataclass(frozen=True)
class Fitted:
    """What a fit yields beside the head."""

    splits: tuple[Split, ...]
    """On whose test rows the penalty or the number of epochs was chosen; none = there were too few texts."""
    held_out_logits: np.ndarray
    """Logits (m, K) of these rows, split by split, by a head that has not seen them."""
    weights: np.ndarray
    """float64 (n,): how much each text counted."""
    penalty: float | None = None

    def held_out(self, values: np.ndarray) -> np.ndarray:
        """Those of the values (n, ...) of all texts that belong to `held_out_logits`: (m, ...)."""
        return np.concatenate([values[:0], *(values[split.test] for split in self.splits)])


def fit_linear(head: LinearHead, task: LabelledTexts, penalty: float | None) -> Fitted:
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
    _fit(head, task, chosen, "fitting", 0.8)
    return Fitted(tuple(splits), held_out, task.weights, chosen)


def _validated(
    head: LinearHead, task: LabelledTexts, splits: Sequence[Split], penalties: Sequence[float]
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
            _fit(trial, train, penalty, "choosing the penalty", 0.8 * done)
            logits.append(trial.logits(test.texts))
            losses.append(float(test.loss(torch.from_numpy(logits[-1]))))
        loss = float(np.mean(losses)) if losses else 0.0
        since = 0 if loss < least else since + 1
        if loss < least:
            least, chosen, held_out = loss, penalty, np.concatenate([held_out[:0], *logits])
        if since == 2 or time.monotonic() > task.deadline:
            break
    return chosen, held_out


def _fit(head: LinearHead, task: LabelledTexts, penalty: float, doing: str, share: float) -> None:
    """Minimise the penalised loss from where the head is; `doing` and `share` are reported."""
    head.train()

    fit_mixture(
        head.mix,
        head.output,
        head.inputs(task.texts),
        task.loss,
        penalty,
        penalised=(head.mix.weights,) if head.mix.weights.requires_grad else (),
        item="texts",
        tick=None if task.report is None else partial(task.report, doing, share),
        deadline=task.deadline,
    )


def fit_mixture(
    mix: ScalarMix,
    output: nn.Linear,
    layers: Tensor,
    loss: Callable[[Tensor], Tensor],
    penalty: float,
    *,
    penalised: Sequence[Tensor],
    item: str,
    tick: Callable[[], object] | None = None,
    deadline: float = math.inf,
) -> None:
    """Fit a scalar mix under a linear map by L-BFGS, from where both are.

    Args:
        mix: changed in place; its weights stay where they take no gradient.
        output: changed in place.
        layers: (L, n, D).
        loss: of logits (n, K).
        penalty: lambda of lambda/2 |W|^2, beside the loss.
        penalised: further parameters under the same penalty.
        item: name of the n cases, in the plural, for an error.
        tick: called every ten iterations; an error it raises stops the work.
        deadline: time (of `time.monotonic`) after which the fit ends.

    Raises:
        TrainingError: the loss is not finite.
    """
    learns_mix = mix.weights.requires_grad
    fixed = None if learns_mix else torch.tensordot(mix.normalised_weights().detach(), layers, dims=1)
    parameters = [one for module in (mix, output) for one in module.parameters() if one.requires_grad]

    def objective() -> Tensor:
        mixed = mix(layers) if fixed is None else mix.gamma * fixed
        size = output.weight.square().sum()
        for parameter in penalised:
            size = size + parameter.square().sum()
        value = loss(output(mixed)) + penalty / 2 * size
        return value + mix.penalty() if learns_mix else value

    for value in minimise(parameters, objective):
        if not math.isfinite(value):
            raise TrainingError(
                f"The loss is not finite; the vectors of these {item} cannot be learned from."
            )
        if tick is not None:
            tick()
        if time.monotonic() > deadline:
            break
