"""Fits heads in epochs by AdamW; the epoch with the best held-out score is kept."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from elmo_core.exceptions import TrainingError
from elmo_core.learning.fitting import Fitted, LabelledTexts
from elmo_core.learning.heads import AttentionHead, Head, TaggerHead
from elmo_core.learning.tags.decoding import predict_tags
from elmo_core.learning.tags.scores import measure
from elmo_core.learning.tags.token_data import TaggedTokens
from elmo_core.measuring.splitting import stratified_split
from elmo_core.progress import Report

_ATTENTION_RATE, _ATTENTION_BATCH = 1e-3, 32
_LARGEST_BATCH, _STEPS = 32, 24
"""Sentences of a batch at most, and steps of an epoch at least, where a tagger's batch size is not given."""
_MIX_RATE = 5.0
"""The few weights of a tagger's mix learn so many times as fast as the rest."""
_DECAY, _LARGEST_GRADIENT = 1e-2, 5.0


@dataclass(frozen=True)
class Epoch:
    """One pass over the training items."""

    number: int
    train_loss: float
    """Mean over the training items: cross entropy, or negative log-likelihood of the tags of a sentence."""
    score: float
    """On held-out items: span F1 or accuracy of a tagger, the negative loss of a classifier."""
    seconds: float

    @property
    def validation_loss(self) -> float:
        """Cross entropy of the held-out texts of a classifier."""
        return -self.score


@dataclass(frozen=True)
class Schedule:
    """When learning in epochs ends, and who is told."""

    max_epochs: int
    patience: int
    """Epochs without a gain in the held-out score after which it stops."""
    seed: int
    deadline: float = math.inf
    """Time (of `time.monotonic`) after which the best so far is taken."""
    report: Report | None = None
    on_epoch: Callable[[Epoch], None] | None = None
    halves_rate: bool = False
    """Whether the rate is halved when half of the patience is gone."""


def fit_attention(
    head: AttentionHead,
    task: LabelledTexts,
    *,
    max_epochs: int,
    patience: int,
    validation_share: float,
) -> tuple[Fitted, tuple[Epoch, ...]]:
    """Fit an attention head; the epoch with the lowest validation loss is kept.

    Args:
        head: changed in place.
        task: what to learn; its texts hold their tokens.
        max_epochs: most epochs.
        patience: epochs without a gain after which it stops.
        validation_share: of the texts, set apart for that.

    Raises:
        TrainingError: the loss is not finite.
    """
    split = stratified_split(task.codes, validation_share, task.seed)
    train, test = task.take(split.train), task.take(split.test)
    head.fit_scale(train.texts)
    optimiser = torch.optim.AdamW(head.parameters(), lr=_ATTENTION_RATE, weight_decay=_DECAY)

    def batches(rng: np.random.Generator) -> list[np.ndarray]:
        order = rng.permutation(len(train.codes))
        return [order[at : at + _ATTENTION_BATCH] for at in range(0, len(order), _ATTENTION_BATCH)]

    def loss(rows: np.ndarray) -> Tensor:
        batch = train.take(rows)
        return batch.loss(head(batch.texts))

    def score() -> float:
        return -float(test.loss(torch.from_numpy(head.logits(test.texts))))

    how = Schedule(max_epochs, patience, task.seed, task.deadline, task.report)
    history = _fit_in_epochs(head, optimiser, batches, loss, score, how, "texts")
    return Fitted((split,), head.logits(test.texts), task.weights), history


