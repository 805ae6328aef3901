"""A user's own vectors, with what is known of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.tables.vector_arrays import check_shape
from elmo_core.tables.vector_files import read_arrays

_FEWEST = 3
_NAME_COLUMNS = ("text", "sentence", "name", "word", "token", "label", "title", "id")
_VECTOR_NAMES = re.compile(
    r"(?i).*(embedding|vector|emb|vec|feature|representation|hidden|encoding)s?([ _].*)?"
)


@dataclass(frozen=True, eq=False)
class OwnVectors:
    """n vectors of width D with what is known of each."""

    vectors: np.ndarray
    """float32 (n, D)."""
    names: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    """Further values of each."""
    n_skipped: int
    """Rows left out because their vector is missing or holds a number that is not finite."""
    column: str = ""
    """Where the vectors stand in the file; empty where it holds nothing else."""
    choices: tuple[str, ...] = ()
    """All places where vectors stand."""
    notes: tuple[str, ...] = ()
    """What was guessed, replaced or left out on the way, one sentence each."""


def read_vectors(
    content: bytes, name: str, column: str | None = None, *, encoding: str | None = None
) -> OwnVectors:
    """Read vectors from a file; nothing in it is run.

    A file is recognised by its bytes: `.npy`, `.npz`, Parquet, JSON lines, or a text of numbers with
    delimiters, such as those of the TensorFlow projector. Vectors are lists of floats, or columns whose names
    are numbered alike (dim_0, dim_1), or else all columns of floats. Of several, those are taken whose name
    says so, then the widest; lists of whole numbers come last. What is held is counted while it is read.

    Args:
        content: the bytes of the file.
        name: its name, for messages.
        column: which vectors to take, one of the `choices`; None = find out.
        encoding: of a text file, as Python names it; None = find out.

    Raises:
        InputError: it is damaged, too large, holds no vectors or none of this name.
    """
    found = read_arrays(content, name, encoding)
    ranked = sorted(found.arrays, key=lambda one: _rank(one, found.arrays[one]), reverse=True)
    if not ranked:
        raise InputError(
            f"{name} has no vectors: give it a column of lists of numbers, or several columns of numbers."
        )
    if column is not None and column not in ranked:
        raise InputError(f"{name} has no vectors {column!r}; it has {', '.join(ranked[:8])}.")
    chosen = column or ranked[0]
    with np.errstate(over="ignore"):  # a number too large for float32 is infinite, so its row is left out
        values = found.arrays[chosen].astype(np.float32, copy=False)
    check_shape(values.shape, name)
    kept = np.flatnonzero(np.isfinite(values).all(axis=1))
    if len(kept) < _FEWEST:
        raise InputError(f"{name} holds {len(kept)} usable vectors; a map needs at least {_FEWEST}.")
    columns = {title: tuple(cells[row] for row in kept) for title, cells in found.columns.items()}
    titled = next((title for title in _NAME_COLUMNS if title in columns), None)
    names = columns[titled] if titled else tuple(f"row {row + 1}" for row in kept)
    n_skipped = len(values) - len(kept)
    if n_skipped:  # held twice only then
        values = values[kept]
    return OwnVectors(values, names, columns, n_skipped, chosen, tuple(ranked), found.notes)


def _rank(title: str, values: np.ndarray) -> tuple[bool, bool, int]:
    return values.dtype.kind == "f", bool(_VECTOR_NAMES.fullmatch(title)), values.shape[1]
