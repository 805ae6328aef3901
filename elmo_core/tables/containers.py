"""Tables that are not plain text: JSONL, Parquet, XLSX."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from elmo_core.exceptions import InputError
from elmo_core.tables.records import (
    MAX_ROWS,
    Reading,
    Record,
    Skipped,
    Table,
    check_size,
    make_table,
    skip,
)
from elmo_core.tables.sniffing import looks_like_header
from elmo_core.text.encodings import Decoded

_MAX_UNPACKED = 1 << 30
_MAX_RATIO = 200


def as_text(value: Any) -> str:
    """A value of a cell as a string; nothing as an empty one, 3.0 as "3"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return (
            ""
            if value != value
            else str(int(value))
            if value.is_integer() and abs(value) < 1e15
            else str(value)
        )
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value).strip()


def read_jsonl(decoded: Decoded, name: str) -> Table:
    """Read one JSON object a line, or a JSON list of objects.

    Raises:
        InputError: no line is an object.
    """
    columns: dict[str, None] = {}
    found: list[tuple[int, Mapping[str, Any]]] = []
    skipped: list[Skipped] = []
    for line, text, value in _json_values(decoded.text):
        if isinstance(value, dict):
            found.append((line, value))
            columns.update(dict.fromkeys(value))
            check_size(len(found), len(columns), name)
        else:
            reason = "not JSON" if isinstance(value, ValueError) else "not a JSON object"
            skipped.append(skip(Record(line, (text,)), reason if text.strip() else "blank"))
    records = [Record(line, tuple(as_text(value.get(key)) for key in columns)) for line, value in found]
    reading = Reading("JSONL", decoded.encoding, decoded.is_guessed, notes=decoded.faults())
    return make_table(name, list(columns), records, skipped, reading)


def _json_values(text: str) -> Iterable[tuple[int, str, Any]]:
    """Line, text and value of each item; a ValueError stands for text that is not JSON."""
    if text.lstrip().startswith("["):
        value = _json(text)
        if isinstance(value, list):
            return [(index, str(item)[:200], item) for index, item in enumerate(value, start=1)]
    lines = text.removesuffix("\n").split("\n")  # not splitlines: U+2028 may stand inside a string
    return ((index, line, _json(line)) for index, line in enumerate(lines, start=1))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        return ValueError("nested too deeply")
    except ValueError as error:
        return error


def read_parquet(content: bytes, name: str) -> Table:
    """Read a Parquet file.

    Raises:
        InputError: it is damaged or too large.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        facts = file.metadata
        check_size(facts.num_rows, facts.num_columns, name)
        size = sum(facts.row_group(index).total_byte_size for index in range(facts.num_row_groups))
        if size > _MAX_UNPACKED:
            raise InputError(f"{name} unpacks to {size:,} bytes, which is too much; use a part of it.")
        table = file.read()
        columns = [[as_text(value) for value in column.to_pylist()] for column in table.columns]
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError, NotImplementedError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name} is not a readable Parquet file ({_brief(error)}); write it anew.") from None
    rows = zip(*columns, strict=True) if columns else ()
    records = [Record(line, cells) for line, cells in enumerate(rows, start=1)]
    return make_table(name, table.column_names, records, [], Reading("Parquet"))


def read_workbook(content: bytes, name: str, *, has_header: bool | None = None) -> Table:
    """Read the first sheet of an XLSX workbook that holds anything.

    Raises:
        InputError: it is damaged, too large, or empty.
    """
    import warnings

    from openpyxl import load_workbook

    _check_unpacked(content, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that do not touch the cells
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            sheets = ([*sheet.iter_rows(values_only=True, max_row=MAX_ROWS + 2)] for sheet in book.worksheets)
            values = next((rows for rows in sheets if any(any(row) for row in rows)), [])
    except Exception as error:  # a damaged workbook fails in any of a dozen ways
        raise InputError(f"{name} is not a readable XLSX workbook ({_brief(error)}); save it anew.") from None
    records = [Record(line, tuple(map(as_text, row))) for line, row in enumerate(values, start=1)]
    width = max((_used(record.cells) for record in records), default=0)
    records = [Record(r.line, (*r.cells[:width], *[""] * (width - len(r.cells)))) for r in records]
    first = next((index for index, record in enumerate(records) if any(record.cells)), 0)
    skipped = [skip(record, "blank") for record in records[:first]]
    body = records[first:]
    header = has_header
    if header is None:
        header = bool(body) and looks_like_header(body[0].cells, [record.cells for record in body[1:1000]])
    columns = body[0].cells if header and body else ("",) * width
    return make_table(
        name, columns, body[1:] if header else body, skipped, Reading("XLSX", has_header=header)
    )


def _check_unpacked(content: bytes, name: str) -> None:
    """Refuse archives that are meant to fill the memory."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            size = sum(info.file_size for info in file.infolist())
    except zipfile.BadZipFile as error:
        raise InputError(f"{name} is damaged ({error}); save it anew.") from None
    if size > _MAX_UNPACKED or size > max(_MAX_RATIO * len(content), 16 << 20):
        raise InputError(f"{name} would unpack to {size:,} bytes, which no table of its size does.")


def _used(cells: tuple[str, ...]) -> int:
    """Cells up to the last one that is filled."""
    return max((index for index, cell in enumerate(cells, start=1) if cell), default=0)


def _brief(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
