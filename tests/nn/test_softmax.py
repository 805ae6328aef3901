"""The softmax over words, full and sampled: values, gradients, number formats."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from elmo_core.nn import softmax
from elmo_core.nn.softmax import WordSample, WordSoftmax, log_uniform_sample
from tests.reference import expected_count, log_softmax, sampled_softmax_losses

N_WORDS, DIM = 30, 5
TARGETS = torch.tensor([0, 3, 3, 29, 7, 1, 0, 12])


@pytest.fixture
def words() -> WordSoftmax:
    layer = WordSoftmax(N_WORDS, DIM)
    torch.nn.init.normal_(layer.bias)
    return layer


@pytest.fixture
def context() -> Tensor:
    return torch.randn(len(TARGETS), DIM)


@pytest.fixture
def sample() -> WordSample:
    """Some targets are drawn too, some are not."""
    drawn = log_uniform_sample(N_WORDS, 10, np.random.default_rng(3))
    hit = torch.isin(TARGETS, drawn.words)
    assert hit.any()
    assert not hit.all()
    return drawn


def _arrays(layer: WordSoftmax, context: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    tensors = (context, layer.weight, layer.bias)
    one, two, three = (tensor.detach().double().numpy() for tensor in tensors)
    return one, two, three


def test_logits_agree_with_the_reference_in_float64(words: WordSoftmax, context: Tensor):
    wanted = log_softmax(*_arrays(words, context))
    found = words.double()(context.double()).log_softmax(dim=1)
    np.testing.assert_allclose(found.detach(), wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("block", [1, 3 * N_WORDS, 1 << 24], ids=["one token", "three tokens", "all"])
def test_log_probability_in_blocks(
    words: WordSoftmax, context: Tensor, block: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(softmax, "_LOGITS_PER_BLOCK", block)
    wanted = log_softmax(*_arrays(words, context))[np.arange(len(TARGETS)), TARGETS]
    found = words.log_probability(context, TARGETS)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.detach(), wanted, rtol=0, atol=1e-5)
    assert words.full_loss(context, TARGETS).item() == pytest.approx(-wanted.mean(), abs=1e-5)


def test_no_tokens_have_no_probabilities(words: WordSoftmax):
    found = words.log_probability(torch.empty(0, DIM), torch.empty(0, dtype=torch.int64))
    assert (found.shape, found.dtype) == ((0,), torch.float32)


def test_sampled_loss_agrees_with_the_reference(words: WordSoftmax, context: Tensor, sample: WordSample):
    arrays, words_drawn = _arrays(words, context), sample.words.tolist()
    wanted = sampled_softmax_losses(
        arrays[0], TARGETS.tolist(), words_drawn, sample.tries, arrays[1], arrays[2]
    )
    assert words.sampled_loss(context, TARGETS, sample).item() == pytest.approx(wanted.mean(), abs=1e-5)


def test_sampled_loss_where_every_draw_is_the_target(words: WordSoftmax):
    """Then there is nothing to tell the target from: no loss, no gradient, no NaN."""
    context = torch.randn(2, DIM, requires_grad=True)
    loss = words.sampled_loss(context, torch.tensor([4, 4]), WordSample(torch.tensor([4]), 1))
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert context.grad.abs().max() < 1e-6


def _plain_sampled_loss(layer: WordSoftmax, context: Tensor, sample: WordSample) -> Tensor:
    """The same loss as small operations under autograd, in the format of the layer."""
    dtype = layer.weight.dtype

    def corrected(ids: Tensor) -> Tensor:
        counts = [expected_count(int(word), sample.tries, N_WORDS) for word in ids]
        return layer.bias[ids] - torch.tensor([math.log(count) for count in counts], dtype=dtype)

    true = (context * layer.weight[TARGETS]).sum(dim=1) + corrected(TARGETS)
    others = context @ layer.weight[sample.words].t() + corrected(sample.words)
    others = others.masked_fill(TARGETS[:, None] == sample.words, -math.inf)
    logits = torch.cat([true[:, None], others], dim=1)
    return functional.cross_entropy(logits, torch.zeros(len(TARGETS), dtype=torch.int64))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sampled_gradients_agree_with_plain_autograd(
    words: WordSoftmax, context: Tensor, sample: WordSample, dtype: torch.dtype
):
    layer, inputs = words.to(dtype), context.to(dtype).requires_grad_()
    (3 * _plain_sampled_loss(layer, inputs, sample)).backward()
    wanted = [tensor.grad.clone() for tensor in (inputs, layer.weight, layer.bias)]
    inputs.grad = layer.weight.grad = layer.bias.grad = None
    (3 * layer.sampled_loss(inputs, TARGETS, sample)).backward()
    assert layer.weight.grad.is_sparse
    found = [inputs.grad, layer.weight.grad.to_dense(), layer.bias.grad]
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)


def test_sampled_gradient_has_the_rows_of_drawn_words_and_targets_alone(
    words: WordSoftmax, context: Tensor, sample: WordSample
):
    words.sampled_loss(context, TARGETS, sample).backward()
    rows = words.weight.grad.coalesce().indices()[0]
    assert set(rows.tolist()) == set(sample.words.tolist()) | set(TARGETS.tolist())


def test_sampled_loss_in_bfloat16_stays_close(words: WordSoftmax, context: Tensor, sample: WordSample):
    results = []
    for dtype in (torch.float32, torch.bfloat16):
        words.zero_grad()
        inputs = context.to(dtype, copy=True).requires_grad_()
        loss = words.sampled_loss(inputs, TARGETS, sample)
        loss.backward()
        assert (loss.dtype, inputs.grad.dtype) == (torch.float32, dtype)
        assert words.weight.grad.dtype == torch.float32
        results.append((loss, inputs.grad.float(), words.weight.grad.to_dense(), words.bias.grad))
    torch.testing.assert_close(results[1], results[0], rtol=0, atol=0.02)


def test_sampled_loss_without_gradients_is_the_same_number(
    words: WordSoftmax, context: Tensor, sample: WordSample
):
    wanted = words.sampled_loss(context, TARGETS, sample).item()
    with torch.no_grad():
        assert words.sampled_loss(context, TARGETS, sample).item() == wanted


def test_drawing_more_words_approaches_the_full_softmax(words: WordSoftmax, context: Tensor):
    """With all words but one drawn after many tries the correction vanishes."""
    full = sampled_softmax_losses(
        *_arrays(words, context)[:1], TARGETS.tolist(), range(N_WORDS), 10**6, *_arrays(words, context)[1:]
    )
    assert words.full_loss(context, TARGETS).item() == pytest.approx(full.mean(), abs=1e-5)
    everything = WordSample(torch.arange(N_WORDS), 10**6)
    assert words.sampled_loss(context, TARGETS, everything).item() == pytest.approx(full.mean(), abs=1e-5)


def test_initial_values():
    layer = WordSoftmax(2000, 16)
    assert layer.weight.std().item() == pytest.approx(0.25, rel=0.03)
    assert not layer.bias.any()
