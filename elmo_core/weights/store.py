"""The result of every reader of model files: a model with its vocabulary and the facts about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from elmo_core.nn.bilm import BiLM
from elmo_core.text.vocabulary import Vocabulary

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"


@dataclass(frozen=True)
class StoredModel:
    """A model as it lies in files."""

    name: str
    """Short name, for headings and caches."""
    model: BiLM
    """The model in evaluation mode, float32, on the CPU."""
    vocabulary: Vocabulary | None
    """Words it can predict (or read, with word-id input); None = it came without."""
    about: dict[str, JsonValue] = field(default_factory=dict)
    """Facts of its card. Readers set `format` ("official", "folder" or "built-in") and `source` (a path)."""
