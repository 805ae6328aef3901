"""What every reader of tables hands on: rows of strings, and what was left out with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from elmo_core.exceptions import InputError
from elmo_core.tables.budget import check_cells
from elmo_core.text.unpacking import MAX_BYTES as MAX_BYTES  # of a table as of any file

MAX_ROWS = 1_000_000
"""Tables with more rows are refused."""
MAX_CELL = 100_000
"""Characters of a cell; rows with a longer one are skipped."""
MAX_COLUMNS = 1_000
"""Tables with more columns are refused."""
_SHOWN = 200
_DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", None: "one cell a line"}


@dataclass(frozen=True)
class Record:
    """The cells of one row as they stand in the file."""

    line: int
    """Line of the file (row of the sheet) where it begins, counted from 1."""
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Skipped:
    """A record that is not among the rows of its table."""

    line: int
    """Where it begins in the file."""
    reason: str
    content: str
    """Its beginning."""


@dataclass(frozen=True)
class ReadingOptions:
    """What a user says about a file; None = find out."""

    encoding: str | None = None
    """Of a text file, as Python names it."""
    delimiter: str | None = None
    """Between the cells of a text file; empty = every line is one cell."""
    quote: str | None = None
    """Around the cells of a text file; empty = none."""
    has_header: bool | None = None
    """Whether a row names the columns."""
    header_line: int | None = None
    """The line of the file (row of the sheet) that names the columns, counted from 1."""
    sheet: str | None = None
    """Of a workbook: its name."""
    expected: tuple[str, ...] = ()
    """Names of columns; a row that holds one of them is the header."""

    def as_arguments(self) -> str:
        """What is not to be found out, as Python that follows the first argument of a call."""
        given = {name: value for name, value in vars(self).items() if value not in (None, ())}
        return "".join(f", {name}={value!r}" for name, value in given.items())


@dataclass(frozen=True)
class Reading:
    """How a file was read: what was found, and can be overruled."""

    kind: str
    """"CSV", "JSONL", "Parquet" or "XLSX"."""
    encoding: str | None = None
    is_guessed: bool = False
    """Whether the encoding was guessed from the bytes, so that accents deserve a look."""
    delimiter: str | None = None
    """Between two cells; None = a single column, or not a text format."""
    quote: str = ""
    """Around cells; empty = none."""
    has_header: bool = True
    """Whether a row names the columns."""
    notes: tuple[str, ...] = ()
    """What was repaired on the way, one sentence each."""
    escape: str = ""
    """Before quotation marks inside a cell; empty = they are doubled."""
    header_line: int | None = None
    """Where the row that names the columns begins; None = the file has no such row."""
    sheet: str | None = None
    """The sheet of a workbook that was read."""
    sheets: tuple[str, ...] = ()
    """All its sheets."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was guessed or repaired, one sentence each."""
        return (*([f"Encoding guessed: {self.encoding}."] if self.is_guessed else []), *self.notes)

    @property
    def summary(self) -> str:
        """What was found out, in one line."""
        parts = [self.kind]
        if self.encoding:
            parts.append(f"{self.encoding} (guessed)" if self.is_guessed else self.encoding)
        if self.kind == "CSV":
            parts.append(_DELIMITER_NAMES.get(self.delimiter, f"separated by {self.delimiter}"))
            if self.quote not in ("", '"'):
                parts.append(f"{self.quote} around cells")
            if not self.quote and self.delimiter:
                parts.append("quotation marks are part of the cells")
            if self.escape:
                parts.append(f"{self.escape} before quotation marks in cells")
        if self.sheet is not None and len(self.sheets) > 1:
            parts.append(f"sheet {self.sheet!r} of {len(self.sheets)}")
        if not self.has_header and self.kind != "fastText":
            parts.append("no header, columns numbered")
        elif self.header_line == 1:
            parts.append("the first row names the columns")
        elif self.header_line is not None:
            parts.append(f"header on line {self.header_line:,}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Table:
    """A table of strings."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """As many cells in each as there are columns; a missing value is an empty string."""
    lines: tuple[int, ...]
    """Where each row begins in the file."""
    skipped: tuple[Skipped, ...]
    reading: Reading

    def column(self, name: str) -> tuple[str, ...]:
        """The cells of one column.

        Raises:
            InputError: there is no such column.
        """
        if name not in self.columns:
            raise InputError(f"{self.name} has no column {name!r}; it has {shortened(self.columns)}.")
        index = self.columns.index(name)
        return tuple(row[index] for row in self.rows)

    @property
    def skipped_counts(self) -> dict[str, int]:
        """How many records were skipped for each reason."""
        return dict(Counter(record.reason for record in self.skipped).most_common())

    @property
    def summary(self) -> tuple[str, ...]:
        """How the file was read, with all that was guessed or put right, one sentence each."""
        size = f"{counted(len(self.rows), 'row')}, {counted(len(self.columns), 'column')}"
        return f"{self.name}: {size}, {self.reading.summary}.", *self.reading.notes

    def skipped_table(self) -> tuple[tuple[str, ...], list[tuple[int, str, str]]]:
        """Header and rows of the list of skipped records, for a download."""
        rows = [(record.line, record.reason, record.content) for record in self.skipped]
        return ("line", "reason", "content"), rows


def skip(record: Record, reason: str) -> Skipped:
    """Leave a record out."""
    content = " | ".join(cell[:_SHOWN] for cell in record.cells[:20])
    return Skipped(record.line, reason, content[:_SHOWN])


def shortened(names: Sequence[str], most: int = 8) -> str:
    """The first names of a list, for a message."""
    return ", ".join(name[:40] for name in names[:most]) + (", …" if len(names) > most else "")


def counted(n: int, noun: str) -> str:
    """A number with its noun: 1 row, 2 rows."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Column names without blanks and repeats, so that a name finds its column."""
    taken: dict[str, None] = {}
    for number, given in enumerate(names, start=1):
        base = name = given.strip()[:100] or f"column {number}"
        repeat = 1
        while name in taken:
            repeat += 1
            name = f"{base} ({repeat})"
        taken[name] = None
    return tuple(taken)


def check_size(n_rows: int, n_columns: int, name: str) -> None:
    """Refuse tables that are too large.

    Raises:
        InputError: there are too many rows, columns or cells.
    """
    if n_rows > MAX_ROWS:
        raise InputError(
            f"{name} has more than {MAX_ROWS:,} rows, the most a table may have; use a part of it."
        )
    if n_columns > MAX_COLUMNS:
        raise InputError(
            f"{name} has {n_columns:,} columns, a table may have {MAX_COLUMNS:,}; keep those you need."
        )
    check_cells(n_rows * n_columns, name)


def make_table(
    name: str, columns: Sequence[str], records: Sequence[Record], skipped: Sequence[Skipped], reading: Reading
) -> Table:
    """Sort out the last unusable records and make a table of the others.

    Args:
        name: of the file, for messages.
        columns: names, not necessarily unique.
        records: with one cell for each column.
        skipped: what was left out before.
        reading: how it was read.

    Raises:
        InputError: no row is left, or there are too many.
    """
    check_size(len(records), len(columns), name)
    out = list(skipped)
    kept: list[Record] = []
    for record in records:
        if not any(record.cells):
            out.append(skip(record, "blank"))
        elif max(map(len, record.cells)) > MAX_CELL:
            out.append(skip(record, f"a cell of more than {MAX_CELL:,} characters"))
        else:
            kept.append(record)
    if not kept:
        reasons = Counter(record.reason for record in out)
        why = f" ({len(out):,} skipped: {', '.join(reasons)})" if out else ""
        raise InputError(
            f"{name} holds no rows of a table{why}. Give it column names and a row for each text."
        )
    out.sort(key=lambda record: record.line)
    rows, lines = tuple(record.cells for record in kept), tuple(record.line for record in kept)
    return Table(name, unique_names(columns), rows, lines, tuple(out), reading)
