"""Records of any file with rows to a table: titles, header, ragged rows, footers and empty columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from elmo_core.exceptions import InputError
from elmo_core.tables.dialect import usual_width
from elmo_core.tables.headers import count_second_headers, find_header, is_footer
from elmo_core.tables.records import (
    MAX_COLUMNS,
    Reading,
    ReadingOptions,
    Record,
    Skipped,
    Table,
    check_size,
    counted,
    make_table,
    skip,
)

ABOVE, AGAIN, SECOND = "above the header", "the header again", "a second header"
FOOTER = "a total below the table"
_MOST_FOOTERS = 3
_LOOKED_AT = 20  # records, to find the header


class GridRow(NamedTuple):
    """A record, not yet known to be a row of the table."""

    line: int
    cells: tuple[str, ...]
    """Without the empty ones at its end."""
    n_cells: int
    """With them."""

    def skipped(self, reason: str) -> Skipped:
        """This record among those that are left out."""
        return skip(Record(self.line, self.cells), reason)


def arrange(
    name: str,
    rows: Sequence[GridRow],
    options: ReadingOptions,
    reading: Reading,
    skipped: Sequence[Skipped] = (),
    *,
    is_even: bool = False,
) -> Table:
    """Make a table of records.

    The header is the record on the line that the user names, or that holds a column name the caller expects,
    or the first record of the usual width, if it reads as a header. Every other record is a row or is skipped
    with its line: titles above the header, its repeats, totals below, blank and ragged records. Below a
    header, columns without a name that hold nothing are left out.

    Args:
        name: of the file, for messages.
        rows: its records in order, blank ones included.
        options: what the user says about it.
        reading: how it was read so far.
        skipped: what was left out before.
        is_even: whether records that are short only lack empty cells, as in a workbook.

    Raises:
        InputError: no row is left, there are too many columns, or the header is not on the line named.
    """
    filled = [row for row in rows if row.cells]
    out = [*skipped, *(row.skipped("blank") for row in rows if not row.cells)]
    lengths = [(len(row.cells), row.n_cells) for row in filled]
    width = max((n for n, _ in lengths), default=0) if is_even else usual_width(lengths)
    at = _header_position(name, filled, width, options)
    names: tuple[str, ...] = ()
    if at is not None:
        header = filled[at]
        out += [row.skipped(ABOVE) for row in filled[:at]]
        names, filled = header.cells, filled[at + 1 :]
        if header.n_cells == len(names) == width - 1 and options.header_line is None and _is_numbered(filled):
            names = ("", *names)
        filled = _without_repeats(filled, header, out)
        reading = replace(reading, has_header=True, header_line=header.line)
    else:
        reading = replace(reading, has_header=False, header_line=None)
    filled = _without_footers(filled, out)
    width = max(width, len(names))
    even, ragged = _even(filled, width, is_even=is_even)
    kept = list(range(width)) if at is None and width <= MAX_COLUMNS else _used_columns(names, even, width)
    if len(kept) < width:
        left_out = width - len(kept)
        note = f"Left out {counted(left_out, 'column')} without a name or a value."
        reading = replace(reading, notes=(*reading.notes, note))
    check_size(len(even), len(kept), name)  # before the cells that short records lack are added
    records = [Record(row.line, _cells_at(row.cells, kept, width)) for row in even]
    columns = [names[index] if index < len(names) else "" for index in kept]
    return make_table(name, columns, records, [*out, *ragged], reading)


def _header_position(name: str, filled: Sequence[GridRow], width: int, options: ReadingOptions) -> int | None:
    """Where the header is among the records that hold anything."""
    for row in filled[:_LOOKED_AT]:
        if len(row.cells) > MAX_COLUMNS:  # refused before every column of it is judged
            check_size(0, sum(map(bool, row.cells)), name)
    if options.header_line is not None:
        return _on_line(name, filled, options.header_line)
    if options.has_header is False:
        return None
    expected = {one.strip().casefold() for one in options.expected if one.strip()}
    for index, row in enumerate(filled[:_LOOKED_AT]):
        if expected & {cell.casefold() for cell in row.cells}:
            return index
    widths = [row.n_cells for row in filled]
    return find_header([row.cells for row in filled], widths, width, must_be=options.has_header is True)


def _on_line(name: str, filled: Sequence[GridRow], line: int) -> int:
    at = next((index for index, row in enumerate(filled) if row.line == line), None)
    if at is None:
        raise InputError(
            f"Line {line:,} of {name} cannot be the header: no record that holds anything begins there. "
            "Count lines (rows of the sheet) from 1."
        )
    return at


def _is_numbered(filled: Sequence[GridRow]) -> bool:
    return all(row.cells and row.cells[0] == str(number) for number, row in enumerate(filled[:20], start=1))


def _without_repeats(filled: list[GridRow], header: GridRow, out: list[Skipped]) -> list[GridRow]:
    """Records below a header, less those that are part of it or the header once more."""
    n_second = count_second_headers([row.cells for row in filled])
    out += [row.skipped(SECOND) for row in filled[:n_second]]
    rest = filled[n_second:]
    if len(header.cells) < 2:
        return rest
    out += [row.skipped(AGAIN) for row in rest if row.cells == header.cells]
    return [row for row in rest if row.cells != header.cells]


def _without_footers(filled: list[GridRow], out: list[Skipped]) -> list[GridRow]:
    """Records less the totals at the end."""
    counts = Counter(sum(map(bool, row.cells)) for row in filled)
    usual = max(counts, key=lambda one: (counts[one], one)) if counts else 0
    for _ in range(_MOST_FOOTERS):
        if len(filled) < 3 or not is_footer(filled[-1].cells, usual):
            break
        out.append(filled[-1].skipped(FOOTER))
        filled = filled[:-1]
    return filled


def _even(filled: Sequence[GridRow], width: int, *, is_even: bool) -> tuple[list[GridRow], list[Skipped]]:
    """Divide records into those that lack nothing but empty cells at their end, and ragged ones.

    Cells that a short record lacks count as empty if at least half of the other records have nothing there.
    """
    full = [row.cells for row in filled if row.n_cells >= width >= len(row.cells)]
    needed = 0 if is_even else width
    while needed > 1 and 2 * sum(len(cells) >= needed and cells[needed - 1] != "" for cells in full) <= len(
        full
    ):
        needed -= 1
    even, ragged = [], []
    for row in filled:
        n_cells = min(row.n_cells, max(width, len(row.cells)))
        if n_cells > width or n_cells < needed:
            ragged.append(
                row.skipped(f"{counted(n_cells, 'cell')} where the table has {counted(width, 'column')}")
            )
        else:
            even.append(row)
    return even, ragged


def _used_columns(names: Sequence[str], even: Sequence[GridRow], width: int) -> list[int]:
    """Positions of the columns that have a name or hold anything."""
    used = {index for index, name in enumerate(names) if name}
    for row in even:
        if len(used) == width:
            break
        used.update(index for index, cell in enumerate(row.cells) if cell)
    return sorted(used)


def _cells_at(cells: tuple[str, ...], kept: Sequence[int], width: int) -> tuple[str, ...]:
    """The cells of a record in the columns that are kept; those that it lacks are empty."""
    if len(kept) == width:
        return (*cells, *[""] * (width - len(cells)))
    return tuple(cells[index] if index < len(cells) else "" for index in kept)
