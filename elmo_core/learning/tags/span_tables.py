"""Tables with a text a row and its spans as JSON in another cell, as Label Studio writes CSV and TSV."""

from __future__ import annotations

import json
from typing import Any

from elmo_core.learning.tags.column_choice import named_column
from elmo_core.learning.tags.raw_spans import PIECES, START
from elmo_core.learning.tags.sentences import TokenFile
from elmo_core.learning.tags.span_records import TEXTS, read_values
from elmo_core.tables.columns import guess_text_column
from elmo_core.tables.records import Table

_LOOKED_AT, _SHARE = 1_000, 0.9


def span_column(table: Table) -> str | None:
    """The column in which nearly all cells are lists of spans in JSON; None = there is none."""
    for column in table.columns:
        lists = [_span_list(cell) for cell in table.column(column)[:_LOOKED_AT] if cell]
        if any(lists) and sum(one is not None for one in lists) >= _SHARE * len(lists):
            return column
    return None


def read_span_table(table: Table, column: str) -> TokenFile:
    """Read a table with a text a row and its spans in a column of JSON.

    Args:
        table: the cells.
        column: of the spans (see `span_column`).

    Raises:
        InputError: no row can be used.
    """
    others = [name for name in table.columns if name != column]
    text = named_column(others, TEXTS) or guess_text_column(table).column or others[0]
    rows = zip(table.lines, table.column(text), table.column(column), strict=True)
    values = ((line, {"text": own, "spans": _span_list(cell)}) for line, own, cell in rows)
    return read_values(
        table.name, table.reading.kind, values, skipped=table.skipped, notes=table.reading.remarks,
        encoding=table.reading.encoding,
    )  # fmt: skip


def _span_list(cell: str) -> list[Any] | None:
    """The spans in a cell; an empty cell has none; None = it is another thing."""
    if not cell:
        return []
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    is_list = isinstance(value, list) and all(isinstance(one, dict) for one in value)
    return value if is_list and all(any(key in one for key in (*START, *PIECES)) for one in value) else None
