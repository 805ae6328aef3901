"""A training's own random numbers: the bits of torch's, whatever other threads draw meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn

from elmo_core.nn.random_numbers import Dropout, RandomNumbers, drop


def build() -> nn.Module:
    return nn.Sequential(nn.Linear(5, 7), nn.LSTM(7, 3, bidirectional=True), nn.Embedding(4, 2))


def disturb() -> None:
    """Draw from torch's generator in another thread."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(torch.rand, 100).result()


def test_they_are_those_of_torch_after_manual_seed_in_spite_of_other_threads():
    values, module = torch.linspace(1, 2, 600).view(20, 30).requires_grad_(), Dropout(0.4)
    torch.manual_seed(7)
    weights = build().state_dict()
    dropped = [nn.functional.dropout(values, 0.4), nn.Dropout(0.4)(values)]
    (gradient,) = torch.autograd.grad(dropped[1].sum(), values)

    numbers = RandomNumbers(7)
    before = torch.get_rng_state()
    own = numbers.make(build).state_dict()
    disturb()
    with numbers.drawn():
        first = drop(values, 0.4, True)
        disturb()
        second = module(values)
        assert torch.equal(module.eval()(values), values) and torch.equal(drop(values, 0.4, False), values)
    assert all(torch.equal(own[name], weight) for name, weight in weights.items())
    assert torch.equal(first, dropped[0]) and torch.equal(second, dropped[1])
    assert torch.equal(torch.autograd.grad(second.sum(), values)[0], gradient)

    torch.set_rng_state(before)
    with numbers.drawn(), ThreadPoolExecutor(1) as pool:  # another thread has no part in it
        elsewhere = pool.submit(drop, values, 0.4, True).result()
    torch.set_rng_state(before)
    assert torch.equal(elsewhere, nn.functional.dropout(values, 0.4))
    numbers.seed(7)
    numbers.make(build)
    assert torch.equal(numbers.drop(values, 0.4, True), first)
