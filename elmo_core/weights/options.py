"""The official `options.json` to our settings and back.

Keys that are missing count as in bilm-tf: one layer, no clipping, no highway layer. `n_characters`
is not looked at, because the table itself shows it (training writes 261, inference 262).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from elmo_core.config import BiLMConfig
from elmo_core.exceptions import ConfigError, ModelError
from elmo_core.weights.store import JsonValue

TRAINING_DEFAULTS: Mapping[str, JsonValue] = {
    "bidirectional": True,
    "dropout": 0.1,
    "all_clip_norm_val": 10.0,
    "n_epochs": 10,
    "n_train_tokens": 0,
    "batch_size": 128,
    "unroll_steps": 20,
    "n_negative_samples_batch": 8192,
    "learning_rate": 0.2,
}
"""Keys that only bilm-tf's training reads, as in its `train_elmo.py`."""


def options_to_config(options: Mapping[str, JsonValue], n_words: int, where: Path) -> BiLMConfig:
    """Make settings of official options.

    Args:
        options: content of `options.json`.
        n_words: size of the vocabulary beside it; 0 = none.
        where: the file, for messages.

    Raises:
        ModelError: a key that bilm-tf requires is missing, or a value is of the wrong kind or impossible.
    """
    lstm = _section(options, "lstm", where)
    _require(lstm, "lstm", ("dim", "projection_dim", "use_skip_connections"), where)
    values: dict[str, Any] = {
        "lstm_dim": lstm["dim"],
        "projection_dim": lstm["projection_dim"],
        "n_layers": lstm.get("n_layers", 1),
        "cell_clip": lstm.get("cell_clip"),
        "projection_clip": lstm.get("proj_clip"),
        "use_skip_connections": lstm["use_skip_connections"],
        "char_cnn": _char_cnn(options, where),
        "n_words": n_words,
    }
    try:
        return BiLMConfig.from_dict(values)
    except ConfigError as error:
        raise ModelError(f"{where} cannot be used: {error}") from None


def _char_cnn(options: Mapping[str, JsonValue], where: Path) -> dict[str, Any] | None:
    if "char_cnn" not in options:
        return None
    cnn = _section(options, "char_cnn", where)
    _require(cnn, "char_cnn", ("embedding", "filters", "activation", "max_characters_per_token"), where)
    embedding = _section(cnn, "embedding", where)
    _require(embedding, "char_cnn.embedding", ("dim",), where)
    return {
        "embedding_dim": embedding["dim"],
        "filters": cnn["filters"],
        "activation": cnn["activation"],
        "n_highway": cnn.get("n_highway") or 0,
        "max_characters": cnn["max_characters_per_token"],
    }


def _section(parent: Mapping[str, JsonValue], key: str, where: Path) -> dict[str, JsonValue]:
    section = parent.get(key)
    if not isinstance(section, dict):
        raise ModelError(
            f"{where} has no section {key!r}, which official options must have; use the model's own file."
        )
    return section


def _require(section: Mapping[str, JsonValue], name: str, keys: tuple[str, ...], where: Path) -> None:
    for key in keys:
        if key not in section:
            raise ModelError(
                f"{where} lacks {key!r} in {name!r}, which bilm-tf requires; add it as it was trained."
            )


def config_to_options(
    config: BiLMConfig, training: Mapping[str, JsonValue] | None = None
) -> dict[str, JsonValue]:
    """Make official options of settings.

    Every key that bilm-tf or AllenNLP requires is there, both clips included (null = none).

    Args:
        config: the settings.
        training: values of training keys, where they are known; the others get the published model's.

    Raises:
        ModelError: `training` has a key that is not one of bilm-tf's training keys.
    """
    training = training or {}
    unknown = sorted(set(training) - set(TRAINING_DEFAULTS))
    if unknown:
        raise ModelError(
            f"bilm-tf has no training option {unknown[0]!r}; it has {', '.join(TRAINING_DEFAULTS)}."
        )
    lstm: dict[str, JsonValue] = {
        "dim": config.lstm_dim,
        "projection_dim": config.projection_dim,
        "n_layers": config.n_layers,
        "cell_clip": config.cell_clip,
        "proj_clip": config.projection_clip,
        "use_skip_connections": config.use_skip_connections,
    }
    options: dict[str, JsonValue] = {"lstm": lstm, "n_tokens_vocab": config.n_words, **TRAINING_DEFAULTS}
    if config.n_words:
        options["n_negative_samples_batch"] = min(8192, config.n_words - 1)
    options |= training
    if config.char_cnn:
        cnn = config.char_cnn
        options["char_cnn"] = {
            "activation": cnn.activation,
            "embedding": {"dim": cnn.embedding_dim},
            "filters": [[width, number] for width, number in cnn.filters],
            "max_characters_per_token": cnn.max_characters,
            "n_characters": cnn.n_characters,
            "n_highway": cnn.n_highway,
        }
    return options
