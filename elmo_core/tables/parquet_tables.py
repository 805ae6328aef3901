"""Parquet files, read in batches whose size is counted before any cell becomes a string."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from elmo_core.exceptions import InputError
from elmo_core.tables.budget import MAX_CELLS, MemoryBudget
from elmo_core.tables.cells import as_text
from elmo_core.tables.records import Reading, Record, Table, check_size, make_table

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

_BATCH = 1_000  # rows
_MOST_VALUES = 5 * MAX_CELLS


@contextmanager
def open_parquet(content: bytes, name: str) -> Iterator[pyarrow.parquet.ParquetFile]:
    """Open a Parquet file; strings are read as dictionaries, so that a value that recurs is held once.

    Args:
        content: the bytes of the file.
        name: for messages.

    Raises:
        InputError: it is damaged, or its own header says that it is too large.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        facts = pyarrow.parquet.read_metadata(io.BytesIO(content))
        most = MemoryBudget(name, len(content)).most_bytes
        groups = [facts.row_group(index) for index in range(facts.num_row_groups)]
        size = sum(group.total_byte_size for group in groups)
        chunks = [group.column(index) for group in groups for index in range(group.num_columns)]
        n_values = sum(chunk.num_values for chunk in chunks)
        if size > most or n_values > _MOST_VALUES:
            raise InputError(
                f"{name} unpacks to {size:,} bytes with {n_values:,} values, which is too much for a file of "
                "its size; use a part of it."
            )
        paths = [facts.schema.column(index).path for index in range(len(facts.schema))]
        yield pyarrow.parquet.ParquetFile(io.BytesIO(content), read_dictionary=paths)
    except InputError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError, NotImplementedError) as error:
        brief = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
        raise InputError(f"{name} is not a Parquet file that can be read ({brief}); write it anew.") from None


def read_parquet(content: bytes, name: str) -> Table:
    """Read a table from a Parquet file; lists become JSON.

    Args:
        content: the bytes of the file.
        name: for messages.

    Raises:
        InputError: it is damaged or too large.
    """
    budget = MemoryBudget(name, len(content))
    rows: list[tuple[str, ...]] = []
    with open_parquet(content, name) as file:
        columns = file.schema_arrow.names
        check_size(file.metadata.num_rows, len(columns), name)
        for batch in file.iter_batches(batch_size=_BATCH):
            check_size(len(rows) + batch.num_rows, len(columns), name)
            budget.take(batch.num_rows * len(columns), sum(map(unpacked_bytes, batch.columns)))
            cells = [[as_text(value) for value in column.to_pylist()] for column in batch.columns]
            rows += zip(*cells, strict=True) if cells else ()
    records = [Record(line, cells) for line, cells in enumerate(rows, start=1)]
    return make_table(name, columns, records, [], Reading("Parquet"))


def unpacked_bytes(array: Any) -> int:
    """How many bytes the values of an Arrow array take when each is held by itself.

    Args:
        array: a `pyarrow.Array`; dictionaries are counted as if unpacked.
    """
    import pyarrow
    import pyarrow.compute

    kind = array.type
    if pyarrow.types.is_dictionary(kind):
        lengths = pyarrow.compute.binary_length(array.dictionary) if _has_length(kind.value_type) else None
        if lengths is None:
            return 8 * len(array)
        taken = lengths.take(array.indices)
        return int(pyarrow.compute.sum(taken).as_py() or 0) + 50 * len(array)
    if pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind):
        return unpacked_bytes(array.flatten()) + 50 * len(array)
    if pyarrow.types.is_struct(kind):
        return sum(map(unpacked_bytes, array.flatten())) + 50 * len(array)
    return 2 * int(array.nbytes) + 30 * len(array)


def _has_length(kind: Any) -> bool:
    import pyarrow

    return any(
        check(kind)
        for check in (
            pyarrow.types.is_string,
            pyarrow.types.is_large_string,
            pyarrow.types.is_binary,
            pyarrow.types.is_large_binary,
        )
    )


def is_number_type(kind: Any) -> bool:
    """Whether an Arrow type is one of numbers.

    Args:
        kind: a `pyarrow.DataType`.
    """
    import pyarrow.types as kinds

    return bool(kinds.is_floating(kind) or kinds.is_integer(kind))
