"""The layers of many texts, computed once: what all classifiers learn from."""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np

from elmo_core.embedder import Elmo, load_elmo
from elmo_core.embedding.result import Embedding
from elmo_core.exceptions import InputError
from elmo_core.learning.inputs import Item
from elmo_core.progress import Progress, Report

_MOST_TEXTS, _MOST_CHARACTERS = 512, 100_000
"""Of one call: its vectors take about 20,000 x L x D x 4 bytes."""
_MOST_IN_MEMORY = 1 << 27
"""Bytes of kept tokens; more of them are mapped from a file."""
_UNSEGMENTED = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")


@dataclass(frozen=True, eq=False)
class TextLayers:
    """The layers of n texts; L layers of width D."""

    means: np.ndarray
    """float32 (n, L, D): means over the tokens, zeros for a text without any."""
    lengths: np.ndarray
    """int64 (n,): tokens of each text."""
    starts: np.ndarray
    """int64 (n,): where the tokens of each text begin in `tokens`."""
    tokens: np.ndarray | None
    """float16 (N, L, D): the tokens of all texts, mapped from a file if they are many; None = only the means
    are kept."""
    words: tuple[str, ...]
    """The tokens of each text, with blanks between them."""
    n_cut: int
    """Texts that were longer than allowed and were read in part."""

    def __len__(self) -> int:
        return len(self.means)

    def take(self, rows: Sequence[int] | np.ndarray) -> TextLayers:
        """Some of the texts, in the given order; the tokens are shared, not copied."""
        chosen = np.asarray(rows, dtype=np.int64)
        return TextLayers(
            self.means[chosen],
            self.lengths[chosen],
            self.starts[chosen],
            self.tokens,
            tuple(self.words[row] for row in chosen.tolist()),
            self.n_cut,
        )

    def token_rows(self) -> np.ndarray:
        """Where the tokens of all texts are in `tokens`, one text after the other: int64 (N,)."""
        ends = np.cumsum(self.lengths)
        first = np.repeat(self.starts - (ends - self.lengths), self.lengths)
        return np.asarray(np.arange(len(first)) + first)

    def token_vectors(self, rows: np.ndarray) -> np.ndarray:
        """The layers of tokens at these places: float16 (n, L, D).

        Raises:
            InputError: only the means were kept.
        """
        if self.tokens is None:
            raise InputError("The vectors of all tokens are needed here; embed with keep_tokens=True.")
        return np.asarray(self.tokens[rows])

    def without_tokens(self) -> TextLayers:
        """The same without the vectors of single tokens, which take most of the memory."""
        return replace(self, tokens=None)


class _TokenStore:
    """Vectors of tokens as they come: in memory, or in a nameless file once they are many."""

    def __init__(self) -> None:
        self._parts: list[np.ndarray] = []
        self._size = 0
        self._file: IO[bytes] | None = None

    def append(self, part: np.ndarray) -> None:
        """Add float16 (n, L, D)."""
        self._size += part.nbytes
        if self._file is None and self._size > _MOST_IN_MEMORY:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as what is mapped)
            for earlier in self._parts:
                earlier.tofile(self._file)
        if self._file is not None:
            part.tofile(self._file)
        self._parts = [*self._parts, part] if self._file is None else [part[:0]]

    def array(self) -> np.ndarray:
        """All of them: float16 (N, L, D)."""
        if self._file is None:
            return np.concatenate(self._parts)
        with self._file:  # what is mapped stays when the file is closed
            self._file.flush()
            mapped: np.ndarray = np.memmap(self._file, dtype=np.float16, mode="r")
        return mapped.reshape(-1, *self._parts[0].shape[1:])


@functools.lru_cache(maxsize=2)
def _loaded(name: str) -> Elmo:
    return load_elmo(name)


def resolve_model(model: Elmo | str | Path) -> Elmo:
    """A model by name or path, the last two kept in memory; or the model itself.

    Raises:
        ModelNotFoundError: there is no such model on this machine.
        ModelError: its files are unusable.
    """
    return _loaded(str(model)) if isinstance(model, str | Path) else model


