"""JSON of any shape that holds a table: an object a line, a list of objects, all that pandas writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from elmo_core.exceptions import InputError
from elmo_core.tables.budget import MAX_CELLS, MemoryBudget
from elmo_core.tables.cells import as_text
from elmo_core.tables.grid import GridRow, arrange
from elmo_core.tables.records import (
    MAX_ROWS,
    Reading,
    ReadingOptions,
    Record,
    Skipped,
    Table,
    check_size,
    make_table,
    skip,
)
from elmo_core.text.encodings import Decoded

_MOST_VALUES = 4 * MAX_CELLS
_MOST_CONTAINERS = 6 * MAX_ROWS
_HOPELESS = 1_000  # values that are not JSON, before the first that is
_NAME_KEYS = ("columns", "fields", "header", "headers")
_DEEPEST = 3
_MOST_OPEN = 20  # values that begin on a line and never end
_VALUE, _CONTAINER = 60, 240  # bytes of a value that is parsed, and of an object or a list around it
_SHOWN = 200
_DECODER = json.JSONDecoder()

JsonItem = tuple[int, str, Any]
"""Line (or number in its list), text and value of a record; a ValueError stands for what is not JSON."""


def is_json(text: str, *, is_named: bool) -> bool:
    """Whether a text is JSON: by its name, or because its beginning is an object or a list of such.

    Args:
        text: of the file.
        is_named: whether its name says so.
    """
    start = text.lstrip("\ufeff \t\r\n")[:200]
    bare = "".join(start.split())[:3]
    if is_named or bare.startswith(('{"', '[{"', "[[")) or bare in ("{}", "[{}"):
        return True
    return bare.startswith("[") and all(map(_is_list, text.lstrip("\ufeff \t\r\n").split("\n", 2)[:2]))


def _is_list(line: str) -> bool:
    try:
        return isinstance(json.loads(line), list)
    except (ValueError, RecursionError):
        return False


def read_json(decoded: Decoded, name: str, options: ReadingOptions) -> Table:
    """Read a table from JSON.

    A file is one object or list a line (JSONL), or one value, however it is laid out over lines. One value
    is a list of records; or an object with such a list in it (the longest one, where there are several); or
    an object of columns or of rows, as `DataFrame.to_json` writes them in any orient. Records are objects,
    or lists of cells.

    Args:
        decoded: the characters of the file.
        name: for messages.
        options: what the user says about it.

    Raises:
        InputError: no record is found, or it is too large.
    """
    text = decoded.text.removeprefix("\ufeff")
    budget = MemoryBudget(name, len(text))
    kind, notes = "JSONL", tuple[str, ...]()
    values: Callable[[], Iterator[JsonItem]] = partial(json_values, text, name)
    first = list(islice(values(), 2))
    if len(first) == 1 and isinstance(first[0][2], dict | list):
        found, notes = _records(first[0][2], name)
        kind = "JSON"
        values = partial(_numbered, found)
    elif not any(isinstance(value, dict | list) for _, _, value in values()):
        fault = next(((line, value) for line, _, value in values() if isinstance(value, ValueError)), None)
        if fault is not None:
            raise InputError(
                f"{name} is not JSON (line {fault[0]:,}: {getattr(fault[1], 'msg', fault[1])}); JSON has "
                "double quotation marks and no comma before a closing bracket. Write it anew, or save the "
                "table as CSV."
            )
    reading = Reading(kind, decoded.encoding, decoded.is_guessed, notes=(*decoded.faults(), *notes))
    if not any(isinstance(value, dict) for _, _, value in values()):
        return _from_lists(values(), name, options, reading, budget)
    return _from_objects(values(), name, reading, budget)


def _numbered(found: Sequence[Any]) -> Iterator[JsonItem]:
    """The records of one value with their numbers."""
    return ((number, str(item)[:_SHOWN], item) for number, item in enumerate(found, start=1))


def _from_objects(values: Iterable[JsonItem], name: str, reading: Reading, budget: MemoryBudget) -> Table:
    columns: dict[str, int] = {}
    found: list[tuple[int, list[str]]] = []
    skipped: list[Skipped] = []
    for line, text, value in values:
        if not isinstance(value, dict):
            skipped.append(_left_out(line, text, value, "not a JSON object"))
            continue
        value = _unwrapped(value)
        if _is_left(value):
            skipped.append(skip(Record(line, (as_text(text),)), f"answered with {value['answer']!r}"))
            continue
        for key in value:
            columns.setdefault(key, len(columns))
        cells = [""] * len(columns)
        for key, cell in value.items():
            cells[columns[key]] = as_text(cell)
        budget.hold(cells)
        found.append((line, cells))
        check_size(len(found), len(columns), name)
    missing = sum(len(columns) - len(cells) for _, cells in found)
    budget.take(missing, 0)
    records = [Record(line, (*cells, *[""] * (len(columns) - len(cells)))) for line, cells in found]
    return make_table(name, [as_text(key) for key in columns], records, skipped, reading)


def _from_lists(
    values: Iterable[JsonItem], name: str, options: ReadingOptions, reading: Reading, budget: MemoryBudget
) -> Table:
    """A table of records that are lists of cells."""
    rows: list[GridRow] = []
    skipped: list[Skipped] = []
    for line, text, value in values:
        if not isinstance(value, list):
            skipped.append(_left_out(line, text, value, "neither a JSON object nor a list"))
            continue
        cells = [as_text(cell) for cell in value]
        budget.hold(cells)
        while cells and not cells[-1]:
            cells.pop()
        rows.append(GridRow(line, tuple(cells), len(value)))
        check_size(len(rows), 0, name)
    return arrange(name, rows, options, reading, skipped, is_even=True)


def _is_left(value: Mapping[str, Any]) -> bool:
    """Whether an annotator of Prodigy passed over a record, or over all options that it offers."""
    answer = value.get("answer") if "_task_hash" in value else None
    return answer == "ignore" or (answer == "reject" and "accept" in value)


def _left_out(line: int, text: str, value: Any, reason: str) -> Skipped:
    reason = "not JSON" if isinstance(value, ValueError) else reason
    return skip(Record(line, (as_text(text),)), reason if text.strip() else "blank")


def _unwrapped(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row in a record of the Hugging Face server."""
    inner = value.get("row")
    return inner if isinstance(inner, dict) and "row_idx" in value else value


