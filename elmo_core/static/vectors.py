"""Words with one vector each, in memory or mapped from a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from elmo_core.exceptions import InputError

_BLOCK_ROWS = 65_536
"""Rows read from a mapped file at a time, so that several gigabytes need little memory."""


class StaticVectors:
    """V words with a vector of width D each.

    A word whose vector is all zeros counts as unknown: it has no direction (word2vec never learns the
    marks of sentence boundaries, and some published files pad with such rows).
    """

    def __init__(
        self, name: str, words: Sequence[str], matrix: np.ndarray, about: Mapping[str, Any] | None = None
    ) -> None:
        """Put words and vectors together.

        Args:
            name: what people call these vectors.
            words: V different words, the most frequent first where that is known.
            matrix: float16 or float32 (V, D), possibly a memory map.
            about: facts for people: data, parameters, counts.

        Raises:
            InputError: the numbers of words and rows differ, or a word stands twice.
        """
        if matrix.ndim != 2 or len(words) != len(matrix):
            raise InputError(f"{name} has {len(words):,} words for vectors of shape {matrix.shape}.")
        self.name, self.words, self.matrix = name, tuple(words), matrix
        self.about: dict[str, Any] = dict(about or {})
        self._rows = {word: row for row, word in enumerate(self.words)}
        if len(self._rows) != len(self.words):
            raise InputError(f"{name} holds a word twice; keep one row for each word.")

    def __contains__(self, word: object, /) -> bool:
        row = self._rows.get(word) if isinstance(word, str) else None
        return row is not None and bool(self.lengths[row])

    def __getitem__(self, word: str, /) -> np.ndarray:
        """The vector of a known word: float32 (D,)."""
        if word not in self:
            raise KeyError(word)
        return np.asarray(self.matrix[self._rows[word]], dtype=np.float32)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def dim(self) -> int:
        """Width D of a vector."""
        return int(self.matrix.shape[1])

    @cached_property
    def lengths(self) -> np.ndarray:
        """Length of each vector: float32 (V,)."""
        found = np.zeros(len(self), dtype=np.float32)
        for start, block in self.blocks():
            found[start : start + len(block)] = np.linalg.norm(block, axis=1)
        return found

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (first row, float32 (n, D)) until all rows are through."""
        for start in range(0, len(self), _BLOCK_ROWS):
            yield start, np.asarray(self.matrix[start : start + _BLOCK_ROWS], dtype=np.float32)

    def spelling_of(self, word: str) -> str | None:
        """How these vectors spell a word: as given, else in lower case; None where they do not know it."""
        return next((form for form in (word, word.casefold()) if form in self), None)

    def row_of(self, word: str) -> int:
        """Row of a word that is among `words`."""
        return self._rows[word]

    def units_of(self, words: Sequence[str]) -> np.ndarray:
        """Vectors of n known words at length 1: float32 (n, D)."""
        rows = [self._rows[word] for word in words]
        return np.asarray(np.asarray(self.matrix[rows], dtype=np.float32) / self.lengths[rows, None])

    def cosines_with(self, vector: np.ndarray) -> np.ndarray:
        """Cosine of every word with one vector (D,): float32 (V,); -inf for a word without direction."""
        unit = np.asarray(vector, dtype=np.float32)
        unit = unit / max(float(np.linalg.norm(unit)), 1e-12)
        found = np.empty(len(self), dtype=np.float32)
        for start, block in self.blocks():
            found[start : start + len(block)] = block @ unit
        no_direction = np.full_like(found, -np.inf)
        return np.asarray(np.divide(found, self.lengths, out=no_direction, where=self.lengths > 0))
