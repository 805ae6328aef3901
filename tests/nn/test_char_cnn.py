"""Characters to word vectors: the reference, gradients, and what must not matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.func import functional_call

from elmo_core.config import CharCNNConfig
from elmo_core.nn.char_cnn import CharCNN
from elmo_core.text.characters import PAD, word_lengths, words_to_ids
from tests.nn.official_layout import char_cnn_config_of, options_of, state_dict_of
from tests.reference import character_ids, random_weights, token_vector

WORDS = [
    "The",
    "",
    "\u00e9t\u00e9",
    "\U0001f600\U0001f601",
    "a" * 48,
    "b" * 99,
    "<S>",
    "</S>",
    "<UNK>",
    "\x00",
    ".",
]
VARIANTS: dict[str, dict[str, Any]] = {
    "relu": {},
    "tanh": {"activation": "tanh"},
    "no highway": {"n_highway": 0},
    "no projection": {"filters": [[1, 1], [3, 3]], "n_highway": 1},
    "one filter as wide as a word": {"filters": [[50, 5]]},
}


def _encoder(variant: dict[str, Any], dtype: torch.dtype = torch.float64) -> tuple[CharCNN, dict[str, Any]]:
    """An encoder with random weights, and the reference's weights and options for it."""
    options = options_of(char_cnn=variant)
    weights = random_weights(options, np.random.default_rng(0))
    encoder = CharCNN(char_cnn_config_of(options["char_cnn"]), 4).to(dtype)
    ours = {name: torch.from_numpy(value) for name, value in state_dict_of(weights, 4).items()}
    prefix = "char_cnn."
    encoder.load_state_dict(
        {name.removeprefix(prefix): value for name, value in ours.items() if name.startswith(prefix)}
    )
    return encoder, {"weights": weights, "options": options}


def _ids(words: list[str]) -> Tensor:
    return torch.from_numpy(words_to_ids(words))


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-11), (torch.float32, 1e-5)])
@pytest.mark.parametrize("variant", VARIANTS)
def test_agrees_with_the_reference(variant: str, dtype: torch.dtype, tolerance: float):
    encoder, given_reference = _encoder(VARIANTS[variant], dtype)
    wanted = [token_vector(character_ids(word), **given_reference) for word in WORDS]
    np.testing.assert_allclose(encoder(_ids(WORDS)).detach(), wanted, rtol=0, atol=tolerance)


def test_a_masked_token_reads_the_row_of_zeros():
    encoder, given_reference = _encoder({})
    wanted = token_vector([0] * 50, **given_reference)
    found = encoder(torch.zeros(1, 50, dtype=torch.int16))[0].detach()
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-11)


@pytest.mark.parametrize("variant", ["relu", "tanh", "no highway", "no projection"])
def test_all_gradients(variant: str):
    """Windows that hold PAD alone tie for the maximum: the derivative must still be right."""
    changes = {"filters": [[1, 2], [3, 2]], "embedding": {"dim": 2}, "n_highway": 1} | VARIANTS[variant]
    encoder = CharCNN(char_cnn_config_of(options_of(char_cnn=changes)["char_cnn"]), 4).double()
    for parameter in encoder.parameters():
        torch.nn.init.normal_(parameter, std=0.6)
    names, parameters = zip(*encoder.named_parameters(), strict=True)
    used = torch.tensor([[259, 5, 7, 260, 261, 261, 261], [259, 260, 261, 261, 261, 261, 261]])
    rows = used.unique()  # a small table of them alone: the others have no gradient, see the next test
    ids = torch.searchsorted(rows, used)

    def encode(*values: Tensor) -> Tensor:
        given_values = dict(zip(names, values, strict=True))
        return functional_call(encoder, given_values, (ids,))

    arguments = [value.detach().clone().requires_grad_() for value in parameters]
    arguments[names.index("embedding")] = encoder.embedding.detach()[rows].requires_grad_()
    assert torch.autograd.gradcheck(encode, arguments)


def test_only_characters_that_occur_have_a_gradient():
    encoder, _ = _encoder({})
    ids = _ids(["ab", "b"])
    encoder(ids).square().sum().backward()
    touched = encoder.embedding.grad.abs().sum(dim=1).nonzero().flatten()
    assert set(touched.tolist()) <= set(ids.unique().tolist())
    assert PAD in touched


