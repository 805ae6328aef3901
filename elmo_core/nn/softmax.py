"""From a context vector to a word: the full softmax, and TensorFlow's sampled one for training.

The sampled loss follows `tf.nn.sampled_softmax_loss` (Jean et al. 2015, arXiv:1412.2007) as bilm-tf
calls it: S distinct words drawn log-uniformly (words are sorted by falling count), logits corrected
by the logarithm of the expected count, a drawn word that is the target itself taken out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from elmo_core.exceptions import ConfigError

_LOGITS_PER_BLOCK = 1 << 24


@dataclass(frozen=True)
class WordSample:
    """Words drawn once for all tokens of one direction of one step."""

    words: Tensor
    """int64 (S,), distinct."""
    tries: int
    """Draws that were needed to find S distinct words."""


def log_uniform_sample(n_words: int, n_sampled: int, generator: np.random.Generator) -> WordSample:
    """Draw distinct words with P(k) = log((k + 2) / (k + 1)) / log(V + 1).

    Args:
        n_words: vocabulary size V.
        n_sampled: words S to draw, at least one and fewer than V.
        generator: source of randomness.

    Raises:
        ConfigError: S is not between 1 and V - 1.
    """
    if not 0 < n_sampled < n_words:
        raise ConfigError(
            f"A sample must hold at least 1 and fewer than {n_words} words (the vocabulary), got {n_sampled}."
        )
    drawn = np.empty(0, dtype=np.int64)
    while True:
        uniform = generator.random(2 * n_sampled)
        block = np.exp(uniform * math.log(n_words + 1)).astype(np.int64) - 1
        drawn = np.concatenate([drawn, np.minimum(block, n_words - 1)])
        words, first = np.unique(drawn, return_index=True)
        if len(words) >= n_sampled:
            chosen = np.sort(first)[:n_sampled]
            return WordSample(torch.from_numpy(drawn[chosen]), int(chosen[-1]) + 1)


def log_expected_count(words: Tensor, tries: int, n_words: int) -> Tensor:
    """Logarithm of how often each word is expected in a sample of that many tries: float32, as `words`."""
    ids = words.double()
    probability = torch.log1p(1 / (ids + 1)) / math.log(n_words + 1)
    return torch.log(-torch.expm1(tries * torch.log1p(-probability))).float()


class _SampledCrossEntropy(torch.autograd.Function):
    """Mean loss over N tokens; the gradient of the (N, S) logits is made once, in the products' dtype."""

    @staticmethod
    def forward(
        ctx: Any,
        context: Tensor,  # (N, P)
        true_logits: Tensor,  # float32 (N,)
        rows: Tensor,  # (S, P)
        offsets: Tensor,  # float32 (S,)
        hits: tuple[Tensor, Tensor],
    ) -> Tensor:
        logits = (context @ rows.t()).float().add_(offsets)  # (N, S)
        logits[hits] = -math.inf
        log_total = torch.logaddexp(torch.logsumexp(logits, dim=1), true_logits)  # (N,)
        n_tokens = len(true_logits)
        if any(ctx.needs_input_grad):
            grad_logits = logits.sub_(log_total.unsqueeze(1)).exp_().div_(n_tokens)
            grad_true = (torch.exp(true_logits - log_total) - 1) / n_tokens
            grad_offsets = grad_logits.sum(dim=0)
            ctx.save_for_backward(context, rows, grad_logits.to(context.dtype), grad_true, grad_offsets)
        return (log_total - true_logits).mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        context, rows, grad_logits, grad_true, grad_offsets = ctx.saved_tensors
        scale = grad.to(context.dtype)
        grad_context, grad_rows = scale * (grad_logits @ rows), scale * (grad_logits.t() @ context)
        return grad_context, grad * grad_true, grad_rows, grad * grad_offsets, None


class WordSoftmax(nn.Module):
    """Context vectors -> distribution over the vocabulary, shared by both directions."""

    def __init__(self, n_words: int, dim: int) -> None:
        """Make it for `n_words` words and contexts of width `dim`."""
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_words, dim))
        self.bias = nn.Parameter(torch.zeros(n_words))
        nn.init.normal_(self.weight, std=dim**-0.5)

    def forward(self, context: Tensor) -> Tensor:
        """Logits (N, V) in the dtype of `context` (N, P)."""
        return torch.addmm(self.bias.to(context.dtype), context, self.weight.to(context.dtype).t())

    def log_probability(self, context: Tensor, targets: Tensor) -> Tensor:
        """Natural logarithm of each target's probability under the full softmax.

        Args:
            context: (N, P).
            targets: int64 (N,).

        Returns:
            float32 (N,); never more than a block of the (N, V) logits is in memory.
        """
        step = max(1, _LOGITS_PER_BLOCK // len(self.bias))
        parts = []
        for start in range(0, len(targets), step):
            block = slice(start, start + step)
            logits = self(context[block]).float()
            parts.append(-functional.cross_entropy(logits, targets[block], reduction="none"))
        return torch.cat(parts) if parts else context.new_empty(0, dtype=torch.float32)

    def full_loss(self, context: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy over N tokens by the full softmax: a scalar."""
        return functional.cross_entropy(self(context).float(), targets)

    def sampled_loss(self, context: Tensor, targets: Tensor, sample: WordSample) -> Tensor:
        """Mean cross-entropy over N tokens by the sampled softmax.

        The gradient of `weight` is sparse: it has rows for drawn words and targets alone.

        Args:
            context: (N, P), its dtype is the one of the products.
            targets: int64 (N,).
            sample: the drawn words.

        Returns:
            A scalar.
        """
        n_words, dtype = len(self.bias), context.dtype
        words = sample.words.to(context.device)
        true_rows = functional.embedding(targets, self.weight, sparse=True)  # (N, P)
        true_logits = (context.float() * true_rows).sum(dim=1) + self.bias[targets]
        true_logits = true_logits - log_expected_count(targets, sample.tries, n_words)
        rows = functional.embedding(words, self.weight, sparse=True).to(dtype)  # (S, P)
        offsets = self.bias[words] - log_expected_count(words, sample.tries, n_words)
        hits = _hits(targets, words, n_words)
        return _SampledCrossEntropy.apply(context, true_logits, rows, offsets, hits)  # type: ignore[no-any-return,no-untyped-call]


def _hits(targets: Tensor, words: Tensor, n_words: int) -> tuple[Tensor, Tensor]:
    """Where a drawn word is the target: (token indices, sample indices)."""
    column = torch.full((n_words,), -1, dtype=torch.int64, device=words.device)
    column[words] = torch.arange(len(words), device=words.device)
    found = column[targets]
    tokens = torch.nonzero(found >= 0).squeeze(1)
    return tokens, found[tokens]
