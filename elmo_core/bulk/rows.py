"""The vectors that are kept of each sentence, and the parts in which they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from elmo_core.embedding.result import Embedding
from elmo_core.exceptions import ConfigError, InputError

Vectors = Literal["all", "mixed", "pooled"]
Precision = Literal["float32", "float16"]


@dataclass(frozen=True)
class RowSettings:
    """Which vectors are kept."""

    vectors: Vectors = "all"
    """All layers of each token, their mix, or the mean of the mix over the tokens of a sentence."""
    weights: tuple[float, ...] | None = None
    """Weights of the layers in the mix; None = equal."""
    gamma: float = 1.0
    """Factor of the mix."""
    precision: Precision = "float32"
    """Number format of the written vectors."""

    def __post_init__(self) -> None:
        for value, known in ((self.vectors, Vectors), (self.precision, Precision)):
            if value not in get_args(known):
                raise ConfigError(f"{value!r} must be one of {', '.join(get_args(known))}.")
        if self.vectors == "all" and (self.weights is not None or self.gamma != 1.0):
            raise ConfigError('weights and gamma belong to a mix; ask for "mixed" or "pooled" vectors.')

    def check(self, n_layers: int) -> None:
        """Refuse weights that do not fit the model.

        Raises:
            InputError: as `Embedding.mix`.
        """
        Embedding([], np.zeros((n_layers, 0, 1), dtype=np.float32)).mix(self.weights, self.gamma)

    def rows(self, found: Embedding) -> np.ndarray:
        """Select the vectors to keep of one sentence of T tokens.

        Returns:
            (T, L, D) for all layers, (T, D) for the mix, (1, D) for its mean (0 where there is no token).

        Raises:
            InputError: a number is too large for float16.
        """
        if self.vectors == "all":
            kept = found.layers.transpose(1, 0, 2)
        else:
            kept = found.mix(self.weights, self.gamma)  # (T, D)
            if self.vectors == "pooled":
                kept = kept.sum(axis=0, keepdims=True) / max(1, len(found.tokens))
        if self.precision == "float32":
            return kept
        if kept.size and np.abs(kept).max() > np.finfo(np.float16).max:
            raise InputError("A vector holds a number that is too large for float16; write float32.")
        return kept.astype(np.float16)


@dataclass
class Part:
    """Consecutive sentences that are written in one go."""

    first: int
    """Number of the first one, counted from 0 through all files."""
    tokens: list[list[str]] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)
    """Of each sentence."""
    n_bytes: int = 0

    def add(self, tokens: list[str], rows: np.ndarray) -> None:
        """Append a sentence."""
        self.tokens.append(tokens)
        self.rows.append(rows)
        self.n_bytes += rows.nbytes

    def cut(self, n: int) -> None:
        """Keep the first n sentences."""
        del self.tokens[n:], self.rows[n:]
        self.n_bytes = sum(rows.nbytes for rows in self.rows)

    @property
    def n_tokens(self) -> int:
        """Tokens of all sentences."""
        return sum(map(len, self.tokens))

    def numbered(self) -> Iterator[tuple[int, list[str], np.ndarray]]:
        """Number, tokens and rows of each sentence."""
        for index, (tokens, rows) in enumerate(zip(self.tokens, self.rows, strict=True)):
            yield self.first + index, tokens, rows


@dataclass(frozen=True)
class Format:
    """How parts are written; each format is a file of this package."""

    suffix: str
    """Suffix of a part's name; empty = a part is a folder."""
    write_part: Callable[[Path, Part, RowSettings], None]
    """Write one part to a path where there is nothing."""
    join: Callable[[list[Path], Path, dict[str, Any]], None] | None = None
    """Make one file of all parts, given the facts of the job; None = the parts are the result."""
