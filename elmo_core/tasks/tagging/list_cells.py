"""Tables with a row for each sentence: cells are lists (Hugging Face, pandas), or words divided by blanks."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence

from elmo_core.exceptions import InputError
from elmo_core.tables.cells import list_of
from elmo_core.tables.records import Skipped, Table, counted
from elmo_core.tasks.tagging.column_choice import TAG_NAMES, TOKEN_NAMES, named_column
from elmo_core.tasks.tagging.sentences import TokenFile
from elmo_core.tasks.tagging.span_records import Lists, make_span_file

_CUT = "..."
"""What pandas and NumPy write in the place of items that they leave out."""

Names = Mapping[str, Sequence[str]]
"""Of the tags that the numbers of a column stand for."""


def has_sentences(table: Table) -> bool:
    """Whether rows are sentences: lists of tokens and of tags, or columns called `tokens` and `tags`."""
    return {"tokens", "tags"} <= set(table.columns) or len(_list_columns(table)) > 1


def read_sentences(table: Table, names: Names) -> TokenFile:
    """Read a table with a row for each sentence.

    Args:
        table: the cells.
        names: of tags by column, where they are numbers (see `tag_names`).

    Raises:
        InputError: tags are numbers without names, or no row has as many tags as tokens.
    """
    columns = _list_columns(table)
    if len(columns) < 2:
        columns = ["tokens", "tags"]
    token = named_column(columns, TOKEN_NAMES) or columns[0]
    tags = [column for column in columns if column != token]
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
    return make_span_file(table.name, table.reading.kind, [], lists, skipped, notes=table.reading.notes)


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


def _list_columns(table: Table) -> list[str]:
    """Columns whose cells are nearly all lists."""
    found = []
    for column in table.columns:
        cells = [cell for cell in table.column(column)[:1000] if cell]
        if sum(list_of(cell, has_words=True) is not None for cell in cells) > 0.9 * len(cells):
            found.append(column)
    return found


def _named(number: str, names: Sequence[str]) -> str:
    return names[int(number)] if len(number) < 6 and int(number) < len(names) else number
