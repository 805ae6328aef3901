"""Rows of cells to a file of tokens: separates sentences, chooses columns, skips what cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from elmo_core.exceptions import InputError
from elmo_core.learning.tags.column_choice import (
    SENTENCE_NAMES,
    are_numbers_of_sentences,
    choose_columns,
    named_column,
)
from elmo_core.learning.tags.sentences import RawSentence, TokenFile
from elmo_core.tables.records import MAX_CELL, MAX_COLUMNS, Skipped, counted

Row = tuple[int, tuple[str, ...]]
"""Line of the file, and its cells."""

_MANY_ROWS = 200
"""Rows of one sentence above which the file is probably misread."""


def make_token_file(
    name: str,
    kind: str,
    columns: Sequence[str] | None,
    blocks: Sequence[Sequence[Row]],
    *,
    skipped: Sequence[Skipped] = (),
    notes: Sequence[str] = (),
    encoding: str | None = None,
) -> TokenFile:
    """Make a file of tokens.

    Args:
        name: name of the file.
        kind: its format.
        columns: names, as many as each row has cells; None = there are none.
        blocks: the rows between two blank lines; a column may divide them further.
        skipped: what was left out before.
        notes: what is to be said, one sentence each.
        encoding: that it was read with.

    Returns:
        Every row is in a sentence, or in one that is skipped with its line and a reason.

    Raises:
        InputError: no sentence is left.
    """
    notes = list(notes)
    names = list(columns or _numbered(blocks))
    blocks, divider = _divided(names, blocks, notes)
    indices = [index for index, column in enumerate(names) if column != divider] or [0]
    rows = ([[cells[index] for index in indices] for _, cells in block] for block in blocks)
    choice = choose_columns([names[index] for index in indices], rows)
    token, tag = names.index(choice.token), None if choice.tag is None else names.index(choice.tag)
    needed = {token: "an empty token"}
    if tag is not None and any(cells[tag] for block in blocks for _, cells in block):
        needed[tag] = "a token without a tag"
    sentences: list[RawSentence] = []
    out = list(skipped)
    for block in blocks:
        fault = next((found for row in block if (found := _fault(row, needed))), None)
        if fault is None:
            sentences.append(RawSentence(block[0][0], tuple(cells for _, cells in block)))
        else:
            out.append(fault)
    if not sentences:
        why = f" (line {out[0].line}: {out[0].reason})" if out else ""
        raise InputError(f"{name} has no sentence that can be used{why}; give each row a token and a tag.")
    if len(sentences) == 1 and len(sentences[0].rows) > _MANY_ROWS:
        notes.append("All rows are one sentence: put a blank row after each, or a column that numbers them.")
    out.sort(key=lambda record: record.line)
    if columns is None:
        names[token] = "token"
        if tag is not None:
            names[tag] = "tag"
    return TokenFile(
        name, kind, tuple(names), tuple(sentences), names[token], None if tag is None else names[tag],
        tuple(out), tuple(notes), encoding, choice.reason,
    )  # fmt: skip


def _numbered(blocks: Sequence[Sequence[Row]]) -> list[str]:
    """Names for columns that have none."""
    width = len(blocks[0][0][1]) if blocks else 1
    if width > MAX_COLUMNS:
        raise InputError(f"There are {width:,} columns, a file of tokens may have {MAX_COLUMNS:,}.")
    return [f"column {number}" for number in range(1, width + 1)]


def _divided(
    columns: Sequence[str], blocks: Sequence[Sequence[Row]], notes: list[str]
) -> tuple[Sequence[Sequence[Row]], str | None]:
    """Blocks divided where the column that says the sentence changes, and the name of that column."""
    divider = named_column(columns, SENTENCE_NAMES)
    if divider is None and len(blocks) == 1:
        by_column = zip(*(cells for _, cells in blocks[0]), strict=True)
        numbers = (
            column for column, own in zip(columns, by_column, strict=True) if are_numbers_of_sentences(own)
        )
        divider = next(numbers, None)
    if divider is None:
        return blocks, None
    index = list(columns).index(divider)
    found: list[list[Row]] = []
    for block in blocks:
        current, keys = "", []
        for _, cells in block:
            current = cells[index] or current  # an empty cell continues a sentence
            keys.append(current)
        groups = groupby(zip(keys, block, strict=True), key=lambda pair: pair[0])
        found += [[row for _, row in group] for _, group in groups]
    notes.append(f"Sentences are told apart by column {divider!r}: {counted(len(found), 'sentence')}.")
    return found, divider


def _fault(row: Row, needed: dict[int, str]) -> Skipped | None:
    """Why a row makes its sentence useless; None = it does not."""
    line, cells = row
    if any(len(cell) > MAX_CELL for cell in cells):
        return Skipped(line, f"a cell of more than {MAX_CELL:,} characters", "")
    empty = next((reason for index, reason in needed.items() if not cells[index].strip(" \t")), None)
    return Skipped(line, empty, " ".join(cells)[:200]) if empty else None