def embed_texts(
    elmo: Elmo,
    texts: Sequence[Item],
    *,
    keep_tokens: bool = False,
    max_characters: int = 2000,
    report: Report | None = None,
) -> TextLayers:
    """Compute the layers of texts, a block at a time.

    Signs of scripts that are written without blanks count as words. Vectors that are given are taken
    as they are.

    Args:
        elmo: the model.
        texts: n texts.
        keep_tokens: whether to keep the vectors of all tokens, not only their means.
        max_characters: of a text; the rest of a longer one is not read.
        report: called with the progress.

    Raises:
        InputError: there is no text, or it cannot be read.
    """
    if not len(texts):
        raise InputError("There is no text; give at least one.")
    means = np.zeros((len(texts), elmo.n_layers, elmo.dim), dtype=np.float32)
    lengths = np.zeros(len(texts), dtype=np.int64)
    store = _TokenStore()
    words: list[str] = []
    n_cut = sum(isinstance(text, str) and len(text) > max_characters for text in texts)
    for block in blocks(texts, max_characters):
        progress = None if report is None else _share_of(report, block, len(texts))
        found = _embedded(elmo, texts[block.start : block.stop], max_characters, progress)
        for row, embedding in zip(block, found, strict=True):
            lengths[row] = len(embedding.tokens)
            words.append(" ".join(embedding.tokens))
            if lengths[row]:
                means[row] = embedding.layers.mean(axis=1)
            if keep_tokens:
                store.append(embedding.layers.transpose(1, 0, 2).astype(np.float16))
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    tokens = store.array() if keep_tokens else None
    return TextLayers(means, lengths, starts, tokens, tuple(words), n_cut)


def readable(text: str | Sequence[str], max_characters: int) -> str | Sequence[str]:
    """A text as far as it is read, signs of scripts without blanks set apart; tokens as they are."""
    return segmented(text[:max_characters]) if isinstance(text, str) else text


def segmented(text: str) -> str:
    """A text whose signs of scripts without blanks are set apart."""
    return _UNSEGMENTED.sub(r" \1 ", text)


def is_segmented(texts: Sequence[str]) -> bool:
    """Whether most of the signs of texts are of scripts without blanks, each of which is a token."""
    sample = "".join(texts[:500])
    return 2 * len(_UNSEGMENTED.findall(sample)) > len(sample) - sample.count(" ")


def blocks(texts: Sequence[Item], max_characters: int) -> Iterator[range]:
    """Consecutive texts that are embedded in one call: enough to keep busy, few enough for the memory."""
    start, size = 0, 0
    for row, text in enumerate(texts):
        length = min(len(text), max_characters) if isinstance(text, str) else 5 * _n_tokens(text)
        if row > start and (row - start >= _MOST_TEXTS or size + length > _MOST_CHARACTERS):
            yield range(start, row)
            start, size = row, 0
        size += length
    yield range(start, len(texts))


def _n_tokens(text: Sequence[str] | Embedding) -> int:
    return len(text.tokens) if isinstance(text, Embedding) else len(text)


def _share_of(report: Report, block: range, n: int) -> Progress:
    """Turn the progress of one call into a share of the whole."""

    def progress(done: int, total: int) -> None:
        report("reading the texts", (block.start + len(block) * done / max(total, 1)) / n)

    return progress


def _embedded(
    elmo: Elmo, block: Sequence[Item], max_characters: int, progress: Progress | None
) -> list[Embedding]:
    """The vectors of each text, those that are given among them."""
    given = [readable(text, max_characters) for text in block if not isinstance(text, Embedding)]
    computed = iter(elmo.embed(given, progress=progress))
    found = [text if isinstance(text, Embedding) else next(computed) for text in block]
    shapes = (one.layers.shape for one in found)
    wrong = next((shape for shape in shapes if shape[::2] != (elmo.n_layers, elmo.dim)), None)
    if wrong:
        raise InputError(
            f"Vectors of {wrong[0]} layers of width {wrong[2]} are not those of {elmo.name} "
            f"({elmo.n_layers} of {elmo.dim}); embed the texts with this model."
        )
    return found
