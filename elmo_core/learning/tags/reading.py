"""Reads any file of tagged tokens (CoNLL, CoNLL-U, JSON, CSV, Parquet, brat, WebAnno), by its bytes."""

from __future__ import annotations

import json
import re
from pathlib import Path

from elmo_core.exceptions import InputError
from elmo_core.learning.tags.brat import is_brat, read_brat
from elmo_core.learning.tags.column_choice import is_header
from elmo_core.learning.tags.column_files import read_columns
from elmo_core.learning.tags.joined_tags import find_mark, read_joined
from elmo_core.learning.tags.list_cells import Names, has_sentences, read_sentences, tag_names
from elmo_core.learning.tags.sentences import TokenFile
from elmo_core.learning.tags.span_records import read_span_records
from elmo_core.learning.tags.span_tables import read_span_table, span_column
from elmo_core.learning.tags.token_rows import Row, make_token_file
from elmo_core.learning.tags.webanno import is_webanno, read_webanno
from elmo_core.tables.reading import read_table
from elmo_core.tables.records import Table
from elmo_core.text.encodings import Decoded, decode
from elmo_core.text.opening import split_lines
from elmo_core.text.unpacking import content_suffix, read_bytes

_TABLES = (".csv", ".xlsx", ".parquet")
_COLUMNS = (".conll", ".conllu", ".conllup", ".bio", ".iob", ".iob2", ".tsv")
_BRACKET_TOKEN = re.compile(r"""[\[{][^\s",:{\[]*[ \t]+[^\s"{\[\]},:\d]""")
"""A first line of columns that starts as JSON does: `[ O`, `[UNK] B-PER`."""


_QUOTED = re.compile(r"""(?m)(?:^|\t)"(?:[^"\t\n]|"")*""(?:[^"\t\n]|"")*"(?=\t|\r?$)""")
_LONE_MARK = re.compile(r"""(?m)(?:^|\t)"(?=\t|\r?$)""")
_HEAD = 100_000
"""Characters."""


def read_token_file(content: bytes, name: str, *, encoding: str | None = None) -> TokenFile:
    """Read a file of tokens.

    Args:
        content: its bytes.
        name: its name, for messages and for what the bytes leave open.
        encoding: as Python names it; None = find out.

    Raises:
        InputError: it is empty, too large, damaged, or not a file of tagged tokens.
    """
    if is_brat(content):
        return read_brat(content, name)
    content, name = read_bytes(content, name)
    if not content.strip():
        raise InputError(f"{name} is empty; choose a file with tokens and their tags.")
    suffix = content_suffix(name)
    if suffix in _TABLES:
        names = tag_names(content) if suffix == ".parquet" else {}
        return _from_table(_table(content, name, encoding), names)
    decoded = decode(content, name, encoding)
    start = decoded.text.lstrip()[:1000]
    if suffix not in _COLUMNS and start[:1] in ("{", "[") and not _BRACKET_TOKEN.match(start):
        return (
            _from_table(_table(content, name, encoding))
            if _has_rows(start)
            else read_span_records(decoded, name)
        )
    if is_webanno(decoded.text):
        return read_webanno(decoded, name)
    if _is_comma_separated(decoded) or _has_quoted_cells(decoded.text):
        return _from_table(_table(content, name, encoding))
    if suffix not in _COLUMNS and (mark := find_mark(decoded.text)) is not None:
        return read_joined(decoded, name, mark)
    return read_columns(decoded, name)


def read_token_path(path: Path, *, encoding: str | None = None) -> TokenFile:
    """Read a file of tokens by its path; errors as `read_token_file`."""
    if is_brat(path):
        return read_brat(path, path.name)
    content, name = read_bytes(path)
    return read_token_file(content, name, encoding=encoding)


def _has_rows(start: str) -> bool:
    """Whether the first object of a JSON file is a token with its tag."""
    try:
        first, _ = json.JSONDecoder().raw_decode(start, start.index("{"))
    except (ValueError, RecursionError):
        return False
    names = [key for key, value in first.items() if isinstance(value, str)]
    return "text" not in names and is_header(names)


def _is_comma_separated(decoded: Decoded) -> bool:
    """Whether nearly all lines are without blanks and have a comma or a semicolon."""
    lines = [line for line in split_lines(decoded.text)[:500] if line.strip()]
    bare = [line for line in lines if not line.startswith('"') and len(line.split()) == 1]
    if 2 * len(bare) <= len(lines):
        return False
    return any(sum(mark in line for line in bare) > 0.9 * len(bare) for mark in (",", ";", "|"))


def _table(content: bytes, name: str, encoding: str | None) -> Table:
    """A table whose first row is a header also where it alone says so."""
    table = read_table(content, name, encoding=encoding)
    if table.reading.has_header or not is_header(table.rows[0]):
        return table
    return read_table(content, name, encoding=encoding, has_header=True)


def _has_quoted_cells(text: str) -> bool:
    """Whether cells between tabs are quoted as spreadsheets do; a token `"` on its own shows the opposite."""
    head = text[:_HEAD]
    return bool(_QUOTED.search(head)) and not _LONE_MARK.search(head)


def _from_table(table: Table, names: Names | None = None) -> TokenFile:
    """A table of sentences, of texts with spans, or of tokens.

    Of the last, a sentence ends at a blank row or where a column says so.
    """
    if (column := span_column(table)) is not None:
        return read_span_table(table, column)
    if has_sentences(table):
        return read_sentences(table, names or {})
    blanks = {record.line for record in table.skipped if record.reason == "blank"}
    skipped = [record for record in table.skipped if record.reason != "blank"]
    blocks: list[list[Row]] = [[]]
    before = table.lines[0]
    for line, cells in zip(table.lines, table.rows, strict=True):
        if any(blank in blanks for blank in range(before + 1, line)):
            blocks.append([])
        blocks[-1].append((line, cells))
        before = line
    return make_token_file(
        table.name, table.reading.kind, table.columns, blocks, skipped=skipped, notes=table.reading.remarks,
        encoding=table.reading.encoding,
    )  # fmt: skip
