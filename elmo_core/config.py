"""Settings as frozen dataclasses that check themselves and go to JSON and back."""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from dataclasses import dataclass
from typing import Any, Literal, Self

from elmo_core.exceptions import ConfigError

N_CHARACTERS = 262
"""Rows of the official table of characters: the bytes, five marks and the mask."""
MAX_CHARACTERS = 50
"""Character ids of a word in the official models, both marks included."""

Activation = Literal["relu", "tanh"]


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ConfigError(message)


class JsonConfig:
    """Base of all settings: strict JSON both ways, nested dataclasses included."""

    def to_dict(self) -> dict[str, Any]:
        """Settings as plain JSON values."""
        return dataclasses.asdict(self)  # type: ignore[call-overload,no-any-return]

    def to_json(self) -> str:
        """Settings as indented JSON text."""
        return json.dumps(self.to_dict(), indent=2) + "\n"

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Make settings of JSON values.

        Raises:
            ConfigError: a key is unknown or missing, or a value is of the wrong kind or out of range.
        """
        name = cls.__name__
        _require(isinstance(values, dict), f"{name} must be a JSON object, got {type(values).__name__}.")
        known = {field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        unknown = sorted(set(values) - known)
        has = ", ".join(sorted(known))
        _require(not unknown, f"{name} has no setting {', '.join(unknown)}; it has {has}.")
        hints = typing.get_type_hints(cls)
        try:
            return cls(**{key: _convert(value, hints[key], f"{name}.{key}") for key, value in values.items()})
        except (TypeError, OverflowError) as error:  # a missing setting, an integer beyond any float
            raise ConfigError(f"{name}: {error}.") from None

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Make settings of JSON text; raises ConfigError as `from_dict`, and for text that is not JSON."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:  # ValueError: also a number of thousands of digits
            raise ConfigError(f"The settings are not JSON: {error}.") from None
        return cls.from_dict(values)


def _convert(value: Any, hint: Any, where: str) -> Any:
    """Turn one JSON value into what the field's type says."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return _convert(value, next(kind for kind in arguments if kind is not type(None)), where)
    if origin is Literal:
        known = ", ".join(map(repr, arguments))
        _require(value in arguments, f"{where} must be one of {known}, got {value!r}.")
        return value
    if origin is tuple:
        _require(isinstance(value, list | tuple), f"{where} must be a list, got {value!r}.")
        if arguments[-1] is Ellipsis:
            return tuple(_convert(item, arguments[0], where) for item in value)
        _require(len(value) == len(arguments), f"{where} must hold {len(arguments)} values, got {value!r}.")
        return tuple(_convert(item, kind, where) for item, kind in zip(value, arguments, strict=True))
    if dataclasses.is_dataclass(hint):
        return hint.from_dict(value)  # type: ignore[union-attr]
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wrong = not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool)
    _require(not wrong, f"{where} must be of type {hint.__name__}, got {value!r}.")
    return value


_FILTERS = ((1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024))  # of the published models


@dataclass(frozen=True)
class CharCNNConfig(JsonConfig):
    """The characters of one word -> one vector."""

    embedding_dim: int = 16
    """Width e of a character's vector."""
    filters: tuple[tuple[int, int], ...] = _FILTERS
    """(width in characters, number) of each convolution."""
    activation: Activation = "relu"
    """Applied after the maximum over positions."""
    n_highway: int = 2
    """Highway layers on top of the convolutions."""
    max_characters: int = MAX_CHARACTERS
    """Characters of a row, the two marks of a word included."""
    n_characters: int = N_CHARACTERS
    """Rows of the character table, the masking row 0 included."""

    def __post_init__(self) -> None:
        _require(self.embedding_dim > 0, f"embedding_dim must be positive, got {self.embedding_dim}.")
        _require(
            self.activation in typing.get_args(Activation),
            f"activation must be one of {', '.join(typing.get_args(Activation))}, got {self.activation}.",
        )
        _require(len(self.filters) > 0, "filters must name at least one convolution as [width, number].")
        for width, number in self.filters:
            _require(
                0 < width <= self.max_characters and number > 0,
                f"a filter needs a width from 1 to {self.max_characters} and a positive number of filters, "
                f"got [{width}, {number}].",
            )
        _require(self.n_highway >= 0, f"n_highway must be 0 or more, got {self.n_highway}.")
        _require(self.max_characters >= 3, f"max_characters must be at least 3, got {self.max_characters}.")
        _require(
            self.n_characters == N_CHARACTERS,
            f"n_characters must be {N_CHARACTERS} (bytes, five marks and the mask), got {self.n_characters}.",
        )

    @property
    def n_filters(self) -> int:
        """Width F of the pooled vector."""
        return sum(number for _, number in self.filters)


