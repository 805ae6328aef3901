"""The layers of many texts, computed once: the input of all classifiers and taggers."""

from __future__ import annotations

import functools
import math
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import IO

import numpy as np

from elmo_core.embedding.reading import read_texts
from elmo_core.embedding.result import Embedding
from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.learning.inputs import WINDOW, Item
from elmo_core.models import load_encoder
from elmo_core.progress import Report

_MOST_IN_MEMORY = 1 << 27
"""Bytes of token vectors that are kept in memory; above it they are mapped from a file."""
_LAST_BLANK = re.compile(r".*\s", re.DOTALL)
_UNSEGMENTED = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")


@dataclass(frozen=True, eq=False)
class TextLayers:
    """The layers of n texts; L layers of width D."""

    means: np.ndarray
    """float32 (n, L, D): means over the tokens, zeros for a text without any."""
    maxima: np.ndarray
    """float32 (n, L, D): the largest value over the tokens, zeros for a text without any."""
    lengths: np.ndarray
    """int64 (n,): tokens of each text."""
    starts: np.ndarray
    """int64 (n,): where the tokens of each text begin in `tokens`."""
    tokens: np.ndarray | None
    """float16 (N, L, D): the token vectors of all texts, mapped from a file if they are many; None = only
    means and maxima are kept."""
    words: tuple[str, ...]
    """The tokens of each text, with blanks between them."""
    n_cut: int
    """Texts that were longer than the limit, so that only their beginning was read."""

    def __len__(self) -> int:
        return len(self.means)

    def take(self, rows: Sequence[int] | np.ndarray) -> TextLayers:
        """Some of the texts, in the given order; the tokens are shared, not copied."""
        chosen = np.asarray(rows, dtype=np.int64)
        return TextLayers(
            self.means[chosen],
            self.maxima[chosen],
            self.lengths[chosen],
            self.starts[chosen],
            self.tokens,
            tuple(self.words[row] for row in chosen.tolist()),
            self.n_cut,
        )

    def token_rows(self) -> np.ndarray:
        """Rows of `tokens` that hold the tokens of all texts, one text after the other: int64 (N,)."""
        ends = np.cumsum(self.lengths)
        first = np.repeat(self.starts - (ends - self.lengths), self.lengths)
        return np.asarray(np.arange(len(first)) + first)

    def token_vectors(self, rows: np.ndarray) -> np.ndarray:
        """The layers of the tokens in these rows of `tokens`: float16 (n, L, D).

        Raises:
            InputError: only the means were kept.
        """
        if self.tokens is None:
            raise InputError("The vectors of all tokens are needed here; embed with keep_tokens=True.")
        return np.asarray(self.tokens[rows])

    def without_tokens(self) -> TextLayers:
        """A copy without the token vectors, which take most of the memory."""
        return replace(self, tokens=None)


class _TokenStore:
    """Collects token vectors in memory, or in an unnamed temporary file once they are many."""

    def __init__(self) -> None:
        self._parts: list[np.ndarray] = []
        self._size = 0
        self._file: IO[bytes] | None = None

    def append(self, part: np.ndarray) -> None:
        """Add float16 (n, L, D)."""
        self._size += part.nbytes
        if self._file is None and self._size > _MOST_IN_MEMORY:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 (it is open for as long as the mapping)
            for earlier in self._parts:
                earlier.tofile(self._file)
        if self._file is not None:
            part.tofile(self._file)
        self._parts = [*self._parts, part] if self._file is None else [part[:0]]

    def array(self) -> np.ndarray:
        """All vectors that were added: float16 (N, L, D)."""
        if self._file is None:
            return np.concatenate(self._parts)
        with self._file:  # the mapping outlives the closed file
            self._file.flush()
            mapped: np.ndarray = np.memmap(self._file, dtype=np.float16, mode="r")
        return mapped.reshape(-1, *self._parts[0].shape[1:])


@functools.lru_cache(maxsize=2)
def _loaded(name: str) -> Encoder:
    return load_encoder(name)


def resolve_model(model: Encoder | str | Path) -> Encoder:
    """A model by name or path, the last two kept in memory; or the model itself.

    Raises:
        ModelNotFoundError: there is no such model on this machine.
        ModelError: its files are unusable.
    """
    return _loaded(str(model)) if isinstance(model, str | Path) else model


