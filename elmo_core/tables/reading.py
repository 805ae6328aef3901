"""Any file of users: a table (CSV, TSV, semicolons, bars, JSONL, Parquet, XLSX) or running text.

Either may be packed in a `.zip`. Everything is found out from the bytes, never from the name alone, and
can be overruled by arguments.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from elmo_core.exceptions import InputError
from elmo_core.tables.archives import ZIP, check_bytes, unpack
from elmo_core.tables.containers import read_jsonl, read_parquet, read_workbook
from elmo_core.tables.delimited import read_delimited
from elmo_core.tables.encodings import Decoded, decode
from elmo_core.tables.records import Progress, Reading, Record, Skipped, Table

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
    try:
        check_bytes(path.name, path.stat().st_size)
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"There is no file {path}; check the path.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} cannot be read ({reason}).") from None
    return read_table(
        content, path.name, encoding=encoding, delimiter=delimiter, quote=quote, has_header=has_header
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
    inner, inner_name = unpack(content, name)
    if inner is not content:
        table = read_table(
            inner,
            inner_name,
            encoding=encoding,
            delimiter=delimiter,
            quote=quote,
            has_header=has_header,
            progress=progress,
        )
        return replace(table, name=f"{name}: {table.name}")
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


def read_text(content: bytes, name: str, *, encoding: str | None = None) -> Decoded:
    """Read running text.

    Args:
        content: the bytes of a file.
        name: its name, for messages.
        encoding: as Python names it; None = find out.

    Raises:
        InputError: it is empty, too large, damaged, or not text.
    """
    inner, inner_name = unpack(content, name)
    decoded = decode(inner, inner_name, encoding)
    if not decoded.text.strip():
        raise InputError(f"{name} is empty; choose a file with some sentences.")
    return decoded


def _is_json(text: str, name: str) -> bool:
    start = text.lstrip()[:2]
    named = PurePosixPath(name.lower()).suffix in _JSON_SUFFIXES
    return named or start == '{"' or start == "[{"
