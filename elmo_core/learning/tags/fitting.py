"""Fits a tagger's head: AdamW over batches of like length, the epoch with the best held-out score is kept."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from elmo_core.exceptions import InputError, TrainingError
from elmo_core.learning.tags.heads import TaggerHead
from elmo_core.learning.tags.scores import measure
from elmo_core.learning.tags.token_data import TokenData
from elmo_core.learning.text_layers import Report

_TOKENS_PER_BLOCK = 20_000
_LARGEST_BATCH, _STEPS = 32, 24
_MIX_RATE = 5.0
"""The few weights of the mix learn so many times as fast as the rest."""
_DECAY, _LARGEST_GRADIENT = 1e-2, 5.0


@dataclass(frozen=True)
class TagEpoch:
    """One pass over the training sentences."""

    number: int
    train_loss: float
    """Mean negative log-likelihood of a sentence's tags."""
    score: float
    """Span F1, or accuracy of plain tags, on the held-out sentences."""
    seconds: float


@dataclass(frozen=True)
class TaggedTokens:
    """Sentences with their tags."""

    data: TokenData
    tags: Sequence[Sequence[str]]
    """In BIO, or plain."""

    def take(self, rows: np.ndarray) -> TaggedTokens:
        """Some of the sentences."""
        return TaggedTokens(self.data.take(rows), [self.tags[int(row)] for row in rows])

    def filled(self) -> TaggedTokens:
        """Without the sentences that have no token.

        Raises:
            InputError: none has one.
        """
        rows = np.flatnonzero(self.data.lengths)
        if not len(rows):
            raise InputError("No sentence has a token; give sentences with tokens.")
        return self.take(rows)

    def split(self, share: float, seed: int) -> tuple[TaggedTokens, TaggedTokens]:
        """The sentences in two parts, a share of them in the second; a single one is in both."""
        n = len(self.tags)
        order = np.random.default_rng(seed).permutation(n)
        n_second = max(1, round(share * n))
        first = order[min(n_second, n - 1) :]
        return self.take(np.sort(first)), self.take(np.sort(order[:n_second]))


@dataclass(frozen=True)
class TagTraining:
    """How to learn."""

    max_epochs: int
    patience: int
    learning_rate: float
    batch_size: int | None
    """None = 32, or fewer so that an epoch has some two dozen steps."""
    seed: int
    deadline: float = math.inf
    """Of `time.monotonic`: then the best so far is taken."""
    report: Report | None = None
    on_epoch: Callable[[TagEpoch], None] | None = None


def fit_tagger(
    head: TaggerHead, train: TaggedTokens, held_out: TaggedTokens, how: TagTraining
) -> tuple[TagEpoch, ...]:
    """Fit a head; the rate is halved when half of the patience is gone.

    Args:
        head: changed in place.
        train: sentences to learn from, none empty.
        held_out: sentences to choose the epoch by.
        how: see there.

    Raises:
        TrainingError: the loss is not finite.
    """
    head.fit_scale(train.data)
    codes = [head.tags.encode(tags) for tags in train.tags]
    optimiser = _optimiser(head, how.learning_rate)
    rng = np.random.default_rng(how.seed)
    size = how.batch_size or int(np.clip(len(codes) // _STEPS, 4, _LARGEST_BATCH))
    history: list[TagEpoch] = []
    best: dict[str, Tensor] = {}
    highest, least, since = -1.0, math.inf, 0
    for number in range(1, how.max_epochs + 1):
        started = time.monotonic()
        loss = _epoch(
            head, train.data, codes, optimiser, list(_batches(train.data.lengths, size, rng)), how, number
        )
        score = measure(held_out.tags, predict_tags(head, held_out.data), is_spans=head.tags.is_spans)
        history.append(TagEpoch(number, loss, score, time.monotonic() - started))
        if how.on_epoch is not None:
            how.on_epoch(history[-1])
        is_better = score > highest or (score == highest and loss < least and score == 0)
        since = 0 if is_better else since + 1
        if is_better:
            highest, least, best = score, loss, copy.deepcopy(head.state_dict())
        if since >= how.patience or time.monotonic() > how.deadline:
            break
        if since and 2 * since == how.patience + how.patience % 2:
            for group in optimiser.param_groups:
                group["lr"] /= 2
    head.load_state_dict(best)
    return tuple(history)


def predict_tags(head: TaggerHead, data: TokenData) -> list[list[str]]:
    """The most probable legal tags of sentences, none empty."""
    found: dict[int, list[str]] = {}
    for rows, emissions, mask in emitted(head, data):
        for row, path in zip(rows, head.crf.best_paths(emissions, mask), strict=True):
            found[int(row)] = head.tags.decode(path)
    return [found[row] for row in range(len(data))]


def emitted(head: TaggerHead, data: TokenData) -> Iterator[tuple[np.ndarray, Tensor, Tensor]]:
    """Rows, emissions (B, T, K) and mask (B, T) of sentences, none empty, those of like length together."""
    head.eval()
    lengths = data.lengths
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and lengths[order[end]] * (end + 1 - start) <= _TOKENS_PER_BLOCK:
            end += 1
        rows = order[start:end]
        with torch.inference_mode():
            yield rows, *head(data.take(rows))
        start = end


def _optimiser(head: TaggerHead, rate: float) -> torch.optim.Optimizer:
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


def _batches(lengths: np.ndarray, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Rows of each batch in random order; within 50 batches, sentences of like length stand together."""
    order = rng.permutation(len(lengths))
    pools = [order[at : at + 50 * size] for at in range(0, len(order), 50 * size)]
    batches = []
    for pool in pools:
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[at : at + size] for at in range(0, len(pool), size)]
    for index in rng.permutation(len(batches)):
        yield batches[index]


def _epoch(
    head: TaggerHead,
    data: TokenData,
    codes: Sequence[Sequence[int]],
    optimiser: torch.optim.Optimizer,
    batches: Sequence[np.ndarray],
    how: TagTraining,
    number: int,
) -> float:
    """One pass; the mean loss of a sentence. It ends at the deadline."""
    head.train()
    total, n_seen = 0.0, 0
    for at, rows in enumerate(batches):
        loss = head.loss(data.take(rows), [codes[row] for row in rows])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), _LARGEST_GRADIENT)
        optimiser.step()
        total, n_seen = total + float(loss.detach()) * len(rows), n_seen + len(rows)
        if not math.isfinite(total):
            raise TrainingError(
                "The loss is not finite; the vectors of these sentences cannot be learned from."
            )
        if how.report is not None:
            how.report(f"training, pass {number}", (number - 1 + at / len(batches)) / how.max_epochs)
        if time.monotonic() > how.deadline:
            break
    return total / n_seen
