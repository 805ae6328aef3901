"""Vectors in text files: JSON lines, and numbers between delimiters."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.tables.budget import MemoryBudget
from elmo_core.tables.cells import as_text, list_of
from elmo_core.tables.parquet_tables import is_number_type, unpacked_bytes
from elmo_core.tables.sniffing import sniff
from elmo_core.tables.vector_arrays import (
    MAX_WIDTH,
    VectorFile,
    check_shape,
    group_columns,
    refuse_lengths,
)

_BATCH = 1_000
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_LOOKED_AT = 50
"""Lines that say whether numbers have a decimal comma."""
_BLOCK = 16 << 20


def read_json_vectors(text: str, name: str) -> VectorFile:
    """Read JSON lines, or a list, whose records are lists of numbers or hold some.

    Args:
        text: of the file.
        name: for messages.

    Raises:
        InputError: it is not JSON, too large, or its lists differ in length.
    """
    budget = MemoryBudget(name, len(text))
    rows: list[dict[str, Any]] = []
    for value in _json_values(text, name):
        row = value if isinstance(value, dict) else {"": value}
        budget.take(0, sum(32 * len(cell) if isinstance(cell, list) else 100 for cell in row.values()))
        rows.append(row)
    titles = list(dict.fromkeys(title for row in rows for title in row))
    lists = [title for title in titles if any(_are_numbers(row.get(title)) for row in rows[:_BATCH])]
    arrays = {}
    for title in lists:
        cells = [row[title] if _are_numbers(row.get(title)) else None for row in rows]
        widths = sorted({len(cell) for cell in cells if cell is not None})
        if len(widths) > 1:
            refuse_lengths(widths, name, title)
        check_shape((len(cells), widths[0]), name)
        missing = [math.nan] * widths[0]
        is_whole = all(cell and all(isinstance(one, int) for one in cell) for cell in cells)
        values = [missing if cell is None else cell for cell in cells]
        arrays[title] = np.array(values, np.int64 if is_whole else np.float32)
    columns = {title: [as_text(row.get(title)) for row in rows] for title in titles if title not in lists}
    return VectorFile(arrays, columns)


def _json_values(text: str, name: str) -> Iterable[Any]:
    try:
        whole = json.loads(text) if text.lstrip().startswith("[") else None
    except (ValueError, RecursionError):
        whole = None
    if isinstance(whole, list) and whole and all(isinstance(one, dict | list) for one in whole):
        return whole
    try:
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError, OverflowError) as error:
        raise InputError(f"{name} is not JSON lines ({error}); write an object a line.") from None


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(one, int | float) for one in value)


def read_text_vectors(text: str, name: str) -> VectorFile:
    """Read numbers between delimiters, with or without a header, and other columns beside them.

    Args:
        text: of the file.
        name: for messages.

    Raises:
        InputError: it is no table, or too large.
    """
    import pyarrow
    import pyarrow.csv

    sniffed = sniff(text)
    delimiter = sniffed.dialect.delimiter or " "
    head = text[sniffed.n_characters :].lstrip().split("\n", _LOOKED_AT)[:_LOOKED_AT]
    if head[0].count(delimiter) >= 2 * MAX_WIDTH:  # refused before each of them becomes a column
        check_shape((1, head[0].count(delimiter) + 1), name)
    lines = [line.split(delimiter) for line in head]
    point = _decimal_point(lines)
    is_data = _is_data([cell.replace(point, ".") for cell in lines[0]])
    budget = MemoryBudget(name, len(text))
    arrays: dict[str, list[np.ndarray]] = {}
    cells: dict[str, list[str]] = {}
    numeric: dict[str, bool] = {}
    try:
        reader = pyarrow.csv.open_csv(
            io.BytesIO(text[sniffed.n_characters :].encode("utf-8", "replace")),
            read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK, autogenerate_column_names=is_data),
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(decimal_point=point),
        )
        numeric = {
            field.name: pyarrow.types.is_floating(field.type)
            for field in reader.schema
            if is_number_type(field.type)
        }
        for batch in reader:
            for title, array in zip(reader.schema.names, batch.columns, strict=True):
                if title in numeric:
                    budget.take(0, int(array.nbytes))
                    arrays.setdefault(title, []).append(array.to_numpy(zero_copy_only=False))
                else:
                    budget.take(len(array), unpacked_bytes(array))
                    cells.setdefault(title, []).extend(as_text(cell) for cell in array.to_pylist())
    except (pyarrow.ArrowException, ValueError, OSError) as error:
        if isinstance(error, InputError):
            raise
        brief = (str(error).strip().splitlines() or [""])[0][:120]
        raise InputError(
            f"{name} is neither .npy nor .parquet, nor a table of numbers ({brief}); save it as one of these."
        ) from None
    groups = {"numbers": list(numeric)} if is_data and len(numeric) > 1 else group_columns(numeric)
    used = {one for members in groups.values() for one in members}
    stacked = {
        title: np.stack([np.concatenate(arrays[one]) for one in members], axis=1)
        for title, members in groups.items()
    }
    rest = {
        title: [as_text(cell) for cell in np.concatenate(parts).tolist()]
        for title, parts in arrays.items()
        if title not in used
    }
    for title, values in list(cells.items()):
        vectors = _listed(values)
        if vectors is not None:
            stacked[title] = vectors
            del cells[title]
    return VectorFile(stacked, {**cells, **rest})


def _listed(cells: Sequence[str]) -> np.ndarray | None:
    """Cells that hold lists of numbers of one length as (n, D); None where they do not."""
    if not cells or not cells[0].startswith("["):
        return None
    lists = [list_of(cell) for cell in cells]
    try:
        values = np.array(lists, np.float32)
    except (ValueError, TypeError):
        return None
    return values if values.ndim == 2 else None


def _decimal_point(rows: Sequence[Sequence[str]]) -> str:
    """A comma where cells are numbers with one and no cell is a number with a point (no list is either)."""
    cells = [cell.strip().strip('"') for row in rows for cell in row]
    has_comma = any(_DECIMAL_COMMA.fullmatch(cell) for cell in cells)
    return "," if has_comma and not any("." in cell and _is_float(cell) for cell in cells) else "."


def _is_data(first: Sequence[str]) -> bool:
    """Whether a first row is of numbers, and they do not just count the columns."""
    numbers = [cell.strip().strip('"') for cell in first if _is_float(cell)]
    counts = any(numbers == [str(start + index) for index in range(len(numbers))] for start in (0, 1))
    return len(numbers) > len(first) / 2 and not (counts and len(numbers) > 1)


def _is_float(cell: str) -> bool:
    try:
        float(cell.strip().strip('"'))
    except ValueError:
        return False
    return True
