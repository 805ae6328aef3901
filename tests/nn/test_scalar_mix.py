"""The mix of layers: the reference, gradients, normalisation, penalty."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import functional_call

from elmo_core.nn.scalar_mix import ScalarMix
from tests.reference import scalar_mix


def _mix(layer_norm: bool = False, dtype: torch.dtype = torch.float64) -> ScalarMix:
    mix = ScalarMix(3, layer_norm=layer_norm).to(dtype)
    with torch.no_grad():
        mix.weights.copy_(torch.tensor([0.5, -1.0, 2.0]))
        mix.gamma.fill_(1.7)
    return mix


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_agrees_with_the_reference(layer_norm: bool, masked: bool, dtype: torch.dtype, tolerance: float):
    layers = 3 + 2 * torch.randn(3, 2, 5, 4, dtype=torch.float64)
    mask = torch.arange(5) < torch.tensor([[5], [2]]) if masked else None
    wanted = scalar_mix(
        layers.numpy(), np.array([0.5, -1.0, 2.0]), 1.7, None if mask is None else mask.numpy(), layer_norm
    )
    found = _mix(layer_norm, dtype)(layers.to(dtype), mask)
    np.testing.assert_allclose(found.detach(), wanted, rtol=0, atol=tolerance)


def test_layer_norm_does_not_see_padding():
    layers = torch.randn(3, 2, 5, 4, dtype=torch.float64)
    mask = torch.arange(5) < torch.tensor([[5], [2]])
    padded = torch.where(mask[None, :, :, None], layers, 1e6)
    found, wanted = (_mix(layer_norm=True)(given_layers, mask)[mask] for given_layers in (padded, layers))
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("layer_norm", [False, True])
def test_all_gradients(layer_norm: bool):
    mix = ScalarMix(3, layer_norm=layer_norm).double()
    mask = torch.tensor([True, False, True])
    weights, gamma = (torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in ((3,), ()))
    layers = torch.randn(3, 3, 2, dtype=torch.float64, requires_grad=True)

    def run(weights: torch.Tensor, gamma: torch.Tensor, layers: torch.Tensor) -> torch.Tensor:
        return functional_call(mix, {"weights": weights, "gamma": gamma}, (layers, mask))

    assert torch.autograd.gradcheck(run, [weights, gamma, layers])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=6))
def test_weights_are_shares(raw: list[float]):
    mix = ScalarMix(len(raw))
    with torch.no_grad():
        mix.weights.copy_(torch.tensor(raw))
    shares = mix.normalised_weights()
    assert (shares >= 0).all()
    assert shares.sum().item() == pytest.approx(1, abs=1e-6)


def test_a_fresh_mix_is_the_plain_mean():
    layers = torch.randn(4, 6, 2)
    torch.testing.assert_close(ScalarMix(4)(layers), layers.mean(dim=0))


def test_penalty_pulls_to_a_uniform_mix():
    mix = ScalarMix(3, l2=0.5)
    assert mix.penalty() == 0
    with torch.no_grad():
        mix.weights.copy_(torch.tensor([1.0, -2.0, 3.0]))
    mix.penalty().backward()
    assert mix.penalty().item() == pytest.approx(7.0)
    assert mix.weights.grad.tolist() == [1.0, -2.0, 3.0]
    assert mix.gamma.grad is None
    assert ScalarMix(3).penalty() == 0


def test_dropout_only_while_training():
    mix, layers = ScalarMix(2, dropout=0.5), torch.ones(2, 400, 5)
    assert 0.4 < (mix(layers) == 0).float().mean() < 0.6
    assert torch.equal(mix.eval()(layers), torch.ones(400, 5))
