"""The written-out backward pass of the LSTM against numerical derivatives."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.func import functional_call

from elmo_core.nn.lstm import LSTMState, ProjectedLSTM

INPUT, CELLS, OUTPUT = 2, 4, 3
SIZES = {
    "rows of different lengths": [3, 2, 2, 1],
    "one row": [1, 1, 1],
    "one step": [3],
    "all rows equally long": [2, 2, 2],
    "a step without rows": [2, 1, 0],
}
CLIPS = {
    "free": (None, None),
    "cells": (0.25, None),
    "outputs": (None, 0.15),
    "both": (0.25, 0.06),
}


def _layer(projects: bool, clips: tuple[float | None, float | None]) -> ProjectedLSTM:
    layer = ProjectedLSTM(INPUT, CELLS, OUTPUT if projects else None, *clips).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.6)
    return layer


def _run(layer: ProjectedLSTM, sizes: list[int], *tensors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs, final output, final cell as a function of all parameters, inputs and the state."""
    names = [name for name, _ in layer.named_parameters()]
    parameters, (inputs, output, cell) = dict(zip(names, tensors, strict=False)), tensors[len(names) :]
    outputs, state = functional_call(layer, parameters, (inputs, sizes, LSTMState(output, cell)))
    return outputs, *state


def _arguments(layer: ProjectedLSTM, sizes: list[int], spare_rows: int = 1) -> list[Tensor]:
    rows = sizes[0] + spare_rows
    inputs = torch.randn(sum(sizes), INPUT, dtype=torch.float64)
    state = [0.1 * torch.randn_like(part) for part in layer.zero_state(rows)]
    tensors = [*(parameter.detach() for parameter in layer.parameters()), inputs, *state]
    return [tensor.clone().requires_grad_() for tensor in tensors]


@pytest.mark.parametrize("projects", [True, False], ids=["projected", "plain"])
@pytest.mark.parametrize(
    ("sizes", "clips"),
    [("rows of different lengths", clips) for clips in CLIPS]
    + [(sizes, "both") for sizes in list(SIZES)[1:]],
)
def test_all_gradients(sizes: str, clips: str, projects: bool):
    layer = _layer(projects, CLIPS[clips])
    arguments = _arguments(layer, SIZES[sizes])
    assert torch.autograd.gradcheck(lambda *tensors: _run(layer, SIZES[sizes], *tensors), arguments)


@pytest.mark.parametrize("clips", CLIPS)
def test_the_clips_of_these_tests_bite(clips: str):
    """Some places are clipped and others not, so that both sides of the derivative are tried."""
    layer = _layer(True, CLIPS[clips])
    sizes = SIZES["rows of different lengths"]
    outputs, _, cell = _run(layer, sizes, *_arguments(layer, sizes))
    for values, bound in ((cell, CLIPS[clips][0]), (outputs, CLIPS[clips][1])):
        share = 0.5 if bound is None else (values.abs() == bound).double().mean().item()
        assert 0.1 < share < 0.9


@pytest.mark.parametrize("kept", [0, 1, 2], ids=["outputs", "final output", "final cell"])
def test_gradients_of_one_result_alone(kept: int):
    """As in training, where a loss sees the outputs but not the state (or, carried, the reverse)."""
    layer = _layer(True, CLIPS["both"])
    sizes = SIZES["rows of different lengths"]
    arguments = _arguments(layer, sizes)
    assert torch.autograd.gradcheck(lambda *tensors: _run(layer, sizes, *tensors)[kept], arguments)


def test_state_gradients_flow_through_two_calls():
    """Rows of the first call that end early hand their state on to the second call unchanged."""
    layer = _layer(True, CLIPS["cells"])
    arguments = _arguments(layer, [3, 2, 1], spare_rows=0)
    further = torch.randn(3, INPUT, dtype=torch.float64, requires_grad=True)

    def twice(*tensors: Tensor) -> tuple[Tensor, ...]:
        first, output, cell = _run(layer, [3, 2, 1], *tensors[:-1])
        return first, *_run(layer, [3], *tensors[:-4], tensors[-1], output, cell)

    assert torch.autograd.gradcheck(twice, [*arguments, further])


def test_gradient_equals_autograd_through_single_steps_in_float32():
    layer = ProjectedLSTM(8, 16, 8, 0.5, 0.3)
    inputs = torch.randn(12, 8)
    sizes = [5, 4, 2, 1]
    outputs, state = layer(inputs, sizes, layer.zero_state(5))
    (outputs.square().sum() + state.output.sum() + state.cell.square().sum()).backward()
    found = [parameter.grad.clone() for parameter in layer.parameters()]
    layer.zero_grad()
    plain_outputs, plain_output, plain_cell = _plain(layer, inputs, sizes)
    (plain_outputs.square().sum() + plain_output.sum() + plain_cell.square().sum()).backward()
    torch.testing.assert_close(found, [parameter.grad for parameter in layer.parameters()])


def _plain(layer: ProjectedLSTM, inputs: Tensor, sizes: list[int]) -> tuple[Tensor, Tensor, Tensor]:
    """The same recurrence as small operations under autograd."""
    output, cell = layer.zero_state(sizes[0])
    outputs = []
    for size, x in zip(sizes, inputs.split(sizes), strict=True):
        sums = x @ layer.weight_input + output[:size] @ layer.weight_hidden + layer.bias
        i, j, f, o = sums.chunk(4, dim=1)
        new = torch.sigmoid(f + 1) * cell[:size] + torch.sigmoid(i) * torch.tanh(j)
        new = new.clamp(-layer.cell_clip, layer.cell_clip)
        out = (torch.sigmoid(o) * torch.tanh(new)) @ layer.weight_projection
        out = out.clamp(-layer.projection_clip, layer.projection_clip)
        output, cell = torch.cat([out, output[size:]]), torch.cat([new, cell[size:]])
        outputs.append(out)
    return torch.cat(outputs), output, cell
