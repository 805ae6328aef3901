"""Tables with a row for each sentence: cells are lists (Hugging Face, pandas), or words divided by blanks."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence

from elmo_core.exceptions import InputError
from elmo_core.learning.tags.column_choice import TAG_NAMES, TOKEN_NAMES, named_column
from elmo_core.learning.tags.sentences import TokenFile
from elmo_core.learning.tags.span_records import Lists, make_span_file
from elmo_core.tables.cells import list_of
from elmo_core.tables.records import Skipped, Table, counted

_LOOKED_AT = 1_000
"""Rows."""
_SHARE = 0.9
"""Of the cells of a column, or of the rows of a table, that decide."""
_CUT = "..."
"""Text that pandas and NumPy write in place of omitted items."""

Names = Mapping[str, Sequence[str]]
"""Names of the tags that the numbers of a column stand for."""


def has_sentences(table: Table) -> bool:
    """Whether rows are sentences: tokens in one cell, and as many tags in another."""
    return _find_columns(table) is not None


def read_sentences(table: Table, names: Names) -> TokenFile:
    """Read a table with a row for each sentence.

    Args:
        table: the cells.
        names: names of tags by column, where they are numbers (see `tag_names`).

    Raises:
        InputError: tags are numbers without names, or no row has as many tags as tokens.
    """
    token, tags = _find_columns(table) or ("tokens", ["tags"])
    tags = [column for column in tags if named_column([column], TAG_NAMES) or column in names] or tags
    items = {column: [_items(cell) for cell in table.column(column)] for column in (token, *tags)}
    numbers = [column for column in tags if all(one.isdecimal() for own in items[column] for one in own)]
    for column in numbers:
        if column in names:
            items[column] = [[_named(one, names[column]) for one in own] for own in items[column]]
    usable = [column for column in tags if column in names or column not in numbers]
    if not usable:
        raise InputError(
            f"The tags of {table.name} in column {tags[0]!r} are numbers, and the file does not say their "
            "names; write the names of the tags in their place."
        )
    lists: list[tuple[int, Lists]] = []
    skipped = list(table.skipped)
    for row, line in enumerate(table.lines):
        words = items[token][row]
        own = {column: items[column][row] for column in usable}
        wrong = next((tags for tags in own.values() if len(tags) != len(words)), None)
        if wrong is not None:
            reason = f"{counted(len(words), 'token')} but {counted(len(wrong), 'tag')}"
            skipped.append(Skipped(line, reason, " ".join(words)[:200]))
        elif _CUT in words and all(_CUT in tags for tags in own.values()):
            skipped.append(Skipped(line, "a list that was cut when it was written", " ".join(words)[:200]))
        elif words:
            lists.append((line, {"token": words, **own}))
    if not lists:
        raise InputError(f"No row of {table.name} has as many tags as tokens; divide both by blanks.")
    return make_span_file(
        table.name,
        table.reading.kind,
        [],
        lists,
        skipped,
        notes=table.reading.remarks,
        encoding=table.reading.encoding,
    )


def tag_names(parquet: bytes) -> Names:
    """The names of tags in the schema of a Parquet file, as Hugging Face's datasets write them."""
    import pyarrow
    import pyarrow.parquet

    try:
        metadata = pyarrow.parquet.read_schema(io.BytesIO(parquet)).metadata or {}
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        items = [(column, own.get("feature", own)) for column, own in features.items()]
        return {
            column: [str(name) for name in own["names"]]
            for column, own in items
            if isinstance(own, dict) and isinstance(own.get("names"), list)
        }
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}  # no names, then


def _items(cell: str) -> list[str]:
    """The values of a list; of a cell without brackets, the words between blanks."""
    values = list_of(cell, has_words=True)
    return cell.split() if values is None else list(values)


def _find_columns(table: Table) -> tuple[str, list[str]] | None:
    """The column of tokens and those of tags; None = rows are no sentences.

    Tags are in columns of lists, or of as many words as the tokens in nearly every row. Tokens are the list
    that is called so, or a text of as many words as the lists have items, or else the first list.
    """
    rows = table.rows[:_LOOKED_AT]
    lists: list[str] = []
    texts: list[str] = []
    lengths: dict[str, list[int]] = {}
    for index, column in enumerate(table.columns):
        cells = [row[index] for row in rows]
        filled = [cell for cell in cells if cell]
        are_lists = sum(list_of(cell, has_words=True) is not None for cell in filled) > _SHARE * len(filled)
        (lists if are_lists and filled else texts).append(column)
        lengths[column] = [len(_items(cell)) for cell in cells]
    token = named_column(lists, TOKEN_NAMES)
    if token is not None and len(lists) > 1:
        return token, [column for column in lists if column != token]

    def alike(one: str, other: str) -> bool:
        pairs = list(zip(lengths[one], lengths[other], strict=True))
        return sum(a == b for a, b in pairs) >= _SHARE * len(pairs) and 2 * sum(
            a > 1 for a, _ in pairs
        ) > len(pairs)

    tags = lists or [column for column in texts if named_column([column], TAG_NAMES)]
    fitting = [one for one in texts if one not in tags and any(alike(one, other) for other in tags)]
    if fitting:
        token = named_column(fitting, (*TOKEN_NAMES, "sentence", "sentences")) or fitting[0]
        return token, [column for column in tags if alike(token, column)]
    if len(lists) > 1:
        return lists[0], lists[1:]
    return ("tokens", ["tags"]) if {"tokens", "tags"} <= set(table.columns) else None


def _named(number: str, names: Sequence[str]) -> str:
    return names[int(number)] if len(number) < 6 and int(number) < len(names) else number