@settings(max_examples=30, deadline=None)
@given(words=st.lists(st.text(max_size=60), min_size=1, max_size=5), more=st.integers(0, 50))
@example(words=["a" * 43, "b"], more=0)  # needs exactly the last column
@example(words=["\u6f22" * 20], more=1)
def test_columns_of_padding_beyond_those_needed_change_nothing(words: list[str], more: int):
    encoder, _ = _encoder({"filters": [[1, 3], [2, 4], [7, 3]]})
    ids = words_to_ids(words)
    needed = encoder.columns_needed(int(word_lengths(ids).max()))
    columns = min(50, needed + more)
    narrow, wide = encoder(torch.from_numpy(ids[:, :columns])), encoder(torch.from_numpy(ids))
    torch.testing.assert_close(narrow, wide, rtol=0, atol=1e-13)


def test_columns_needed_are_not_too_many():
    """One column fewer loses the window of PAD alone, or a character: then the result may change."""
    encoder, _ = _encoder({"filters": [[3, 8]], "n_highway": 0})
    ids = _ids(["ab"])
    assert encoder.columns_needed(4) == 7
    assert encoder.columns_needed(48) == 50
    with torch.no_grad():
        encoder.embedding[PAD] = 9 * encoder.filters[0].view(3, 3, 8)[:, :, 0].mean(dim=0)
    assert (encoder(ids[:, :7]) - encoder(ids)).abs().max() < 1e-12
    assert (encoder(ids[:, :6]) - encoder(ids)).abs().max() > 1e-3


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=55), min_size=1, max_size=8))
def test_a_word_does_not_depend_on_its_batch_mates(words: list[str]):
    encoder, _ = _encoder({})
    together = encoder(_ids(words))
    alone = torch.cat([encoder(_ids([word])) for word in words])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-13)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=55), max_size=25))
def test_words_in_groups_of_length_are_the_same_words(words: list[str]):
    encoder, _ = _encoder({})
    ids = words_to_ids(words)
    found = encoder.encode_words(torch.from_numpy(ids), torch.from_numpy(word_lengths(ids)))
    torch.testing.assert_close(found, encoder(torch.from_numpy(ids)), rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    "arrange",
    [
        lambda ids: ids.t().contiguous().t(),
        lambda ids: ids.long().t().contiguous().t(),
        lambda ids: ids.repeat_interleave(2, dim=0)[::2],
        lambda ids: torch.cat([ids, ids], dim=1)[:, :50],
        lambda ids: ids[:1].expand(len(ids), -1).clone().copy_(ids),
    ],
    ids=["by columns", "by columns int64", "every second row", "part of wider rows", "copied"],
)
def test_the_layout_in_memory_does_not_matter(arrange: Any):
    encoder, _ = _encoder({})
    ids = _ids(["the", "bank", "of", "x"])
    assert torch.equal(encoder(arrange(ids)), encoder(ids))


def test_no_words_give_no_vectors():
    for variant in ("relu", "no projection"):
        encoder, _ = _encoder(VARIANTS[variant])
        vectors = encoder(_ids([]))
        vectors.sum().backward()
        assert vectors.shape == (0, 4)
        assert not encoder.embedding.grad.any()


def test_bfloat16_stays_close():
    encoder, _ = _encoder({}, torch.float32)
    found = encoder(_ids(WORDS), torch.bfloat16)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), encoder(_ids(WORDS)), rtol=0, atol=0.05)


def test_without_gradients_nothing_is_kept_for_them(monkeypatch: pytest.MonkeyPatch):
    def refuse(ctx: Any, *tensors: Tensor) -> None:
        raise AssertionError("something was saved for a backward pass")

    encoder, _ = _encoder({})
    wanted = encoder(_ids(WORDS)).detach()
    monkeypatch.setattr(torch.autograd.function.FunctionCtx, "save_for_backward", refuse)
    with torch.no_grad():
        assert torch.equal(encoder(_ids(WORDS)), wanted)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_initial_values_are_those_of_bilm_tf(activation: Any):
    config = CharCNNConfig(filters=((1, 32), (3, 512)), n_highway=1, activation=activation)
    encoder = CharCNN(config, 64)
    assert not encoder.embedding[0].any()
    assert 0.99 < encoder.embedding.abs().max() <= 1
    wide = encoder.filters[1]
    if activation == "relu":
        assert 0.049 < wide.abs().max() <= 0.05
    else:
        assert wide.std().item() == pytest.approx((3 * 16) ** -0.5, rel=0.03)
    assert encoder.projection.weight.std().item() == pytest.approx(544**-0.5, rel=0.03)
    assert not any(bias.any() for bias in [*encoder.biases, encoder.projection.bias])
