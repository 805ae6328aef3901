"""A folder of Parquet files, one data set to pandas, Polars, DuckDB or Spark; a row is a token.

Columns: sentence, position, token, and layer_0, layer_1 ... or vector. Where sentences are pooled, a row is
a sentence: sentence, n_tokens, text, vector; otherwise those without tokens have no row.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from elmo_core.bulk.rows import Format, Part, RowSettings

if TYPE_CHECKING:
    import pyarrow as pa

_GROUP_ROWS = 8192


def write_part(path: Path, part: Part, settings: RowSettings) -> None:
    """Write one file in groups of rows; texts are compressed, vectors would gain nothing by it."""
    import pyarrow.parquet as pq

    writer: pq.ParquetWriter | None = None
    try:
        for group in _groups(part):
            table = _table(group, settings)
            if writer is None:
                texts = {name: "zstd" for name in table.column_names if name in ("sentence", "token", "text")}
                compression = {name: texts.get(name, "none") for name in table.column_names}
                writer = pq.ParquetWriter(path, table.schema, compression=compression)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


PARQUET = Format(".parquet", write_part)


def _groups(part: Part) -> list[Part]:
    """The same sentences in groups of about `_GROUP_ROWS` rows."""
    groups = [Part(part.first)]
    n_rows = 0
    for number, tokens, rows in part.numbered():
        if n_rows >= _GROUP_ROWS:
            groups.append(Part(number))
            n_rows = 0
        groups[-1].add(tokens, rows)
        n_rows += len(rows)
    return groups


def _table(group: Part, settings: RowSettings) -> pa.Table:
    import pyarrow as pa

    rows = np.concatenate(group.rows)
    columns: dict[str, pa.Array] = {}
    if settings.vectors == "pooled":
        columns["sentence"] = pa.array(np.arange(group.first, group.first + len(group.tokens)))
        columns["n_tokens"] = pa.array([len(tokens) for tokens in group.tokens], pa.int32())
        columns["text"] = pa.array([_encodable(" ".join(tokens)) for tokens in group.tokens], pa.string())
    else:
        lengths = [len(tokens) for tokens in group.tokens]
        numbers = np.repeat(np.arange(group.first, group.first + len(lengths)), lengths)
        columns["sentence"] = pa.array(numbers)
        positions = [np.arange(length, dtype=np.int32) for length in lengths]
        columns["position"] = pa.array(np.concatenate(positions))
        tokens = [_encodable(token) for tokens in group.tokens for token in tokens]
        columns["token"] = pa.array(tokens, pa.string())
    if settings.vectors == "all":
        columns |= {f"layer_{layer}": _lists(rows[:, layer]) for layer in range(rows.shape[1])}
    else:
        columns["vector"] = _lists(rows)
    return pa.table(columns)


def _lists(vectors: np.ndarray) -> pa.Array:
    """(N, D) as N lists of D numbers."""
    import pyarrow as pa

    flat = pa.array(np.ascontiguousarray(vectors).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])


def _encodable(text: str) -> str:
    return text.encode("utf-8", "ignore").decode("utf-8")
