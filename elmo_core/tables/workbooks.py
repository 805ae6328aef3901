"""XLSX workbooks: the sheet that holds a table, whatever its dimensions claim."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from elmo_core.exceptions import InputError
from elmo_core.tables.budget import MemoryBudget
from elmo_core.tables.cells import as_text
from elmo_core.tables.grid import GridRow, arrange
from elmo_core.tables.records import Reading, ReadingOptions, Table, check_size, counted, shortened

_MOST_UNPACKED = 1 << 30
_LEAST_UNPACKED = 16 << 20
_RATIO = 200
_LOOKED_AT = 200  # rows of a sheet, to judge whether it holds a table
_BLOCK = 1 << 20
_MOST_BLANK = 1_000  # rows in a row that are counted one by one


def read_workbook(content: bytes, name: str, options: ReadingOptions) -> Table:
    """Read a table from a workbook.

    The sheet is the one that the user names, or the one with the most rows of one width of two cells at
    least among its first 200; of several, the first. Sheets that are hidden come last. How far a sheet
    extends is counted while it is read; what it says of its dimensions is not looked at.

    Args:
        content: the bytes of the file.
        name: for messages.
        options: what the user says about it.

    Raises:
        InputError: it is damaged, too large or empty, or has no such sheet.
    """
    from openpyxl import load_workbook

    _check_unpacked(content, name)
    budget = MemoryBudget(name, len(content))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that do not touch the cells
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            sheet = _choose_sheet(book.worksheets, name, options.sheet)
            rows = []
            for row in _rows(sheet):
                budget.hold(row.cells)
                rows.append(row)
                check_size(len(rows) - 1, 0, name)
            titles = tuple(str(one.title) for one in book.worksheets)
            notes = _notes_on_formulas(content, titles.index(str(sheet.title)))
    except InputError:
        raise
    except Exception as error:  # a damaged workbook fails in any of a dozen ways
        of_python = isinstance(error, ArithmeticError | AttributeError | LookupError | TypeError)
        said = "" if of_python else "".join(str(error).strip().splitlines()[:1])
        brief = f" ({said[:120]})" if said else ""
        raise InputError(
            f"{name} is not a readable XLSX workbook{brief}; save it anew, with its table alone."
        ) from None
    reading = Reading("XLSX", sheet=str(sheet.title), sheets=titles, notes=notes)
    return arrange(name, rows, options, reading, is_even=True)


def _rows(sheet: Any) -> Iterator[GridRow]:
    """The rows of a sheet up to the last one that holds anything; of a long gap its first row alone."""
    sheet.reset_dimensions()
    blanks: list[GridRow] = []
    for line, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells = [as_text(value) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        row = GridRow(line, tuple(cells), len(cells))
        if not cells:
            del blanks[1 if len(blanks) == _MOST_BLANK else len(blanks) :]
            blanks.append(row)
            continue
        yield from blanks
        blanks = []
        yield row


def _notes_on_formulas(content: bytes, number: int) -> tuple[str, ...]:
    """Say how many cells of a sheet hold a formula whose value is not in the file.

    A formula whose value is an empty text has one: its cell is marked as a text.
    """
    from openpyxl import load_workbook

    if not _holds_formulas(content):
        return ()
    values, formulas = (
        load_workbook(io.BytesIO(content), read_only=True, data_only=is_value).worksheets[number]
        for is_value in (True, False)
    )
    values.reset_dimensions()
    formulas.reset_dimensions()
    empty = [
        written.coordinate
        for both in zip(values.iter_rows(), formulas.iter_rows(), strict=True)
        for value, written in zip(*both, strict=True)
        if written.data_type == "f" and value.value is None and value.data_type == "n"
    ]
    if not empty:
        return ()
    return (
        f"{counted(len(empty), 'formula')} without a value in the file, the first at {empty[0]}: read as "
        "empty. Open the workbook in a spreadsheet program and save it.",
    )


def _holds_formulas(content: bytes) -> bool:
    """Whether any sheet has a formula, which is found much sooner than by reading all cells."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        for name in file.namelist():
            if name.startswith("xl/worksheets/"):
                with file.open(name) as part:
                    end = b""
                    while block := part.read(_BLOCK):
                        if b"<f>" in (seen := end + block) or b"<f " in seen:
                            return True
                        end = block[-2:]
    return False


def _choose_sheet(sheets: Sequence[Any], name: str, wanted: str | None) -> Any:
    if wanted is not None:
        for sheet in sheets:
            if sheet.title.strip().casefold() == wanted.strip().casefold():
                return sheet
        titles = shortened([sheet.title for sheet in sheets])
        raise InputError(f"{name} has no sheet {wanted!r}; it has {titles}.")
    if not sheets:
        raise InputError(f"{name} has no sheet with cells; save the table as CSV or XLSX.")
    visible = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
    return max(visible or sheets, key=_n_rows_of_a_table)


def _n_rows_of_a_table(sheet: Any) -> tuple[int, int]:
    """How many of the first rows have the usual number of cells, two at least; and how many hold anything."""
    lengths = [len(row.cells) for row in islice(_rows(sheet), _LOOKED_AT) if row.cells]
    several = Counter(length for length in lengths if length > 1)
    return max(several.values(), default=0), len(lengths)


def _check_unpacked(content: bytes, name: str) -> None:
    """Refuse archives that are meant to fill the memory; no member gives more bytes than it says it has."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            size = sum(info.file_size for info in file.infolist())
    except zipfile.BadZipFile as error:
        raise InputError(f"{name} is damaged ({error}); save it anew.") from None
    if size > min(_MOST_UNPACKED, max(_RATIO * len(content), _LEAST_UNPACKED)):
        raise InputError(f"{name} would unpack to {size:,} bytes, which no table of its size does.")
