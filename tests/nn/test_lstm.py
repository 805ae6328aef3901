"""The projected LSTM over packed rows: every row as if alone, states, number formats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.utils.rnn import pack_sequence

from elmo_core.nn import cells, recurrence
from elmo_core.nn.lstm import LSTMState, ProjectedLSTM
from tests.reference import lstm_step

INPUT, CELLS, OUTPUT = 3, 6, 4
NAME = "RNN_0/RNN/MultiRNNCell/Cell0/LSTMCell/"


def layer_of(
    projects: bool = True, cell_clip: float | None = None, projection_clip: float | None = None
) -> ProjectedLSTM:
    """A float64 layer with weights large enough to saturate gates and to reach the clips."""
    layer = ProjectedLSTM(INPUT, CELLS, OUTPUT if projects else None, cell_clip, projection_clip).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return layer


def random_state(layer: ProjectedLSTM, batch: int) -> LSTMState:
    zero = layer.zero_state(batch)
    return LSTMState(*(0.1 * torch.randn_like(part) for part in zero))


def official(layer: ProjectedLSTM) -> dict[str, np.ndarray]:
    joint = torch.cat([layer.weight_input, layer.weight_hidden])
    weights = {NAME + "W_0": joint, NAME + "B": layer.bias}
    if layer.weight_projection is not None:
        weights[NAME + "W_P_0"] = layer.weight_projection
    return {name: value.detach().numpy() for name, value in weights.items()}


def rows_of(packed: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """Packed (N, ...) -> one tensor per row."""
    steps = packed.split(list(sizes))
    return [torch.stack([step[row] for step in steps if len(step) > row]) for row in range(sizes[0])]


@settings(max_examples=25, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 7), min_size=1, max_size=5),
    spare=st.integers(0, 2),
    projects=st.booleans(),
    cell_clip=st.sampled_from([None, 0.3]),
    projection_clip=st.sampled_from([None, 0.2]),
    learns=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_each_packed_row_is_the_reference_alone(
    lengths: list[int],
    spare: int,
    projects: bool,
    cell_clip: float | None,
    projection_clip: float | None,
    learns: bool,
    seed: int,
):
    torch.manual_seed(seed)
    layer = layer_of(projects, cell_clip, projection_clip)
    inputs = [torch.randn(length, INPUT, dtype=torch.float64) for length in sorted(lengths, reverse=True)]
    packed = pack_sequence(inputs)
    sizes = packed.batch_sizes.tolist()
    state = random_state(layer, len(inputs) + spare)
    with torch.set_grad_enabled(learns):
        outputs, after = layer(packed.data, sizes, state)
    assert outputs.requires_grad == learns
    clips = {"cell_clip": cell_clip, "proj_clip": projection_clip}
    for row, (found, given_inputs) in enumerate(zip(rows_of(outputs, sizes), inputs, strict=True)):
        cell, output = state.cell[row].numpy(), state.output[row].numpy()
        for step, x in enumerate(given_inputs.numpy()):
            cell, output = lstm_step(x, cell, output, official(layer), NAME, clips)
            np.testing.assert_allclose(found[step].detach(), output, rtol=0, atol=1e-12)
        np.testing.assert_allclose(after.cell[row].detach(), cell, rtol=0, atol=1e-12)
        np.testing.assert_allclose(after.output[row].detach(), output, rtol=0, atol=1e-12)
    assert torch.equal(after.cell[len(inputs) :], state.cell[len(inputs) :])
    assert torch.equal(after.output[len(inputs) :], state.output[len(inputs) :])


def test_steps_one_by_one_are_the_whole():
    layer = layer_of(cell_clip=0.5, projection_clip=0.3)
    inputs, sizes = torch.randn(6, INPUT, dtype=torch.float64), [3, 2, 1]
    whole, whole_state = layer(inputs, sizes, random := random_state(layer, 3))
    parts, state = [], random
    for size, step in zip(sizes, inputs.split(sizes), strict=True):
        output, state = layer(step, [size], state)
        parts.append(output)
    torch.testing.assert_close(torch.cat(parts), whole)
    torch.testing.assert_close(state, whole_state)


def test_the_caller_keeps_what_it_gave():
    """Clipping and the carried state work in place, but never on the caller's tensors."""
    for projects in (True, False):
        layer = layer_of(projects, 0.3, 0.2)
        inputs, state = torch.randn(5, INPUT, dtype=torch.float64), random_state(layer, 3)
        copies = [tensor.clone() for tensor in (inputs, *state)]
        outputs, after = layer(inputs, [3, 2], state)
        (outputs.sum() + after.output.sum() + after.cell.sum()).backward()
        assert all(torch.equal(*pair) for pair in zip((inputs, *state), copies, strict=True))
        assert not set(map(Tensor.data_ptr, after)) & set(map(Tensor.data_ptr, state))


