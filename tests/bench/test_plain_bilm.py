"""What the engine is measured against computes the same, and the ceiling makes all of its products."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from bench.ceiling import Ceiling
from bench.plain_bilm import PlainBiLM
from elmo_core.config import BiLMConfig
from elmo_core.embedder import Elmo
from elmo_core.weights.store import StoredModel
from elmo_core.weights.tiny import random_model, tiny_model

SENTENCES = [
    ["the", "bank", "raised", "its", "rates", "."],
    ["we", "sat", "there"],
    ["x" * 60],
    [],
    ["the", "river", "bank", ",", "quietly", ",", "é", "🙂", "."] * 3,
]


@pytest.mark.parametrize(
    "changes",
    [{}, {"use_skip_connections": False}, {"projection_dim": 32}, {"cell_clip": 0.2, "projection_clip": 0.1}],
)
def test_plain_equals_the_engine(changes):
    config = BiLMConfig.from_dict({**tiny_model().model.config.to_dict(), **changes})
    model = random_model(config, seed=1)
    engine = Elmo(StoredModel("random", model, None)).embed(SENTENCES)
    plain = PlainBiLM(model).embed(SENTENCES, batch_size=2)
    exact = PlainBiLM(copy.deepcopy(model).double()).embed(SENTENCES, batch_size=3)
    for ours, single, double in zip(engine, plain, exact, strict=True):
        np.testing.assert_allclose(ours.layers, single, atol=1e-5, rtol=0)
        np.testing.assert_allclose(ours.layers, double, atol=1e-5, rtol=0)
    assert (plain[0].dtype, exact[0].dtype) == (np.float32, np.float64)


def test_the_ceiling_makes_the_products_of_the_engine():
    """Counted by hand: 3 words (two are boundaries) in the CNN, then 2 steps in each direction."""
    model = tiny_model().model
    with torch.no_grad():
        operations = Ceiling(model).run([["river"]], 1)
    columns = 7 + 3  # "river" between its marks, and one window of padding
    convolutions = sum(16 * (columns - width + 1) * width * 4 * n for width, n in ((1, 4), (2, 8), (3, 16)))
    word_products = convolutions + 16 * (2 * 28 * 28 + 28 * 8)  # 3 words are filled up to 16 rows
    step = 4 * (8 * 128 + 32 * 8)  # a single row is filled up to 4
    lstms = 2 * 2 * (2 * step + 4 * 8 * 128)  # both steps are one product of the inputs
    assert operations == 2 * (word_products + lstms)
