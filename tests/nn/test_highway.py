"""One highway layer: the reference, gradients, initial values."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.func import functional_call

from elmo_core.nn.highway import Highway
from tests.reference import highway

NAMES = ("weight_carry", "bias_carry", "weight_transform", "bias_transform")
OFFICIAL = ("W_carry", "b_carry", "W_transform", "b_transform")


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-13), (torch.float32, 1e-5)])
def test_agrees_with_the_reference(dtype: torch.dtype, tolerance: float):
    layer, x = Highway(5).double(), torch.randn(7, 5, dtype=torch.float64)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    weights = {
        f"CNN_high_3/{official}": getattr(layer, name).detach().numpy()
        for name, official in zip(NAMES, OFFICIAL, strict=True)
    }
    wanted = [highway(row, weights, 3) for row in x.numpy()]
    np.testing.assert_allclose(layer.to(dtype)(x.to(dtype)).detach(), wanted, rtol=0, atol=tolerance)


def test_all_gradients():
    layer = Highway(3).double()
    values = [torch.randn_like(getattr(layer, name)).requires_grad_() for name in NAMES]
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)

    def run(*tensors: torch.Tensor) -> torch.Tensor:
        return functional_call(layer, dict(zip(NAMES, tensors, strict=False)), (tensors[-1],))

    assert torch.autograd.gradcheck(run, [*values, x])


def test_products_are_in_the_format_of_the_input():
    layer, x = Highway(6), torch.randn(3, 6)
    found = layer(x.bfloat16())
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), layer(x), rtol=0, atol=0.05)


def test_a_fresh_layer_hands_most_of_its_input_on():
    layer = Highway(400)
    assert torch.equal(layer.bias_carry, torch.full((400,), -2.0))
    assert not layer.bias_transform.any()
    assert layer.weight_carry.std().item() == pytest.approx(400**-0.5, rel=0.03)
    x = 0.1 * torch.randn(5, 400)
    assert torch.cosine_similarity(layer(x), x).min() > 0.9
