"""A linear-chain CRF (Lafferty et al. 2001) whose illegal transitions have probability 0.

The score of a path y over emissions e is start[y_1] + sum_t e[t, y_t] + sum_t transition[y_t, y_t+1]
+ end[y_T]; its probability is exp(score) / Z. B sentences, T tokens, K tags.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Legal:
    """Which tags may begin, end and follow each other."""

    pairs: Tensor
    """bool (K, K): [i, j] = tag j may follow tag i."""
    starts: Tensor
    """bool (K,)."""
    ends: Tensor
    """bool (K,)."""

    @classmethod
    def all(cls, n_tags: int) -> Legal:
        """Everything."""
        one = torch.ones(n_tags, dtype=torch.bool)
        return cls(one.repeat(n_tags, 1), one, one)


class LinearChainCRF(nn.Module):
    """Scores of transitions, learned; sentences are padded at their ends."""

    def __init__(self, legal: Legal) -> None:
        """Make a CRF that prefers nothing.

        Args:
            legal: what may stand where; from every tag that may stand at all the end must be in reach.
        """
        super().__init__()
        n_tags = len(legal.starts)
        self.legal = legal
        self.start = nn.Parameter(torch.zeros(n_tags))
        self.transition = nn.Parameter(torch.zeros(n_tags, n_tags))
        self.end = nn.Parameter(torch.zeros(n_tags))

    def scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """Start (K,), transitions (K, K) and end (K,), minus infinity where they are illegal."""
        legal = self.legal
        return (
            self.start.masked_fill(~legal.starts, -torch.inf),
            self.transition.masked_fill(~legal.pairs, -torch.inf),
            self.end.masked_fill(~legal.ends, -torch.inf),
        )

    def loss(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Mean negative log-likelihood of sentences.

        Args:
            emissions: (B, T, K).
            tags: int64 (B, T), legal; anything at padding.
            mask: bool (B, T), False at padding.
        """
        return (self.log_partition(emissions, mask) - self.path_score(emissions, tags, mask)).mean()

    def path_score(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Scores (B,) of paths; arguments as `loss`."""
        own = emissions.gather(2, tags[..., None]).squeeze(2)  # (B, T)
        steps = self.transition[tags[:, :-1], tags[:, 1:]] * mask[:, 1:]
        last = tags.gather(1, mask.sum(dim=1, keepdim=True) - 1).squeeze(1)
        return self.start[tags[:, 0]] + (own * mask).sum(dim=1) + steps.sum(dim=1) + self.end[last]

    def log_partition(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """Log Z of each sentence: (B,)."""
        start, transition, end = self.scores()
        alpha = start + emissions[:, 0]  # (B, K)
        for t in range(1, emissions.shape[1]):
            step = torch.logsumexp(alpha[:, :, None] + transition, dim=1) + emissions[:, t]
            alpha = torch.where(mask[:, t, None], step, alpha)
        return torch.logsumexp(alpha + end, dim=1)

    @torch.no_grad()
    def best_paths(self, emissions: Tensor, mask: Tensor) -> list[list[int]]:
        """The most probable path of each sentence (Viterbi 1967), as long as the sentence."""
        start, transition, end = self.scores()
        alpha = start + emissions[:, 0]
        pointers = []
        for t in range(1, emissions.shape[1]):
            best, pointer = (alpha[:, :, None] + transition).max(dim=1)  # (B, K)
            alpha = torch.where(mask[:, t, None], best + emissions[:, t], alpha)
            pointers.append(pointer)
        last = (alpha + end).argmax(dim=1).tolist()
        back = torch.stack(pointers, dim=1).tolist() if pointers else [[] for _ in last]
        lengths = mask.sum(dim=1).tolist()
        paths = []
        for row, (tag, length) in enumerate(zip(last, lengths, strict=True)):
            path = [tag]
            for t in range(length - 2, -1, -1):
                path.append(back[row][t][path[-1]])
            paths.append(path[::-1])
        return paths

    @torch.no_grad()
    def posterior(self, emissions: Tensor, mask: Tensor) -> Posterior:
        """Everything that is known about each sentence, by forward and backward sums."""
        start, transition, end = self.scores()
        n_steps = emissions.shape[1]
        forward = [start + emissions[:, 0]]
        for t in range(1, n_steps):
            step = torch.logsumexp(forward[-1][:, :, None] + transition, dim=1) + emissions[:, t]
            forward.append(torch.where(mask[:, t, None], step, forward[-1]))
        backward = [end.expand(len(mask), -1)]
        for t in range(n_steps - 1, 0, -1):
            ahead = emissions[:, t] + backward[-1]  # (B, K)
            step = torch.logsumexp(transition + ahead[:, None, :], dim=2)
            backward.append(torch.where(mask[:, t, None], step, backward[-1]))
        alpha, beta = torch.stack(forward, dim=1), torch.stack(backward[::-1], dim=1)  # (B, T, K)
        log_z = torch.logsumexp(forward[-1] + end, dim=1)
        return Posterior(alpha, beta, log_z, emissions, transition)


@dataclass(frozen=True)
class Posterior:
    """The probabilities that a CRF gives to tags of sentences."""

    alpha: Tensor
    """(B, T, K): log of the sum over all paths up to a token, its own emission counted."""
    beta: Tensor
    """(B, T, K): log of the sum over all paths after a token."""
    log_z: Tensor
    """(B,)."""
    emissions: Tensor
    transition: Tensor

    def marginals(self) -> Tensor:
        """Probabilities (B, T, K) of each tag at each token; meaningless at padding."""
        return torch.exp(self.alpha + self.beta - self.log_z[:, None, None])

    def segment(self, row: int, start: int, tags: list[int]) -> float:
        """Probability that the tags from token `start` of sentence `row` on are just these."""
        total = self.alpha[row, start, tags[0]]
        for offset in range(1, len(tags)):
            total = total + self.transition[tags[offset - 1], tags[offset]]
            total = total + self.emissions[row, start + offset, tags[offset]]
        total = total + self.beta[row, start + len(tags) - 1, tags[-1]] - self.log_z[row]
        return min(1.0, float(torch.exp(total)))
