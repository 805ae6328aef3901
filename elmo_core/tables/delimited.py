"""CSV and its kin: characters -> records, with unclosed quotes and ragged rows put right or counted."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from elmo_core.exceptions import InputError
from elmo_core.tables.records import (
    MAX_BYTES,
    MAX_ROWS,
    Progress,
    Reading,
    Record,
    Skipped,
    Table,
    counted,
    make_table,
    skip,
)
from elmo_core.tables.sniffing import Dialect, looks_like_header, sniff
from elmo_core.text.encodings import Decoded

_LOOKED_AT = 1000
_REPORTED = 10_000  # records between two reports of progress


def read_delimited(
    decoded: Decoded,
    name: str,
    *,
    delimiter: str | None = None,
    quote: str | None = None,
    has_header: bool | None = None,
    progress: Progress | None = None,
) -> Table:
    """Read a table of a text file.

    Args:
        decoded: its characters.
        name: for messages.
        delimiter: between cells; None = find out, empty = every line is one cell.
        quote: around cells; None = find out, empty = none.
        has_header: whether the first row names the columns; None = find out.
        progress: told the share of the characters that are read.

    Raises:
        InputError: it holds no table, or one that is too large.
    """
    for given, what in ((delimiter, "delimiter"), (quote, "quoting character")):
        if given and (len(given) > 1 or given in "\r\n\0 \ufeff"):
            raise InputError(f"A {what} is one character, not a blank or a line end; got {given!r}.")
    if delimiter and delimiter == quote:
        raise InputError("Delimiter and quoting character must differ.")
    dialect = sniff(decoded.text, delimiter, quote)
    spans = list(_spans(decoded.text, dialect, name, progress))
    width = _usual_width([cells for _, _, cells in spans])
    records, n_repaired = _repaired(decoded.text, spans, width, dialect)
    filled = [record.cells for record in records if any(record.cells)]
    header = _header(filled, has_header)
    columns: Sequence[str] = filled[0] if header and filled else ()
    first = next((index for index, record in enumerate(records) if any(record.cells)), 0)
    blanks, body = records[:first], records[first + 1 :] if header else records[first:]
    width = max(width, len(columns))
    even, ragged = _even(body, width)
    skipped = [*(skip(record, "blank") for record in blanks), *ragged]
    reading = Reading("CSV", decoded.encoding, decoded.is_guessed, dialect.delimiter, dialect.quote, header)
    notes = decoded.faults()
    if n_repaired:
        notes = (
            *notes,
            f"Recovered {counted(n_repaired, 'row')} after a quotation mark that nothing closes.",
        )
    reading = replace(reading, notes=notes)
    return make_table(name, [*columns, *[""] * (width - len(columns))], even, skipped, reading)


def _spans(
    text: str, dialect: Dialect, name: str, progress: Progress | None = None
) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """First line, line after the last one, and cells of each record."""
    csv.field_size_limit(max(csv.field_size_limit(), 4 * MAX_BYTES))  # longer cells are sorted out later
    lines = io.StringIO(text, newline="")
    reader = dialect.reader(lines)
    start, count = 1, 0
    try:
        for cells in reader:
            yield start, reader.line_num + 1, tuple(cell.strip() for cell in cells)
            start, count = reader.line_num + 1, count + 1
            if progress and count % _REPORTED == 0:
                progress(lines.tell() / len(text))
            if count > MAX_ROWS + 1:
                raise InputError(
                    f"{name} has more than {MAX_ROWS:,} rows, the most a table may have; use a part of it."
                )
    except csv.Error as error:
        raise InputError(f"Line {reader.line_num} of {name} is not CSV ({error}).") from None


def _usual_width(rows: Sequence[tuple[str, ...]]) -> int:
    counts = Counter(len(cells) for cells in rows if any(cells))
    return max(counts, key=lambda width: (counts[width], width)) if counts else 0


def _repaired(
    text: str, spans: Sequence[tuple[int, int, tuple[str, ...]]], width: int, dialect: Dialect
) -> tuple[list[Record], int]:
    """Read records of several lines that have a wrong width or misplaced quotes anew, line by line.

    Such a record has begun with a quotation mark that nothing closes on its line; all rows up to the
    next mark are in one of its cells. Where single lines do not give more rows, it stays as it is.

    Returns:
        All records, and how many were recovered.
    """
    lines: list[str] = []
    records: list[Record] = []
    n_recovered = 0
    for start, end, cells in spans:
        if end - start > 1:
            lines = lines or list(io.StringIO(text, newline=""))
            own = lines[start - 1 : end - 1]
            if len(cells) != width or not _is_well_quoted(own, dialect):
                parts = [_read_line(line, dialect) for line in own]
                if sum(len(part) == width for part in parts) >= max(1, len(parts) / 2):
                    records += [Record(start + index, part) for index, part in enumerate(parts)]
                    n_recovered += len(parts) - 1
                    continue
        records.append(Record(start, cells))
    return records, n_recovered


def _is_well_quoted(lines: Sequence[str], dialect: Dialect) -> bool:
    try:
        list(dialect.reader(lines, strict=True))
    except csv.Error:
        return False
    return True


def _read_line(line: str, dialect: Dialect) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in next(dialect.reader([line]), []))


def _header(rows: Sequence[tuple[str, ...]], given: bool | None) -> bool:
    if given is not None:
        return given
    return bool(rows) and looks_like_header(rows[0], list(islice(rows, 1, _LOOKED_AT)))


def _even(records: Sequence[Record], width: int) -> tuple[list[Record], list[Skipped]]:
    """Give every record as many cells as there are columns, where nothing but empty cells is at stake.

    Cells that a short record lacks count as empty if at least half of the other records have nothing there.
    """
    full = [record.cells for record in records if len(record.cells) == width and any(record.cells)]
    needed = width
    while needed > 1 and 2 * sum(bool(cells[needed - 1]) for cells in full) <= len(full):
        needed -= 1
    even, ragged = [], []
    for record in records:
        cells = record.cells
        while len(cells) > width and not cells[-1]:
            cells = cells[:-1]
        n_cells = len(cells)
        if not any(cells):
            ragged.append(skip(record, "blank"))
        elif n_cells > width or n_cells < needed:
            ragged.append(skip(record, f"{n_cells} cells where the table has {width} columns"))
        else:
            even.append(Record(record.line, (*cells, *[""] * (width - n_cells))))
    return even, ragged