@torch.no_grad()
def test_nothing_is_written_where_nothing_is_learned():
    for projects in (True, False):
        layer = layer_of(projects, 0.3, 0.2)
        inputs, state = torch.randn(5, INPUT, dtype=torch.float64), random_state(layer, 3)
        copies = [tensor.clone() for tensor in (inputs, *state, *layer.parameters())]
        _, after = layer(inputs, [3, 2], state)
        given = (inputs, *state, *layer.parameters())
        assert all(torch.equal(*pair) for pair in zip(given, copies, strict=True))
        assert not set(map(Tensor.data_ptr, after)) & set(map(Tensor.data_ptr, state))


@torch.no_grad()
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_loop_without_python_gives_the_same_bits(dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch):
    """With sums so long that the library makes them in parts, and after TorchScript has warmed up."""
    layer = ProjectedLSTM(INPUT, 1024, 512, 0.5, 0.3)
    inputs, sizes = torch.randn(14, INPUT, dtype=dtype), [6, 5, 2, 1]
    state = layer.zero_state(6, dtype)
    scripted = [layer(inputs, sizes, state) for _ in range(4)]
    monkeypatch.setattr(recurrence, "_loop_without_python", recurrence._loop)
    wanted = layer(inputs, sizes, state)
    for found in scripted:
        torch.testing.assert_close(found, wanted, rtol=0, atol=0)


def test_changing_the_outputs_is_noticed_by_the_backward_pass():
    outputs, _ = layer_of()(torch.randn(2, INPUT, dtype=torch.float64), [1, 1], random_state(layer_of(), 1))
    loss = outputs.sum()
    with torch.no_grad():
        outputs.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize("batch", [0, 2])
def test_no_steps_leave_the_state_as_it_is(batch: int):
    layer = layer_of()
    state = LSTMState(*(part.requires_grad_() for part in random_state(layer, batch)))
    outputs, after = layer(torch.zeros(0, INPUT, dtype=torch.float64), [], state)
    assert outputs.shape == (0, OUTPUT)
    assert torch.equal(after.output, state.output)
    assert torch.equal(after.cell, state.cell)
    (after.output.sum() + after.cell.sum() + outputs.sum()).backward()
    assert torch.equal(state.output.grad, torch.ones(batch, OUTPUT, dtype=torch.float64))
    assert torch.equal(state.cell.grad, torch.ones(batch, CELLS, dtype=torch.float64))


@pytest.mark.parametrize(
    ("dtype", "cell_dtype"),
    [
        (torch.float64, torch.float64),
        (torch.float32, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float16, torch.float32),
    ],
)
def test_number_formats_of_state_and_outputs(dtype: torch.dtype, cell_dtype: torch.dtype):
    layer = ProjectedLSTM(INPUT, CELLS, OUTPUT, 3.0, 3.0)
    if dtype == torch.float64:
        layer = layer.double()
    state = layer.zero_state(2, dtype)
    assert layer.zero_state(2).output.dtype == layer.bias.dtype
    outputs, after = layer(torch.randn(3, INPUT, dtype=dtype), [2, 1], state)
    assert (outputs.dtype, state.output.dtype, after.output.dtype) == (dtype,) * 3
    assert (state.cell.dtype, after.cell.dtype) == (cell_dtype,) * 2
    (outputs.sum() + after.cell.sum()).backward()
    assert layer.weight_hidden.grad.dtype == layer.weight_hidden.dtype


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 0.03), (torch.float16, 0.004)])
def test_half_precision_stays_close_in_values_and_gradients(dtype: torch.dtype, tolerance: float):
    layer = layer_of(cell_clip=0.8, projection_clip=0.7).float()
    inputs, sizes = torch.randn(40, INPUT), [4] * 10
    grads, values = [], []
    for kind in (torch.float32, dtype):
        layer.zero_grad()
        outputs, state = layer(inputs.to(kind), sizes, layer.zero_state(4, kind))
        (outputs.float().square().sum() + state.cell.sum()).backward()
        values.append(outputs.float())
        grads.append(torch.cat([parameter.grad.flatten() for parameter in layer.parameters()]))
    torch.testing.assert_close(values[1], values[0], rtol=0, atol=tolerance)
    assert torch.cosine_similarity(*grads, dim=0) > 1 - tolerance


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_bounds_that_no_short_number_holds_still_cut_gradients(dtype: torch.dtype):
    """0.1 is rounded on the way, to each format differently; a clipped place must be known all the same."""
    layer = layer_of(cell_clip=0.1, projection_clip=0.1).to(torch.promote_types(dtype, torch.float32))
    with torch.no_grad():
        layer.weight_projection.mul_(1000)
        layer.bias.fill_(6.0)
    inputs = torch.randn(4, INPUT, dtype=dtype, requires_grad=True)
    state = layer.zero_state(4, dtype)
    state.cell.requires_grad_()
    outputs, after = layer(inputs, [4], state)
    for part in (outputs, after.cell):
        assert part.double().abs().min() > 0.099, "this test wants every number at its bound"
    (outputs.sum() + after.cell.sum()).backward()
    assert not inputs.grad.any()
    assert not state.cell.grad.any()


