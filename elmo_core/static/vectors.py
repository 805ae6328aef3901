"""Words with one vector each, in memory or mapped from a file."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.static.faults import LoadReport
from elmo_core.text.levelling import level

_WORDS_SUGGESTED = 50_000
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
        self.report: LoadReport | None = None
        """What was guessed or skipped in the file they were read from; None without a file."""
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

    def known_rows(self) -> tuple[list[str], np.ndarray]:
        """The words that have a direction, and their vectors float32 (n, D)."""
        rows = np.flatnonzero(self.lengths > 0)
        return [self.words[row] for row in rows], np.asarray(self.matrix[rows], dtype=np.float32)

    def spelling_of(self, word: str) -> str | None:
        """The spelling of a word in these vectors; None where it has no vector.

        As given, else in lower case, else in the spelling that looks the same (see `text.levelling`).
        """
        forms = dict.fromkeys(form for given in (word, level(word)) for form in (given, given.casefold()))
        own = (self._other_spellings.get(form, form) for form in forms)
        return next((form for form in (*forms, *own) if form in self), None)

    @cached_property
    def _other_spellings(self) -> dict[str, str]:
        """Words by their levelled form, where that is another one."""
        pairs = ((level(word), word) for word in reversed(self.words) if not word.isascii())
        return {levelled: word for levelled, word in pairs if levelled != word}

    def row_of(self, word: str) -> int:
        """Row of a word that is among `words`."""
        return self._rows[word]

    def units_of(self, words: Sequence[str]) -> np.ndarray:
        """Vectors of n known words at length 1: float32 (n, D)."""
        return self.units_of_rows([self._rows[word] for word in words])

    def units_of_rows(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Vectors of n rows at length 1: float32 (n, D)."""
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

    def nearest_rows(
        self, targets: np.ndarray, n: int, *, without: np.ndarray | None = None, first: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the words nearest to each of q vectors, by cosine.

        Args:
            targets: (q, D).
            n: words wanted.
            without: int (q, m), rows that are no answer.
            first: look among the first n words only; None = all.

        Returns:
            Rows int64 (q, k) from the nearest on, and their cosines float32 (q, k); -inf where fewer than
            k words have a direction. k is n, or the number of words where that is smaller.
        """
        units = np.asarray(targets, dtype=np.float32)
        units = units / np.maximum(np.linalg.norm(units, axis=1, keepdims=True), 1e-12)
        end = len(self) if first is None else min(first, len(self))
        n = min(n, end)
        rows, cosines = np.empty((len(units), 0), np.int64), np.empty((len(units), 0), np.float32)
        for start, block in self.blocks():
            block = block[: max(0, end - start)]
            lengths = self.lengths[start : start + len(block)]
            found = np.full((len(units), len(block)), -np.inf, dtype=np.float32)
            np.divide(units @ block.T, lengths, out=found, where=lengths > 0)
            if without is not None:
                query, column = np.nonzero((without >= start) & (without < start + len(block)))
                found[query, without[query, column] - start] = -np.inf
            if len(block):
                places = np.argpartition(-found, min(n, len(block)) - 1, axis=1)[:, :n]
                rows = np.concatenate([rows, start + places], axis=1)
                cosines = np.concatenate([cosines, np.take_along_axis(found, places, axis=1)], axis=1)
        order = np.lexsort((rows, -cosines), axis=1)[:, :n]  # the earlier word first where two are equal
        return np.take_along_axis(rows, order, axis=1), np.take_along_axis(cosines, order, axis=1)

    def most_similar(
        self, positive: str | Sequence[str], negative: str | Sequence[str] = (), n: int = 10
    ) -> list[tuple[str, float]]:
        """Words nearest to the sum of some words minus others, as unit vectors (3CosAdd), with cosines.

        Args:
            positive: words to be near to.
            negative: words to be far from.
            n: words wanted; those given are left out.

        Raises:
            InputError: no word is given, or one has no vector.
        """
        near, far = ([words] if isinstance(words, str) else list(words) for words in (positive, negative))
        if not near and not far:
            raise InputError("Give at least one word to look for similar ones.")
        units = self.units_of([self.known(word) for word in (*near, *far)])
        target = units[: len(near)].sum(axis=0) - units[len(near) :].sum(axis=0)
        given = np.array([[self._rows[self.known(word)] for word in (*near, *far)]])
        rows, cosines = self.nearest_rows(target[None], n, without=given)
        pairs = zip(rows[0].tolist(), cosines[0].tolist(), strict=True)
        return [(self.words[row], cosine) for row, cosine in pairs if cosine > -np.inf]

    def similarity(self, first: str, second: str) -> float:
        """Cosine of two words.

        Raises:
            InputError: a word has no vector.
        """
        units = self.units_of([self.known(first), self.known(second)])
        return float(units[0] @ units[1])

    def doesnt_match(self, words: Sequence[str]) -> str:
        """The word farthest from the mean direction of all.

        Raises:
            InputError: there are fewer than three words, or one has no vector.
        """
        if isinstance(words, str) or len(words) < 3:
            raise InputError("Give a list of three or more words to find the odd one out.")
        units = self.units_of([self.known(word) for word in words])
        return words[int((units @ units.mean(axis=0)).argmin())]

    def known(self, word: str) -> str:
        """The spelling of a word in these vectors, as `spelling_of`.

        Raises:
            InputError: it has no vector; similar spellings are named.
        """
        if (spelling := self.spelling_of(word)) is not None:
            return spelling
        close = difflib.get_close_matches(word, self.words[:_WORDS_SUGGESTED], n=3, cutoff=0.7)
        hint = f"; did you mean {' or '.join(close)}?" if close else "."
        raise InputError(f"{self.name} has no vector for {word!r}{hint}")
