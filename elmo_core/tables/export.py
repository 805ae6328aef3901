"""Write results as CSV: unaltered for programs, or guarded against formulas for spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = re.compile(r"[\s\0]*[=\uff1d]|[\t\r\n]+[ \t\r\n]*[-+@\uff0b\uff0d\uff20]")
_MAYBE_FORMULA = re.compile(r"[\s\0]*[-+@\uff0b\uff0d\uff20]")
_RUNS_SOMETHING = re.compile(r"\w\(|\||!\s*\$?[A-Za-z]")


def to_csv(
    columns: Sequence[str],
    rows: Iterable[Sequence[str | float | None]],
    *,
    for_spreadsheet: bool = True,
    delimiter: str = ",",
) -> bytes:
    """Write a table as UTF-8 CSV, or TSV.

    There are two files, and the caller says which one it offers. The plain one holds every cell as it is,
    without a byte order mark. The one for spreadsheets starts with that mark, and a cell that a spreadsheet
    would run gets an apostrophe in front of it: one that begins with "=", and one that begins with "+", "-"
    or "@" and holds a function call, a link to a program ("|") or a reference to another sheet ("!"). So
    neither file alters a number, a label such as -1, or a text such as "@user thanks".

    Args:
        columns: names of the columns.
        rows: their cells; None is left empty.
        for_spreadsheet: whether the file is guarded.
        delimiter: between the cells.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter)
    if not for_spreadsheet:
        writer.writerow(columns)
        writer.writerows(rows)
        return buffer.getvalue().encode("utf-8", "replace")
    writer.writerow([_guarded(column) for column in columns])
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig", "replace")


def _guarded(cell: str | float | None) -> str | float | None:
    return f"'{cell}" if isinstance(cell, str) and is_formula(cell) else cell


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet that opens the file may run what is in the cell."""
    if _FORMULA.match(cell):
        return True
    return bool(_MAYBE_FORMULA.match(cell) and _RUNS_SOMETHING.search(cell))