def embed_texts(
    elmo: Encoder,
    texts: Sequence[Item],
    *,
    keep_tokens: bool = False,
    max_characters: int | None = None,
    report: Report | None = None,
) -> TextLayers:
    """Compute the layers of texts.

    Args:
        elmo: the model.
        texts: n texts; see `embed_items`.
        keep_tokens: whether to keep the vectors of all tokens, not only their means and maxima.
        max_characters: characters of a text that are read, None = all; the rest of a longer one is left out.
        report: progress callback.

    Raises:
        InputError: there is no text, one cannot be read, or given vectors are of another model.
    """
    if not len(texts):
        raise InputError("There is no text; give at least one.")
    means, maxima = np.zeros((2, len(texts), elmo.n_layers, elmo.dim), dtype=np.float32)
    lengths = np.zeros(len(texts), dtype=np.int64)
    store = _TokenStore()
    words: list[str] = []
    most = math.inf if max_characters is None else max_characters
    n_cut = sum(isinstance(text, str) and len(text) > most for text in texts)
    for row, embedding in enumerate(embed_items(elmo, texts, max_characters, report)):
        lengths[row] = len(embedding.tokens)
        words.append(" ".join(embedding.tokens))
        if lengths[row]:
            means[row], maxima[row] = embedding.layers.mean(axis=1), embedding.layers.max(axis=1)
        if keep_tokens:
            store.append(embedding.layers.transpose(1, 0, 2).astype(np.float16))
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    tokens = store.array() if keep_tokens else None
    return TextLayers(means, maxima, lengths, starts, tokens, tuple(words), n_cut)


def embed_items(
    elmo: Encoder, items: Sequence[Item], max_characters: int | None, report: Report | None = None
) -> Iterator[Embedding]:
    """Embed texts and token lists in constant memory; pass on the vectors that are given.

    Each character of a script that is written without blanks is a token of its own. A text of more than
    `WINDOW` characters is read in windows, each from a zero state, and their vectors are joined.

    Args:
        elmo: the model.
        items: texts, token lists and results of `Elmo.embed` in any order.
        max_characters: characters of a text that are read, None = all; the rest of a longer one is left out.
        report: progress callback.

    Yields:
        The vectors of each item, in order.

    Raises:
        InputError: a text cannot be read, or given vectors have other layers or another width.
    """
    given = (item.layers.shape for item in items if isinstance(item, Embedding))
    wrong = next((shape for shape in given if shape[::2] != (elmo.n_layers, elmo.dim)), None)
    if wrong:
        raise InputError(
            f"Vectors of {wrong[0]} layers of width {wrong[2]} are not those of {elmo.name} "
            f"({elmo.n_layers} of {elmo.dim}); embed the texts with this model."
        )
    computed = chain.from_iterable(elmo.stream(unread(items, max_characters), report=report))
    for item in items:
        if isinstance(item, Embedding):
            yield item
            continue
        first, *others = (next(computed) for _ in readable(item, max_characters))
        yield _joined([first, *others]) if others else first


def _joined(windows: list[Embedding]) -> Embedding:
    tokens = [token for window in windows for token in window.tokens]
    return Embedding(tokens, np.concatenate([window.layers for window in windows], axis=1))


def unread(items: Sequence[Item], max_characters: int | None) -> list[str | Sequence[str]]:
    """The items that have no vectors yet, in the form in which the model reads them, window by window."""
    return [
        window
        for item in items
        if not isinstance(item, Embedding)
        for window in readable(item, max_characters)
    ]


def tokens_of(items: Sequence[Item], max_characters: int | None) -> list[list[str]]:
    """The tokens of each item, as far as it is read.

    Raises:
        InputError: an item is no text.
    """
    texts = (
        [item.tokens] if isinstance(item, Embedding) else readable(item, max_characters) for item in items
    )
    return [[token for part in read_texts(windows) for token in part.tokens] for windows in texts]


def readable(text: str | Sequence[str], max_characters: int | None) -> list[str | Sequence[str]]:
    """The windows of a text as far as it is read, segmented; at least one. Tokens are one window."""
    if not isinstance(text, str):
        return [text]
    return [segmented(window) for window in _windows(text[:max_characters])]


def _windows(text: str) -> Iterator[str]:
    """Parts of at most `WINDOW` characters, divided at blanks where there are some."""
    start = 0
    while len(text) - start > WINDOW:
        blank = _LAST_BLANK.search(text, start, start + WINDOW)
        end = blank.end() if blank else start + WINDOW
        yield text[start:end]
        start = end
    yield text[start:]


def segmented(text: str) -> str:
    """Put blanks around each character of a script that is written without them."""
    return _UNSEGMENTED.sub(r" \1 ", text)


def is_segmented(texts: Sequence[str]) -> bool:
    """Whether most characters of the texts belong to scripts that are written without blanks."""
    sample = "".join(texts[:500])
    return 2 * len(_UNSEGMENTED.findall(sample)) > len(sample) - sample.count(" ")
