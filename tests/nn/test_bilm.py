"""The whole biLM, in every variant of the official options, against the reference."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from elmo_core.config import BiLMConfig
from elmo_core.exceptions import ConfigError
from elmo_core.nn.bilm import BACKWARD, FORWARD, BiLM
from tests.nn.official_layout import model_of, options_of, run
from tests.reference import States, bilm, random_weights

N_WORDS = 12
SENTENCES = (
    ("<S>", "The", "bank", "</S>"),
    ("<S>", "\u00dcber", "\U0001f600", "x" * 60, "", "river", ".", "</S>"),
    ("one",),
    ("<S>", "and", "again", "<S>", "</S>"),
)
WORD_SENTENCES = ((0, 5, 7, 1), (0, 3, 11, 3, 4, 9, 8, 1), (6,), (0, 2, 2, 10, 1))
VARIANTS: dict[str, dict[str, Any]] = {
    "published shape": options_of(),
    "no skip connections": options_of(use_skip_connections=False),
    "no projection of the LSTM": options_of(dim=4),
    "no projection of the characters": options_of(char_cnn={"filters": [[1, 1], [3, 3]]}),
    "no projection at all": options_of(dim=4, char_cnn={"filters": [[2, 4]]}),
    "one layer": options_of(n_layers=1),
    "three layers": options_of(n_layers=3),
    "no highway": options_of(char_cnn={"n_highway": 0}),
    "one highway": options_of(char_cnn={"n_highway": 1}),
    "tanh": options_of(char_cnn={"activation": "tanh"}),
    "no clips": options_of(cell_clip=None, proj_clip=None),
    "cell clip bites": options_of(cell_clip=0.2, proj_clip=None),
    "projection clip bites": options_of(cell_clip=None, proj_clip=0.1),
    "both clips bite, three layers": options_of(cell_clip=0.3, proj_clip=0.1, n_layers=3),
    # TensorFlow clips the projected output only: without a projection that clip does nothing
    "projection clip without projection": options_of(dim=4, proj_clip=0.1, use_skip_connections=False),
    "word ids": options_of(has_characters=False),
    "word ids, no projection": options_of(has_characters=False, dim=4, cell_clip=0.3),
}


def _sentences(options: dict[str, Any]) -> tuple[tuple[Any, ...], ...]:
    return SENTENCES if "char_cnn" in options else WORD_SENTENCES


def _carried_states(options: dict[str, Any], generator: np.random.Generator) -> States:
    """States of one row more than there are sentences."""
    lstm, rows = options["lstm"], len(SENTENCES) + 1
    bound = (lstm["cell_clip"] or 1.0) / 2
    return [
        [
            (
                generator.uniform(-bound, bound, (rows, lstm["dim"])),
                generator.uniform(-0.1, 0.1, (rows, lstm["projection_dim"])),
            )
            for _ in range(lstm["n_layers"])
        ]
        for _ in range(2)
    ]


@cache
def _wanted(
    name: str, carried: bool
) -> tuple[dict[str, np.ndarray], States | None, list[np.ndarray], States]:
    """Weights, states before, and what the reference makes of them."""
    options, generator = VARIANTS[name], np.random.default_rng(1)
    weights = random_weights(options, generator, N_WORDS)
    before = _carried_states(options, generator) if carried else None
    return weights, before, *bilm(weights, options, _sentences(options), before)


@pytest.mark.parametrize("carried", [False, True], ids=["zero", "carried"])
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)], ids=["float64", "float32"]
)
@pytest.mark.parametrize("name", VARIANTS)
def test_agrees_with_the_reference(name: str, dtype: torch.dtype, tolerance: float, carried: bool):
    options = VARIANTS[name]
    weights, before, wanted, wanted_states = _wanted(name, carried)
    model = model_of(weights, options, dtype, N_WORDS)
    found, states = run(model, _sentences(options), before)
    for sentence, layers in zip(found, wanted, strict=True):
        np.testing.assert_allclose(sentence, layers, rtol=0, atol=tolerance)
    for found_direction, wanted_direction in zip(states, wanted_states, strict=True):
        for found_state, wanted_state in zip(found_direction, wanted_direction, strict=True):
            np.testing.assert_allclose(found_state[0], wanted_state[0], rtol=0, atol=tolerance)
            np.testing.assert_allclose(found_state[1], wanted_state[1], rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("name", "clip", "has_effect"),
    [
        ("cell clip bites", "cell_clip", True),
        ("projection clip bites", "proj_clip", True),
        ("projection clip without projection", "proj_clip", False),
    ],
)
def test_the_clips_of_the_variants_bite(name: str, clip: str, has_effect: bool):
    weights, _, clipped, _ = _wanted(name, False)
    options = VARIANTS[name]
    free, _ = bilm(weights, {**options, "lstm": options["lstm"] | {clip: None}}, SENTENCES)
    changes = [np.abs(one - other).max() for one, other in zip(clipped, free, strict=True)]
    assert (max(changes) > 0.01) == has_effect


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 0.05), (torch.float16, 0.01)])
@pytest.mark.parametrize("name", ["published shape", "both clips bite, three layers", "word ids"])
def test_half_precision_stays_close(name: str, dtype: torch.dtype, tolerance: float):
    options = VARIANTS[name]
    weights, _, wanted, _ = _wanted(name, False)
    found, _ = run(model_of(weights, options, torch.float32, N_WORDS), _sentences(options), dtype=dtype)
    for sentence, layers in zip(found, wanted, strict=True):
        np.testing.assert_allclose(sentence, layers, rtol=0, atol=tolerance)


def test_dropout_is_applied_to_the_residual_path_too():
    options = VARIANTS["published shape"]
    model = model_of(_wanted("published shape", False)[0], options, torch.float64)
    tokens, nothing = torch.randn(3, 4, dtype=torch.float64), torch.zeros(3, 4, dtype=torch.float64)
    states = model.zero_states(2)
    evaluated, _ = model.run_direction(FORWARD, tokens, [2, 1], states, dropout=1.0)
    torch.testing.assert_close(evaluated, model.run_direction(FORWARD, tokens, [2, 1], states)[0])
    outputs, _ = model.train().run_direction(FORWARD, tokens, [2, 1], states, dropout=1.0)
    for layer, output in zip(model.directions[FORWARD], outputs, strict=True):
        torch.testing.assert_close(output, layer(nothing, [2, 1], layer.zero_state(2))[0])


def test_directions_have_their_own_weights_and_share_the_characters():
    model = BiLM(BiLMConfig.tiny())
    first, second = (model.directions[direction] for direction in (FORWARD, BACKWARD))
    assert not {id(p) for p in first.parameters()} & {id(p) for p in second.parameters()}
    assert sum(name.startswith("char_cnn.embedding") for name, _ in model.named_parameters()) == 1


def test_a_wrong_number_of_states_is_refused():
    model = BiLM(BiLMConfig.tiny())
    with pytest.raises(ValueError, match="zip"):
        model.run_direction(FORWARD, torch.zeros(1, 8), [1], model.zero_states(1)[:1])


def test_word_input_has_no_characters_and_gives_the_rows_of_its_table():
    model = BiLM(BiLMConfig(lstm_dim=6, projection_dim=4, char_cnn=None, n_words=9))
    assert model.char_cnn is None
    vectors = model.encode(torch.tensor([3, 0], dtype=torch.int32), torch.bfloat16)
    torch.testing.assert_close(vectors, model.word_embedding.weight[[3, 0]].bfloat16())


def test_softmax_only_where_there_is_one():
    assert BiLM(BiLMConfig.tiny()).require_softmax().weight.shape == (200, 8)
    without = BiLM(BiLMConfig(lstm_dim=6, projection_dim=4, char_cnn=None, n_words=9))
    with pytest.raises(ConfigError, match="no softmax"):
        without.require_softmax()
