"""Results as CSV files that a spreadsheet can open without running anything in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> bytes:
    """Write a table as UTF-8 CSV.

    A string that a spreadsheet would take for a formula gets an apostrophe in front of it; numbers
    stay as they are. The byte order mark tells spreadsheets that the file is UTF-8.

    Args:
        columns: names of the columns.
        rows: their cells; None is left empty.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([_neutral(column) for column in columns])
    writer.writerows([_neutral(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def _neutral(cell: str | float | None) -> str | float | None:
    is_formula = isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA_STARTS)
    return f"'{cell}" if is_formula else cell
