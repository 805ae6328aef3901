"""Any file of users: a table (CSV, TSV, semicolons, bars, JSONL, Parquet, XLSX) or running text.

Either may be packed (see `text.unpacking`). Everything is found out from the bytes, never from the name
alone, and can be overruled by arguments.
"""

from __future__ import annotations

from pathlib import Path

from elmo_core.exceptions import InputError
from elmo_core.tables.containers import read_jsonl, read_parquet, read_workbook
from elmo_core.tables.delimited import read_delimited
from elmo_core.tables.records import Progress, Reading, Record, Skipped, Table
from elmo_core.text.encodings import Decoded, decode
from elmo_core.text.opening import read_text
from elmo_core.text.unpacking import ZIP, content_suffix, read_bytes

__all__ = ["Decoded", "Reading", "Record", "Skipped", "Table", "read_table", "read_table_file", "read_text"]

_PARQUET = b"PAR1"
_JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")


def read_table_file(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    has_header: bool | None = None,
) -> Table:
    """Read a table from a file; arguments and errors as `read_table`."""
    content, name = read_bytes(path)
    return read_table(
        content, name, encoding=encoding, delimiter=delimiter, quote=quote, has_header=has_header
    )


def read_table(
    content: bytes,
    name: str,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    has_header: bool | None = None,
    progress: Progress | None = None,
) -> Table:
    """Read a table.

    Args:
        content: the bytes of a file.
        name: its name, for messages.
        encoding: of a text file, as Python names it; None = find out.
        delimiter: between the cells of a text file; None = find out, empty = every line is one cell.
        quote: around the cells of a text file; None = find out, empty = none.
        has_header: whether the first row names the columns; None = find out.
        progress: told the share done from time to time; an error it raises stops the work.

    Returns:
        Every record of the file is in its rows or among its skipped ones, the header excepted.

    Raises:
        InputError: it is empty, too large, damaged, or not a table.
    """
    content, name = read_bytes(content, name)
    if not content.strip():
        raise InputError(f"{name} is empty; choose a file with a table.")
    if content.startswith(ZIP):
        return read_workbook(content, name, has_header=has_header)
    if content.startswith(_PARQUET):
        return read_parquet(content, name)
    decoded = decode(content, name, encoding)
    if not decoded.text.strip():
        raise InputError(f"{name} is empty; choose a file with a table.")
    if delimiter is None and _is_json(decoded.text, name):
        return read_jsonl(decoded, name)
    return read_delimited(
        decoded, name, delimiter=delimiter, quote=quote, has_header=has_header, progress=progress
    )


def _is_json(text: str, name: str) -> bool:
    start = text.lstrip()[:2]
    named = content_suffix(name) in _JSON_SUFFIXES
    return named or start == '{"' or start == "[{"
