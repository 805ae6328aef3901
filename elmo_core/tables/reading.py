"""Any file of users: a table (CSV, TSV, semicolons, bars, JSON, Parquet, XLSX, fastText) or running text.

Either may be packed (see `text.unpacking`). Everything is found out from the bytes, never from the name
alone, and can be overruled by arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from elmo_core.exceptions import InputError
from elmo_core.progress import Report
from elmo_core.tables.delimited import read_delimited
from elmo_core.tables.fasttext import is_fasttext, read_fasttext
from elmo_core.tables.json_tables import is_json, read_json
from elmo_core.tables.parquet_tables import read_parquet
from elmo_core.tables.records import Reading, ReadingOptions, Record, Skipped, Table
from elmo_core.tables.workbooks import read_workbook
from elmo_core.text.encodings import Decoded, decode
from elmo_core.text.opening import read_text
from elmo_core.text.unpacking import ZIP, content_suffix, read_bytes

__all__ = [
    "Decoded",
    "Reading",
    "ReadingOptions",
    "Record",
    "Skipped",
    "Table",
    "read_table",
    "read_table_file",
    "read_text",
]

_PARQUET = b"PAR1"
_JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
_FOREIGN = (
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<table", "a web page"),
    (b"<?xml", "XML"),
)


def read_table_file(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    has_header: bool | None = None,
    header_line: int | None = None,
    sheet: str | None = None,
    expected: Sequence[str] = (),
) -> Table:
    """Read a table from a file; arguments and errors as `read_table`."""
    content, name = read_bytes(path)
    return read_table(
        content,
        name,
        encoding=encoding,
        delimiter=delimiter,
        quote=quote,
        has_header=has_header,
        header_line=header_line,
        sheet=sheet,
        expected=expected,
    )


def read_table(
    content: bytes,
    name: str,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    has_header: bool | None = None,
    header_line: int | None = None,
    sheet: str | None = None,
    expected: Sequence[str] = (),
    report: Report | None = None,
) -> Table:
    """Read a table.

    Args:
        content: the bytes of a file.
        name: its name, for messages.
        encoding: of a text file, as Python names it; None = find out.
        delimiter: between the cells of a text file; None = find out, empty = every line is one cell.
        quote: around the cells of a text file; None = find out, empty = none.
        has_header: whether a row names the columns; None = find out.
        header_line: the line of the file (row of the sheet) that names the columns, counted from 1;
            None = find out.
        sheet: of a workbook; None = the one that holds a table.
        expected: names of columns that the caller knows; a row with one of them is the header.
        report: progress callback.

    Returns:
        Every record of the file is in its rows or among its skipped ones, the header excepted. What was
        found out is in its `summary`.

    Raises:
        InputError: it is empty, too large, damaged, or not a table.
    """
    if header_line is not None and header_line < 1:
        raise InputError(f"Lines are counted from 1; the header cannot be on line {header_line}.")
    options = ReadingOptions(encoding, delimiter, quote, has_header, header_line, sheet, tuple(expected))
    return _read(*read_bytes(content, name), options, report)


def _read(content: bytes, name: str, options: ReadingOptions, report: Report | None) -> Table:
    if not content.strip():
        raise InputError(f"{name} is empty; choose a file with a table.")
    if content.startswith(ZIP):
        return read_workbook(content, name, options)
    if content.startswith(_PARQUET):
        return read_parquet(content, name)
    start = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    kind = next((kind for mark, kind in _FOREIGN if start.startswith(mark.lower())), None)
    if kind is not None:
        raise InputError(f"{name} is {kind}, whatever it is called; save its table as CSV or XLSX.")
    decoded = decode(content, name, options.encoding)
    if not decoded.text.strip():
        raise InputError(f"{name} is empty; choose a file with a table.")
    is_named = content_suffix(name) in _JSON_SUFFIXES
    if options.delimiter is None and is_json(decoded.text, is_named=is_named):
        return read_json(decoded, name, options)
    if options.delimiter is None and is_fasttext(decoded.text):
        return read_fasttext(decoded, name)
    return read_delimited(decoded, name, options, report)
