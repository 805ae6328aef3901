"""Text files with delimiters: characters to a table."""

from __future__ import annotations

from elmo_core.exceptions import InputError
from elmo_core.progress import Report
from elmo_core.tables.budget import MemoryBudget
from elmo_core.tables.dialect import Dialect
from elmo_core.tables.grid import GridRow, arrange
from elmo_core.tables.records import (
    MAX_ROWS,
    Reading,
    ReadingOptions,
    Record,
    Skipped,
    Table,
    counted,
    skip,
)
from elmo_core.tables.sniffing import sniff, unread_cells
from elmo_core.text.encodings import Decoded

NAMES_DELIMITER, RULE = "names the delimiter", "a rule between rows"
_REPORTED = 10_000  # records between two reports of progress


def read_delimited(
    decoded: Decoded, name: str, options: ReadingOptions, report: Report | None = None
) -> Table:
    """Read a table of a text file.

    Args:
        decoded: its characters.
        name: for messages.
        options: what the user says about it.
        report: progress callback.

    Raises:
        InputError: it holds no table, or one that is too large.
    """
    _check_marks(options.delimiter, options.quote)
    text = decoded.text
    sniffed = sniff(text, options.delimiter, options.quote)
    dialect, first = sniffed.dialect, sniffed.n_characters
    skipped = [skip(Record(1, (text[:first].strip(),)), NAMES_DELIMITER)] if first else []
    rows, rules, n_recovered = _rows(text[first:], dialect, sniffed.width, name, 2 if first else 1, report)
    notes = list(decoded.faults())
    if n_recovered:
        notes.append(f"Recovered {counted(n_recovered, 'row')} after a quotation mark that nothing closes.")
    if dialect.delimiter is None and options.delimiter is None and (unread := unread_cells(text)):
        notes.append(unread)
    reading = Reading(
        "CSV",
        decoded.encoding,
        decoded.is_guessed,
        dialect.delimiter,
        dialect.quote,
        escape=dialect.escape,
        notes=tuple(notes),
    )
    return arrange(name, rows, options, reading, [*skipped, *rules])


def _check_marks(delimiter: str | None, quote: str | None) -> None:
    for given, what in ((delimiter, "delimiter"), (quote, "quoting character")):
        if given and (len(given) > 1 or given in "\r\n\0 \ufeff"):
            raise InputError(f"A {what} is one character, not a blank or a line end; got {given!r}.")
    if delimiter and delimiter == quote:
        raise InputError("Delimiter and quoting character must differ.")


def _rows(
    text: str, dialect: Dialect, width: int, name: str, first_line: int, report: Report | None
) -> tuple[list[GridRow], list[Skipped], int]:
    """All records, the rules between them, and how many a stray quotation mark would have swallowed."""
    budget = MemoryBudget(name, len(text))
    rows: list[GridRow] = []
    rules: list[Skipped] = []
    recovered_to = n_recovered = 0
    for span in dialect.records(text, width):
        line = span.line + first_line - 1
        if span.n_swallowed:
            n_recovered += max(0, line + span.n_swallowed - max(recovered_to, line))
            recovered_to = max(recovered_to, line + span.n_swallowed)
        if dialect.delimiter == "|" and span.is_rule:
            rules.append(skip(Record(line, span.cells), RULE))
            continue
        budget.hold(span.cells)
        rows.append(GridRow(line, span.cells, span.n_cells))
        if report and len(rows) % _REPORTED == 0:
            report("reading the rows", span.end / len(text))
        if len(rows) > MAX_ROWS + 1:
            raise InputError(
                f"{name} has more than {MAX_ROWS:,} rows, the most a table may have; use a part of it."
            )
    return rows, rules, n_recovered
