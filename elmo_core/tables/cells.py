"""What a cell holds: text, a list of values, or another structure."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Sequence
from typing import Any

_ITEM = re.compile(
    r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([-+]?(?:\d[\d_.]*(?:[eE][-+]?\d+)?|nan|inf)|None|null|True|False|true|false))\s*(,|(?=\s*['"\d+-])|$)"""
)
_LONE = re.compile("[\ud800-\udfff]")
_OBJECT = re.compile(r"""\{\s*(?:\}|['"][^'"]*['"]\s*:.*\})""", re.DOTALL)
_NUMPY = re.compile(r"array\(\s*(\[.*\])\s*(?:,\s*dtype=\w+\s*)?\)", re.DOTALL)
_SHARE = 0.9  # of the filled cells of a column that is called structured


def as_text(value: Any) -> str:
    """A value of a cell as a string; nothing as an empty one, 3.0 as "3", a list or an object as JSON.

    Half of a surrogate pair, which no file can hold, becomes the replacement character.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value != value:
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    if isinstance(value, dict | list):
        text = json.dumps(value, ensure_ascii=False, default=as_text)
    elif isinstance(value, bytes):
        text = value.decode("utf-8", "replace").strip()
    elif isinstance(value, datetime.datetime) and value.time() == datetime.time():
        text = value.date().isoformat()
    else:
        text = str(value).strip()
    return text if text.isascii() else _LONE.sub("\ufffd", text)


def list_of(cell: str) -> tuple[str, ...] | None:
    """The values of a list that is written in a cell; None where there is no flat list.

    Lists are understood as JSON, Python and NumPy write them: ["a", "b"], ['a', 'b'], ['a' 'b'], [1 2 3].

    Args:
        cell: of a table.
    """
    text = cell.strip()
    wrapped = _NUMPY.fullmatch(text)
    text = wrapped.group(1) if wrapped else text
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return _written_list(text[1:-1])
    if any(isinstance(value, dict | list) for value in values):
        return None
    return tuple(as_text(value) for value in values)


def _written_list(inner: str) -> tuple[str, ...] | None:
    """Values as Python and NumPy write them."""
    values = []
    at = 0
    inner = inner.strip()
    while at < len(inner):
        found = _ITEM.match(inner, at)
        if found is None:
            return None
        single, double, bare, _ = found.groups()
        quoted = single if single is not None else double
        values.append(bare if quoted is None else re.sub(r"\\(['\"\\])", r"\1", quoted))
        at = found.end()
    return tuple(values)


def is_structured(cell: str) -> bool:
    """Whether a cell holds a list or an object and not text."""
    text = cell.strip()
    if text.startswith(("[", "array([")):
        if list_of(text) is not None:
            return True
        try:
            return isinstance(json.loads(text), list)
        except (ValueError, RecursionError):
            return False
    return text.startswith("{") and text.endswith("}") and bool(_OBJECT.fullmatch(text))


def are_structured(cells: Sequence[str]) -> bool:
    """Whether nearly all filled cells of a column hold lists or objects."""
    filled = [cell for cell in cells if cell]
    if not filled or not any(cell.startswith(("[", "{", "array(")) for cell in filled[:100]):
        return False
    return sum(map(is_structured, filled)) >= _SHARE * len(filled)