def _check_values(text: str, name: str) -> None:
    """Refuse files whose values would fill the memory; each takes up to a hundred times its characters."""
    n_containers = _n_containers(text)
    n_values = n_containers + text.count(",")
    if n_containers > _MOST_CONTAINERS or n_values > _MOST_VALUES:
        raise InputError(
            f"{name} holds more than {MAX_ROWS:,} records or {MAX_CELLS:,} cells, the most a table may have; "
            "use a part of it."
        )


def _n_containers(text: str) -> int:
    return text.count("{") + text.count("[")


def json_values(text: str, name: str) -> Iterator[JsonItem]:
    """Yield every value of a file, with the line where it begins, and every line that is none.

    Args:
        text: of the file.
        name: for messages.

    Raises:
        InputError: there are too many values, or nothing but lines that are none.
    """
    _check_values(text, name)
    values = _Values(text, MemoryBudget(name, len(text)))
    at, line, n_failed, n_found = 0, 1, 0, 0
    while at < len(text):
        end = _line_end(text, at)
        own = text[at:end]
        if not own.strip():
            if at + len(own) < len(text):
                yield line, "", None
            at, line = end + 1, line + 1
            continue
        start = at + len(own) - len(own.lstrip())
        try:
            value, stop = values.decode(start, end)
            end = _line_end(text, stop)
            if text[stop:end].strip(" \t\r,;"):
                raise ValueError("something stands after it")
            n_found += 1
            yield line, own, value
        except RecursionError:
            yield line, own, ValueError("nested too deeply")
        except InputError:
            raise
        except ValueError as error:
            n_failed += 1
            if not n_found and n_failed > _HOPELESS:
                raise InputError(f"{name} is not JSON (line 1: {error}); save it anew.") from None
            end = _line_end(text, at)
            yield line, own, error
        line += text.count("\n", at, end) + 1
        at = end + 1


