"""The built-in model: always the same, lively enough to test on, and free."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elmo_core.config import BiLMConfig
from elmo_core.text.vocabulary import SPECIALS
from elmo_core.weights.tiny import WORDS, tiny_model
from tests.nn.official_layout import run

FIRST_OF_LAST = (0.42518776655197144, -0.09011919051408768, -0.25339972972869873)
"""Numbers of the last parameter but one, drawn after all others: any change of the weights shows here."""


def test_it_is_always_the_same_and_touches_no_random_state():
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index,union-attr]  # noqa: NPY002
    one, other = tiny_model(), tiny_model()
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)  # type: ignore[index]  # noqa: NPY002
    for name, value in one.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[name])
    first_of_last = one.model.state_dict()["softmax.weight"][0, :3].tolist()
    assert first_of_last == pytest.approx(FIRST_OF_LAST, rel=1e-6)


def test_it_is_what_it_says():
    stored = tiny_model()
    assert stored.model.config == BiLMConfig.tiny()
    assert stored.vocabulary is not None and stored.vocabulary.words == (*SPECIALS, *WORDS)
    assert len(set(WORDS)) == 197
    assert stored.about["format"] == "built-in"
    assert not stored.model.training
    assert {parameter.dtype for parameter in stored.model.parameters()} == {torch.float32}


def test_layers_differ_and_context_matters():
    first, second = ["<S>", "the", "bank", "of", "the", "river", "</S>"], ["<S>", "a", "bank", "</S>"]
    (one, other), _ = run(tiny_model().model, [first, second])
    for layers in (one, other):
        assert (layers.std(axis=(1, 2)) > 0.2).all() and np.abs(layers).max() < 10
        assert np.abs(layers[0] - layers[1]).max() > 0.1 and np.abs(layers[1] - layers[2]).max() > 0.1
        smallest = np.abs(layers[layers != 0]).min()
        assert smallest > np.finfo(np.float32).tiny
    assert np.abs(one[0, 2] - other[0, 2]).max() < 1e-6
    assert np.abs(one[1, 2] - other[1, 2]).max() > 0.05
    assert np.abs(one[2, 2] - other[2, 2]).max() > 0.05
