"""A user's own vectors: a NumPy array, or a Parquet table with a column of lists or columns of numbers."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.tables.cells import as_text

MAX_NUMBERS = 100_000_000
"""More numbers than this (400 MB) are refused."""
MAX_WIDTH = 16_384
_NAME_COLUMNS = ("text", "sentence", "name", "word", "token", "label", "title", "id")


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


def read_vectors(content: bytes, name: str) -> OwnVectors:
    """Read vectors from a file; nothing in it is run.

    Args:
        content: the bytes of the file.
        name: its name, whose ending says what it is.

    Raises:
        InputError: it is damaged, too large, or holds no vectors.
    """
    if name.lower().endswith(".npy"):
        values, columns = _read_npy(content, name), dict[str, list[str]]()
    elif name.lower().endswith(".parquet"):
        values, columns = _read_parquet(content, name)
    else:
        raise InputError(f"{name} is neither .npy nor .parquet; save your vectors as one of these.")
    kept = np.flatnonzero(np.isfinite(values).all(axis=1))
    if len(kept) < 3:
        raise InputError(f"{name} holds {len(kept)} usable vectors; a map needs at least 3.")
    chosen = {column: tuple(cells[row] for row in kept) for column, cells in columns.items()}
    titled = next((column for column in _NAME_COLUMNS if column in chosen), None)
    names = chosen[titled] if titled else tuple(f"row {row + 1}" for row in kept)
    return OwnVectors(values[kept], names, chosen, len(values) - len(kept))


def _read_npy(content: bytes, name: str) -> np.ndarray:
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(stream)
    except (ValueError, OSError) as error:
        raise InputError(f"{name} is not a NumPy array ({error}). Save it with numpy.save.") from None
    if dtype.kind not in "fiu":
        raise InputError(f"{name} holds {dtype}, not numbers; save an array of floats.")
    _check_shape(shape, name)
    if len(content) - stream.tell() < dtype.itemsize * int(np.prod(shape)):
        raise InputError(f"{name} ends before its array does; copy the file again.")
    return np.asarray(np.load(io.BytesIO(content), allow_pickle=False), dtype=np.float32)


def _check_shape(shape: tuple[int, ...], name: str) -> None:
    if len(shape) != 2:
        spoken = " x ".join(map(str, shape)) or "a single number"
        raise InputError(f"{name} has the shape {spoken}; rows of vectors (n x width) are wanted.")
    n, width = shape
    if not 2 <= width <= MAX_WIDTH or n * width > MAX_NUMBERS:
        raise InputError(
            f"{name} has {n:,} vectors of width {width:,}; a width from 2 to {MAX_WIDTH:,} and at most "
            f"{MAX_NUMBERS:,} numbers are possible. Take a part of it."
        )


def _read_parquet(content: bytes, name: str) -> tuple[np.ndarray, dict[str, list[str]]]:
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        if sum(file.metadata.row_group(at).total_byte_size for at in range(file.num_row_groups)) > 1 << 30:
            raise InputError(f"{name} takes more than 1 GB unpacked; take a part of it.")
        table = file.read()
    except pyarrow.ArrowException as error:
        raise InputError(f"{name} is not a Parquet file ({error}).") from None
    lists = [field.name for field in table.schema if _is_list(field.type)]
    numeric = [field.name for field in table.schema if pyarrow.types.is_floating(field.type)]
    if lists:
        used = lists[:1]
        values = _stacked(table.column(used[0]), name, used[0])
    elif len(numeric) > 1:
        used = numeric
        _check_shape((table.num_rows, len(used)), name)
        parts = [table.column(column).to_numpy().astype(np.float32) for column in used]
        values = np.stack(parts, axis=1)
    else:
        raise InputError(
            f"{name} has no vectors: give it a column of lists of numbers, or several columns of numbers."
        )
    rest = [column for column in table.column_names if column not in used]
    return values, {column: [as_text(cell) for cell in table.column(column).to_pylist()] for column in rest}


def _is_list(kind: Any) -> bool:
    import pyarrow

    is_list = pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind)
    is_list = is_list or pyarrow.types.is_fixed_size_list(kind)
    return bool(
        is_list and (pyarrow.types.is_floating(kind.value_type) or pyarrow.types.is_integer(kind.value_type))
    )


def _stacked(column: Any, name: str, title: str) -> np.ndarray:
    """A column of lists of one length as (n, D); rows without a list become nan."""
    cells = column.to_pylist()
    widths = {len(cell) for cell in cells if cell is not None}
    if len(widths) != 1:
        found = ", ".join(map(str, sorted(widths)[:5])) or "none"
        raise InputError(
            f"The lists in {title!r} of {name} differ in length ({found}); all must have the same."
        )
    (width,) = widths
    _check_shape((len(cells), width), name)
    missing = [None] * width
    return np.array([missing if cell is None else cell for cell in cells], dtype=np.float32)