def test_gradients_are_made_on_the_device_of_the_layer():
    layer = layer_of().to("meta")
    inputs = torch.zeros(3, INPUT, dtype=torch.float64, device="meta", requires_grad=True)
    outputs, _ = layer(inputs, [2, 1], layer.zero_state(2))
    outputs.sum().backward()
    assert inputs.grad.is_meta
    assert layer.weight_projection.grad.is_meta


def test_without_gradients_nothing_is_kept_for_them(monkeypatch: pytest.MonkeyPatch):
    saved = []
    save = torch.autograd.function.FunctionCtx.save_for_backward
    monkeypatch.setattr(
        torch.autograd.function.FunctionCtx,
        "save_for_backward",
        lambda ctx, *tensors: (saved.append(len(tensors)), save(ctx, *tensors))[1],
    )
    layer, inputs = layer_of(), torch.randn(3, INPUT, dtype=torch.float64)
    with torch.no_grad():
        layer(inputs, [2, 1], layer.zero_state(2))
    assert not saved
    layer(inputs, [2, 1], layer.zero_state(2))
    assert saved


def test_second_derivatives_are_refused():
    layer = layer_of()
    outputs, _ = layer(torch.randn(2, INPUT, dtype=torch.float64), [1, 1], layer.zero_state(1))
    (gradient,) = torch.autograd.grad(outputs.square().sum(), layer.bias, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


def test_initial_values_are_those_of_tensorflow():
    layer = ProjectedLSTM(20, 64, 20, 3.0, 3.0)
    bound = math.sqrt(6 / (40 + 4 * 64))
    for weight in (layer.weight_input, layer.weight_hidden):
        assert 0.95 * bound < weight.abs().max() <= bound
    assert not layer.bias.any()
    assert layer.weight_projection.abs().max() <= math.sqrt(6 / 84)
    assert all(not part.any() for part in layer.zero_state(3))


def test_compiled_cells_change_nothing_but_rounding(monkeypatch: pytest.MonkeyPatch):
    """Whether compiled functions are called where they should; `torch.compile` is not run here."""
    calls = []

    def remember(function, *, dynamic):
        def compiled(*arguments):
            calls.append(function.__name__)
            return function(*arguments)

        return compiled

    monkeypatch.setattr(cells, "_COMPILED", {})
    monkeypatch.setattr(torch, "compile", remember)
    layer, inputs = layer_of(), torch.randn(3, INPUT, dtype=torch.float64)
    plain, _ = layer(inputs, [2, 1], layer.zero_state(2))
    cells.compile_cells()
    cells.compile_cells()
    outputs, _ = layer(inputs, [2, 1], layer.zero_state(2))
    outputs.sum().backward()
    assert torch.equal(outputs, plain)
    assert calls == ["cell_forward"] * 2 + ["cell_backward"] * 2


def test_outputs_before_are_shifted_by_one_step_in_each_row():
    lengths = [4, 3, 3, 1]
    rows = [torch.tensor([[10.0 * row + step] for step in range(n)]) for row, n in enumerate(lengths)]
    first = torch.tensor([[-1.0], [-2.0], [-3.0], [-4.0], [-5.0]])
    packed = pack_sequence(rows)
    sizes = packed.batch_sizes.tolist()
    assert all(size >= following for size, following in pairwise(sizes))
    before = rows_of(recurrence._outputs_before(first, packed.data, sizes), sizes)
    for row, found in enumerate(before):
        assert torch.equal(found, torch.cat([first[row : row + 1], rows[row][:-1]]))
