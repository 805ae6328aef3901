"""Settings: JSON both ways, and one clear sentence for everything impossible."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.exceptions import ConfigError

CLIPS = st.none() | st.floats(1e-6, 1e6)
CHAR_CNNS = st.builds(
    CharCNNConfig,
    embedding_dim=st.integers(1, 64),
    filters=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 99)), min_size=1, max_size=5).map(tuple),
    activation=st.sampled_from(["relu", "tanh"]),
    n_highway=st.integers(0, 3),
    max_characters=st.integers(3, 80),
)

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@st.composite
def bilms(draw: st.DrawFn) -> BiLMConfig:
    lstm_dim = draw(st.integers(1, 5000))
    return BiLMConfig(
        lstm_dim=lstm_dim,
        projection_dim=draw(st.integers(1, lstm_dim)),
        n_layers=draw(st.integers(1, 4)),
        cell_clip=draw(CLIPS),
        projection_clip=draw(CLIPS),
        use_skip_connections=draw(st.booleans()),
        char_cnn=draw(st.none() | CHAR_CNNS),
        n_words=draw(st.integers(4, 10**6)),
        has_softmax=draw(st.booleans()),
    )


@given(bilms())
def test_json_gives_back_the_same_settings(config: BiLMConfig):
    assert BiLMConfig.from_json(config.to_json()) == config
    assert BiLMConfig.from_dict(config.to_dict()) == config
    assert json.loads(config.to_json()) == json.loads(json.dumps(config.to_dict()))
    assert hash(BiLMConfig.from_json(config.to_json())) == hash(config)


@given(CHAR_CNNS)
def test_parts_go_to_json_on_their_own(config: CharCNNConfig):
    assert CharCNNConfig.from_json(config.to_json()) == config
    assert config.n_filters == sum(number for _, number in config.filters)


def test_the_defaults_are_the_published_model():
    config = BiLMConfig.from_json("{}")
    assert config == BiLMConfig()
    assert (config.lstm_dim, config.projection_dim, config.char_cnn.n_filters) == (4096, 512, 2048)
    assert (config.n_outputs, config.output_dim, config.has_projection) == (3, 1024, True)
    assert not BiLMConfig(lstm_dim=512).has_projection


def test_an_integer_stands_for_a_float_but_not_the_reverse():
    config = BiLMConfig.from_json('{"cell_clip": 3, "projection_clip": null}')
    assert (config.cell_clip, type(config.cell_clip), config.projection_clip) == (3.0, float, None)


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        BiLMConfig.tiny().lstm_dim = 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lstm_dim": 0}, "lstm_dim must be positive, got 0"),
        ({"projection_dim": -1}, "projection_dim must be positive, got -1"),
        ({"n_layers": 0}, "n_layers must be positive, got 0"),
        ({"lstm_dim": 8, "projection_dim": 9}, "projection_dim must not exceed lstm_dim=8, got 9"),
        ({"cell_clip": 0.0}, "cell_clip must be positive and finite, or null for no bound, got 0.0"),
        ({"projection_clip": -3.0}, "projection_clip must be positive and finite"),
        ({"cell_clip": float("inf")}, "cell_clip must be positive and finite"),
        ({"projection_clip": float("nan")}, "projection_clip must be positive and finite"),
        ({"has_softmax": True}, "n_words must be at least 4 here, got 0"),
        ({"char_cnn": None, "n_words": 3}, "n_words must be at least 4 here, got 3"),
        ({"n_words": -1}, "n_words must be at least 0 here, got -1"),
    ],
)
def test_impossible_models(changes: dict[str, Any], message: str):
    with pytest.raises(ConfigError, match=message):
        BiLMConfig(**changes)
    with pytest.raises(ConfigError, match=message):
        BiLMConfig.from_dict(changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"embedding_dim": 0}, "embedding_dim must be positive, got 0"),
        ({"filters": ()}, r"at least one convolution as \[width, number\]"),
        ({"filters": ((0, 4),)}, r"width from 1 to 50 .* got \[0, 4\]"),
        ({"filters": ((1, 4), (51, 4))}, r"got \[51, 4\]"),
        ({"filters": ((2, 0),)}, r"positive number of filters, got \[2, 0\]"),
        ({"filters": ((7, 4),), "max_characters": 6}, r"width from 1 to 6 .* got \[7, 4\]"),
        ({"n_highway": -1}, "n_highway must be 0 or more, got -1"),
        ({"filters": ((1, 4),), "max_characters": 2}, "max_characters must be at least 3, got 2"),
        ({"n_characters": 261}, r"n_characters must be 262 .* got 261"),
        ({"activation": "gelu"}, "activation must be one of .*relu.*tanh.* got '?gelu"),
    ],
)
def test_impossible_character_encoders(changes: dict[str, Any], message: str):
    with pytest.raises(ConfigError, match=message):
        CharCNNConfig(**changes)
    with pytest.raises(ConfigError, match=message):
        CharCNNConfig.from_dict(changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("{'lstm_dim': 3}", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"lstm_dim": 1' + "0" * 5000 + "}", "not JSON"),
        ("[]", "BiLMConfig must be a JSON object, got list"),
        ("null", "BiLMConfig must be a JSON object, got NoneType"),
        ('{"dim": 3, "cells": 4}', "BiLMConfig has no setting cells, dim; it has cell_clip, char_cnn, "),
        ('{"lstm_dim": 10.0}', "BiLMConfig.lstm_dim must be of type int, got 10.0"),
        ('{"lstm_dim": true}', "BiLMConfig.lstm_dim must be of type int, got True"),
        ('{"lstm_dim": null}', "BiLMConfig.lstm_dim must be of type int, got None"),
        ('{"cell_clip": "3"}', "BiLMConfig.cell_clip must be of type float, got '3'"),
        ('{"cell_clip": false}', "BiLMConfig.cell_clip must be of type float, got False"),
        ('{"cell_clip": 1e999}', "cell_clip must be positive and finite"),
        ('{"cell_clip": 1' + "0" * 400 + "}", "too large"),
        ('{"use_skip_connections": 1}', "use_skip_connections must be of type bool, got 1"),
        ('{"char_cnn": []}', "CharCNNConfig must be a JSON object, got list"),
        ('{"char_cnn": {"filter": []}}', "CharCNNConfig has no setting filter"),
        ('{"char_cnn": {"filters": 3}}', "CharCNNConfig.filters must be a list, got 3"),
        ('{"char_cnn": {"filters": [3]}}', "CharCNNConfig.filters must be a list, got 3"),
        ('{"char_cnn": {"filters": [[1]]}}', r"CharCNNConfig.filters must hold 2 values, got \[1\]"),
        ('{"char_cnn": {"filters": [[1, "4"]]}}', "CharCNNConfig.filters must be of type int, got '4'"),
        ('{"char_cnn": {"activation": ["relu"]}}', "CharCNNConfig.activation must be one of 'relu', 'tanh'"),
    ],
    ids=lambda value: value[:40],
)
def test_unusable_json(text: str, message: str):
    with pytest.raises(ConfigError, match=message):
        BiLMConfig.from_json(text)


@given(JSON, st.sampled_from([field.name for field in dataclasses.fields(BiLMConfig)]))
def test_a_value_is_accepted_or_refused_in_words(value: Any, name: str):
    try:
        BiLMConfig.from_json(json.dumps({name: value}))
    except ConfigError as error:
        assert str(error).endswith(".")


@dataclasses.dataclass(frozen=True)
class _Required(CharCNNConfig):
    """A setting without a default, as other areas may have."""

    note: str = dataclasses.field(kw_only=True)


def test_a_missing_setting_is_named():
    with pytest.raises(ConfigError, match=r"_Required: .*note"):
        _Required.from_json("{}")