def fit_tagger(
    head: TaggerHead,
    train: TaggedTokens,
    held_out: TaggedTokens,
    how: Schedule,
    *,
    learning_rate: float,
    batch_size: int | None = None,
) -> tuple[Epoch, ...]:
    """Fit the head of a tagger; the epoch with the best held-out score is kept.

    Args:
        head: changed in place.
        train: sentences to learn from, none empty.
        held_out: sentences to choose the epoch by.
        how: when to stop.
        learning_rate: of AdamW.
        batch_size: sentences of a step; None = up to 32, so that an epoch has some two dozen steps.

    Raises:
        TrainingError: the loss is not finite.
    """
    head.fit_scale(train.data)
    codes = [head.tags.encode(tags) for tags in train.tags]
    size = batch_size or int(np.clip(len(codes) // _STEPS, 4, _LARGEST_BATCH))
    batches = partial(_batches_by_length, train.data.lengths, size)

    def loss(rows: np.ndarray) -> Tensor:
        return head.loss(train.data.take(rows), [codes[row] for row in rows])

    def score() -> float:
        return measure(held_out.tags, predict_tags(head, held_out.data), is_spans=head.tags.is_spans)

    return _fit_in_epochs(
        head, _tagger_optimiser(head, learning_rate), batches, loss, score, how, "sentences"
    )


def _fit_in_epochs(
    head: Head,
    optimiser: torch.optim.Optimizer,
    batches: Callable[[np.random.Generator], Sequence[np.ndarray]],
    loss: Callable[[np.ndarray], Tensor],
    score: Callable[[], float],
    how: Schedule,
    item: str,
) -> tuple[Epoch, ...]:
    """Learn until the held-out score gains no more, then go back to the best epoch.

    Args:
        head: changed in place.
        optimiser: of its parameters.
        batches: draws the rows of each batch of an epoch.
        loss: of a batch, the mean over its items.
        score: of the held-out items, higher is better.
        how: when to stop.
        item: name of the items in the plural, for an error.
    """
    rng = np.random.default_rng(how.seed)
    history: list[Epoch] = []
    best: dict[str, Tensor] = {}
    highest, least, since = -math.inf, math.inf, 0
    for number in range(1, how.max_epochs + 1):
        started = time.monotonic()
        train_loss = _run_epoch(head, optimiser, batches(rng), loss, how, number)
        held_out = score()
        if not math.isfinite(train_loss + held_out):
            raise TrainingError(
                f"The loss is not finite; the vectors of these {item} cannot be learned from."
            )
        history.append(Epoch(number, train_loss, held_out, time.monotonic() - started))
        if how.on_epoch is not None:
            how.on_epoch(history[-1])
        # a tagger that still finds nothing is compared by its loss
        is_better = held_out > highest or (held_out == highest == 0 and train_loss < least)
        since = 0 if is_better else since + 1
        if is_better:
            highest, least, best = held_out, train_loss, copy.deepcopy(head.state_dict())
        if since >= how.patience or time.monotonic() > how.deadline:
            break
        if how.halves_rate and since and 2 * since == how.patience + how.patience % 2:
            for group in optimiser.param_groups:
                group["lr"] /= 2
    head.load_state_dict(best)
    return tuple(history)


def _run_epoch(
    head: Head,
    optimiser: torch.optim.Optimizer,
    batches: Sequence[np.ndarray],
    loss: Callable[[np.ndarray], Tensor],
    how: Schedule,
    number: int,
) -> float:
    """Take one step for each batch, until the deadline; return the mean loss of an item."""
    head.train()
    total, n_seen = 0.0, 0
    for at, rows in enumerate(batches):
        value = loss(rows)
        optimiser.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), _LARGEST_GRADIENT)
        optimiser.step()
        total, n_seen = total + float(value.detach()) * len(rows), n_seen + len(rows)
        if not math.isfinite(total):
            break
        if how.report is not None:
            how.report(f"training, epoch {number}", (number - 1 + at / len(batches)) / how.max_epochs)
        if time.monotonic() > how.deadline:
            break
    return total / n_seen


def _tagger_optimiser(head: TaggerHead, rate: float) -> torch.optim.Optimizer:
    mix = {id(parameter) for parameter in head.mix.parameters()}
    others = [p for p in head.parameters() if p.requires_grad and id(p) not in mix]
    mixed = [
        parameter for parameter in head.mix.parameters() if parameter.requires_grad and parameter.numel()
    ]
    groups = [
        {"params": others, "weight_decay": _DECAY},
        {"params": mixed, "weight_decay": 0.0, "lr": _MIX_RATE * rate},
    ]
    return torch.optim.AdamW(groups, lr=rate)


def _batches_by_length(lengths: np.ndarray, size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Draw the rows of each batch; within 50 batches, sentences of similar length stand together."""
    order = rng.permutation(len(lengths))
    pools = [order[at : at + 50 * size] for at in range(0, len(order), 50 * size)]
    batches = []
    for pool in pools:
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[at : at + size] for at in range(0, len(pool), size)]
    return [batches[index] for index in rng.permutation(len(batches))]
