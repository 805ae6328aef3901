"""What a cell holds: text, a list of values, or another structure."""

from __future__ import annotations

import datetime
import json
import re
import sys
from collections.abc import Sequence
from typing import Any

_VALUE = re.compile(
    r"""(?P<quoted>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    r"""|(?P<bare>(?:[-+]?(?:\d[\d_.]*(?:[eE][-+]?\d+)?|nan|inf)|None|null|True|False|true|false|\.\.\.)(?=[\s,]|$))"""
    r"""|(?P<word>[^\s,\[\]]+)""",
    re.DOTALL,
)
_BETWEEN = re.compile(r"""\s*,\s*|\s+|$|(?=['"])""")
_ESCAPE = re.compile(r"""\\(['"\\nrt]|x[\da-f]{2}|u[\da-f]{4}|U[\da-f]{8})""")
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


def list_of(cell: str, *, has_words: bool = False) -> tuple[str, ...] | None:
    """The values of a list that is written in a cell; None where there is no flat list.

    Lists are understood as JSON, Python and NumPy write them: ["a", "b"], ['a', 'b'], ['a' 'b'], [1 2 3].
    Nothing (null, None) is an empty string; strings keep their blanks.

    Args:
        cell: of a table.
        has_words: whether words without quotation marks are values, too: [Ann, left]. Otherwise they make
            the cell a text in brackets.
    """
    text = cell.strip()
    wrapped = _NUMPY.fullmatch(text)
    text = wrapped.group(1) if wrapped else text
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return _written_list(text[1:-1].strip(), has_words=has_words)
    if any(isinstance(value, dict | list) for value in values):
        return None
    return tuple(_LONE.sub("\ufffd", one) if isinstance(one, str) else as_text(one) for one in values)


def _written_list(inner: str, *, has_words: bool) -> tuple[str, ...] | None:
    """Values as Python and NumPy write them."""
    values: list[str] = []
    at = 0
    while at < len(inner):
        found = _VALUE.match(inner, at)
        between = found and _BETWEEN.match(inner, found.end())
        if found is None or between is None or (found["word"] is not None and not has_words):
            return None
        bare = "" if found["bare"] in ("None", "null") else found["bare"] or found["word"]
        values.append(bare if found["quoted"] is None else _unquoted(found["quoted"]))
        at = between.end()
    return tuple(values)


def _unquoted(literal: str) -> str:
    """A string as `repr` writes it; a backslash that escapes nothing stays."""
    text = _ESCAPE.sub(lambda found: _escaped(found[1]), literal[1:-1])
    return text if text.isascii() else _LONE.sub("\ufffd", text)


def _escaped(code: str) -> str:
    if len(code) == 1:
        return {"n": "\n", "r": "\r", "t": "\t"}.get(code, code)
    number = int(code[1:], 16)
    return chr(number) if number <= sys.maxunicode else "\ufffd"


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