@dataclass(frozen=True)
class BiLMConfig(JsonConfig):
    """One bidirectional language model."""

    lstm_dim: int = 4096
    """Cells D of each LSTM layer."""
    projection_dim: int = 512
    """Width P of a token vector and of each direction's output; equal to lstm_dim = no projection."""
    n_layers: int = 2
    """LSTM layers of each direction."""
    cell_clip: float | None = 3.0
    """Bound of the cell state; None = unbounded."""
    projection_clip: float | None = 3.0
    """Bound of the projected output (only where there is a projection); None = unbounded."""
    use_skip_connections: bool = True
    """Residual connections around every layer but the first."""
    char_cnn: CharCNNConfig | None = CharCNNConfig()
    """How a word is read from its characters; None = word ids."""
    n_words: int = 0
    """Size V of the vocabulary; 0 = none (then there is no softmax)."""
    has_softmax: bool = False
    """Whether the model can predict words."""
    tags: tuple[str, ...] = ()
    """Part-of-speech tags that the model reads with each token (see `text.tagged`); empty = none."""

    def __post_init__(self) -> None:
        for name in ("lstm_dim", "projection_dim", "n_layers"):
            _require(getattr(self, name) > 0, f"{name} must be positive, got {getattr(self, name)}.")
        _require(
            self.projection_dim <= self.lstm_dim,
            f"projection_dim must not exceed lstm_dim={self.lstm_dim}, got {self.projection_dim}.",
        )
        for name in ("cell_clip", "projection_clip"):
            bound = getattr(self, name)
            is_valid = bound is None or 0 < bound < math.inf
            _require(is_valid, f"{name} must be positive and finite, or null for no bound, got {bound}.")
        _require(len(set(self.tags)) == len(self.tags), f"tags must differ, got {', '.join(self.tags)}.")
        fewest = 4 if self.has_softmax or self.char_cnn is None else 0
        _require(self.n_words >= fewest, f"n_words must be at least {fewest} here, got {self.n_words}.")

    @property
    def has_projection(self) -> bool:
        """Whether an LSTM's output is projected."""
        return self.lstm_dim != self.projection_dim

    @property
    def n_outputs(self) -> int:
        """Layers L of the result: the token vector and each LSTM layer."""
        return self.n_layers + 1

    @property
    def output_dim(self) -> int:
        """Width of a layer of the result: both directions."""
        return 2 * self.projection_dim

    @classmethod
    def tiny(cls) -> BiLMConfig:
        """The seeded random model that tests, examples and pages can run on."""
        cnn = CharCNNConfig(embedding_dim=4, filters=((1, 4), (2, 8), (3, 16)), n_highway=1)
        return cls(lstm_dim=32, projection_dim=8, char_cnn=cnn, n_words=200, has_softmax=True)


def layer_name(layer: int) -> str:
    """The name of a layer on screen, in tables and in links; layer 0 holds the token vectors."""
    return "Layer 0 (token)" if layer == 0 else f"Layer {layer}"


def layer_names(n_layers: int) -> tuple[str, ...]:
    """The names of L layers."""
    return tuple(layer_name(layer) for layer in range(n_layers))
