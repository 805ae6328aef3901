"""The CRF against sums and maxima over all paths, written out."""

from __future__ import annotations

import itertools

import pytest
import torch

from elmo_core.learning.tags.crf import Legal, LinearChainCRF
from elmo_core.learning.tags.schemes import n_illegal
from elmo_core.learning.tags.tag_set import TagSet

SPANS = TagSet(("LOC", "PER"), is_spans=True)


def random_crf(legal: Legal, seed: int) -> tuple[LinearChainCRF, torch.Tensor]:
    """A CRF with random scores and one row of emissions for 4 tokens, in float64."""
    generator = torch.Generator().manual_seed(seed)
    crf = LinearChainCRF(legal).double()
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter, std=1.5, generator=generator)
    return crf, torch.randn(1, 4, len(legal.starts), dtype=torch.float64, generator=generator) * 2


@torch.no_grad()
def all_paths(crf: LinearChainCRF, emissions: torch.Tensor) -> dict[tuple[int, ...], float]:
    """Score of every legal path over one sentence (T, K)."""
    legal, n_tags = crf.legal, emissions.shape[1]
    scores = {}
    for path in itertools.product(range(n_tags), repeat=len(emissions)):
        pairs = list(itertools.pairwise(path))
        if not (legal.starts[path[0]] and legal.ends[path[-1]] and all(legal.pairs[a, b] for a, b in pairs)):
            continue
        score = crf.start[path[0]] + crf.end[path[-1]] + sum(crf.transition[a, b] for a, b in pairs)
        scores[path] = float(score + sum(emissions[t, tag] for t, tag in enumerate(path)))
    return scores


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "legal", [Legal.all(4), TagSet(("PER",), is_spans=True).legal()], ids=["all", "spans"]
)
def test_sums_and_maxima_equal_those_over_all_paths(legal, seed):
    crf, emissions = random_crf(legal, seed)
    mask = torch.ones(1, 4, dtype=torch.bool)
    scores = all_paths(crf, emissions[0])
    values = torch.tensor(list(scores.values()), dtype=torch.float64)
    log_z = torch.logsumexp(values, 0)
    torch.testing.assert_close(crf.log_partition(emissions, mask)[0], log_z)
    best = max(scores, key=scores.__getitem__)
    assert crf.best_paths(emissions, mask) == [list(best)]
    loss = crf.loss(emissions, torch.tensor([best]), mask)
    torch.testing.assert_close(loss, log_z - scores[best])
    posterior = crf.posterior(emissions, mask)
    wanted = torch.zeros(4, len(legal.starts), dtype=torch.float64)
    for path, score in scores.items():
        for t, tag in enumerate(path):
            wanted[t, tag] += torch.exp(torch.as_tensor(score) - log_z)
    torch.testing.assert_close(posterior.marginals()[0], wanted)
    segment = list(best[1:3])
    share = sum(
        torch.exp(score - log_z)
        for path, score in zip(scores, values, strict=True)
        if list(path[1:3]) == segment
    )
    assert posterior.segment(0, 1, segment) == pytest.approx(float(share))


def test_gradients_are_finite_and_those_of_the_likelihood():
    crf, emissions = random_crf(SPANS.legal(), 1)
    emissions.requires_grad_(True)
    tags = torch.tensor([SPANS.encode(["B-PER", "I-PER", "O", "B-LOC"])])
    mask = torch.ones(1, 4, dtype=torch.bool)
    crf.loss(emissions, tags, mask).backward()
    marginals = crf.posterior(emissions.detach(), mask).marginals()
    wanted = marginals - torch.nn.functional.one_hot(tags, len(SPANS.tags))
    torch.testing.assert_close(emissions.grad, wanted)
    assert all(torch.isfinite(parameter.grad).all() for parameter in crf.parameters())


def test_padding_changes_nothing():
    crf, emissions = random_crf(SPANS.legal(), 2)
    short = emissions[:, :2]
    padded = torch.cat([short, torch.full((1, 3, len(SPANS.tags)), 50.0, dtype=torch.float64)], dim=1)
    both = torch.cat([padded, torch.randn_like(padded)])
    mask = torch.tensor([[True, True, False, False, False], [True] * 5])
    alone = torch.ones(1, 2, dtype=torch.bool)
    assert crf.best_paths(both, mask)[0] == crf.best_paths(short, alone)[0]
    torch.testing.assert_close(crf.log_partition(both, mask)[0], crf.log_partition(short, alone)[0])
    marginals = crf.posterior(both, mask).marginals()[0, :2]
    torch.testing.assert_close(marginals, crf.posterior(short, alone).marginals()[0])


@pytest.mark.parametrize("length", [1, 2, 7])
def test_illegal_sequences_never_come_out(length):
    generator = torch.Generator().manual_seed(length)
    crf = LinearChainCRF(SPANS.legal())
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter, std=1000.0, generator=generator)
    emissions = torch.randn(200, length, len(SPANS.tags), generator=generator) * 1e5
    for path in crf.best_paths(emissions, torch.ones(200, length, dtype=torch.bool)):
        assert n_illegal([SPANS.tags[tag] for tag in path], "BIOES") == 0
        assert n_illegal(SPANS.decode(path), "BIO") == 0