class _Values:
    """Decodes the values of a text: one line at a time, since most end where their line does."""

    def __init__(self, text: str, budget: MemoryBudget) -> None:
        self._text, self._budget = text, budget
        self._n_open = 0
        self._is_checked = False

    def decode(self, start: int, end: int) -> tuple[Any, int]:
        """Decode the value that begins at a place of a line that ends at another; returns also its end."""
        line = self._text[start:end].rstrip()
        self._budget.check(_cost(line))
        try:
            value, length = _DECODER.raw_decode(line)
        except json.JSONDecodeError as error:
            if error.pos < len(line):
                raise
            return self._decode_below(start)
        return value, start + length

    def _decode_below(self, start: int) -> tuple[Any, int]:
        """Decode a value that goes on over the lines below."""
        if self._n_open == _MOST_OPEN:
            raise ValueError("it does not end")
        if not self._is_checked:
            self._budget.check(_cost(self._text))
            self._is_checked = True
        self._n_open += 1
        found = _DECODER.raw_decode(self._text, start)
        self._n_open -= 1
        return found


def _cost(text: str) -> int:
    """Bytes that the values of a text take when they are parsed, at most."""
    return _VALUE * text.count(",") + _CONTAINER * _n_containers(text)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _records(value: Any, name: str) -> tuple[list[Any], tuple[str, ...]]:
    """The records in one value, and what was chosen among several lists."""
    if isinstance(value, list):
        return value, ()
    names = next((value[key] for key in _NAME_KEYS if _are_names(value.get(key))), None)
    data = value.get("data", value.get("rows", value.get("values")))
    if names is not None and isinstance(data, list) and all(isinstance(row, list) for row in data):
        titles = [as_text(one.get("name", "") if isinstance(one, dict) else one) for one in names]
        return [dict(zip(titles, row, strict=False)) if row else {} for row in data], ()
    lists = dict(_lists_of_records(value))
    if lists:
        best = max(lists, key=lambda key: len(lists[key]))
        others = [key for key in lists if key != best]
        note = f"Took the {len(lists[best]):,} records of {best[:60]!r}"
        left = f"; left out those of {', '.join(map(repr, others[:5]))}" if others else ""
        return lists[best], (f"{note}{left}.",)
    cells = list(value.values())
    if cells and all(isinstance(cell, dict) for cell in cells):
        return _from_mappings(value), ()
    if len(cells) > 0 and all(isinstance(cell, list) for cell in cells):
        if len({len(cell) for cell in cells}) == 1 and cells[0]:
            return [dict(zip(value, row, strict=True)) for row in zip(*cells, strict=True)], ()
        if len(cells) == 1:
            return cells[0], ()
    return [value], ()


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str | int | dict) for one in value)


def _lists_of_records(value: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, list[Any]]]:
    """Lists of objects, or of lists, below an object, by where they stand."""
    for key, inner in value.items():
        if isinstance(inner, list) and inner and all(isinstance(one, dict) for one in inner):
            if key not in ("features", "fields", "columns", "schema"):
                yield key, inner
        elif isinstance(inner, list) and len(value) == 1 and all(isinstance(one, list) for one in inner):
            yield key, inner
        elif isinstance(inner, dict) and depth < _DEEPEST and key != "schema":
            yield from ((f"{key}.{name}", found) for name, found in _lists_of_records(inner, depth + 1))


def _from_mappings(value: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of an object of columns or of one of rows; the side that is numbered is that of the rows."""
    inner = {key: None for one in value.values() for key in one}
    are_rows = all(key.isdigit() for key in value) and not all(key.isdigit() for key in inner)
    are_columns = all(key.isdigit() for key in inner) and not all(key.isdigit() for key in value)
    if are_rows or (not are_columns and len(inner) < len(value)):
        return [dict(row) for row in value.values()]
    return [{column: cells.get(key) for column, cells in value.items()} for key in inner]
