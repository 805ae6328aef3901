"""Any file of tagged tokens: CoNLL, CoNLL-U, JSON, JSONL, CSV; found out from the bytes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from elmo_core.exceptions import InputError
from elmo_core.tables.columns import ColumnFacts, describe_columns
from elmo_core.tables.reading import read_table
from elmo_core.tables.records import Skipped, Table, counted
from elmo_core.tasks.tagging.column_files import read_columns
from elmo_core.tasks.tagging.sentences import RawSentence, TokenFile
from elmo_core.tasks.tagging.span_records import read_span_records
from elmo_core.text.encodings import Decoded, decode
from elmo_core.text.unpacking import content_suffix, read_bytes

_TABLES = (".csv", ".xlsx", ".parquet")
_TOKEN_NAMES = ("token", "tokens", "word", "words", "form")
_TAG_NAMES = ("tag", "tags", "ner", "ner_tag", "label", "entity", "upos", "pos")
_SENTENCE_NAMES = (
    "sentence",
    "sentence #",
    "sentence_id",
    "sentence id",
    "sent_id",
    "sent",
    "sentence number",
)


def read_token_file(content: bytes, name: str, *, encoding: str | None = None) -> TokenFile:
    """Read a file of tokens.

    Args:
        content: its bytes.
        name: its name, for messages and for what the bytes leave open.
        encoding: as Python names it; None = find out.

    Raises:
        InputError: it is empty, too large, damaged, or not such a file.
    """
    content, name = read_bytes(content, name)
    if not content.strip():
        raise InputError(f"{name} is empty; choose a file with tokens and their tags.")
    suffix = content_suffix(name)
    if suffix in _TABLES:
        return _from_table(_table(content, name, encoding))
    decoded = decode(content, name, encoding)
    if decoded.text.lstrip()[:1] in ("{", "[") and suffix not in (
        ".conll",
        ".conllu",
        ".bio",
        ".iob",
        ".tsv",
    ):
        return read_span_records(decoded.text, name, decoded.encoding)
    if _is_comma_separated(decoded):
        return _from_table(_table(content, name, encoding))
    return read_columns(decoded.text, name, decoded.encoding)


def read_token_path(path: Path, *, encoding: str | None = None) -> TokenFile:
    """Read a file of tokens by its path; errors as `read_token_file`."""
    content, name = read_bytes(path)
    return read_token_file(content, name, encoding=encoding)


def _is_comma_separated(decoded: Decoded) -> bool:
    """Whether nearly all lines are without blanks and have a comma or a semicolon."""
    lines = [line for line in decoded.text.splitlines()[:500] if line.strip()]
    bare = [line for line in lines if not line.startswith('"') and len(line.split()) == 1]
    if 2 * len(bare) <= len(lines):
        return False
    return any(sum(mark in line for line in bare) > 0.9 * len(bare) for mark in (",", ";"))


def _table(content: bytes, name: str, encoding: str | None) -> Table:
    """A table whose first row is a header also where it alone says so."""
    table = read_table(content, name, encoding=encoding)
    first = {cell.casefold() for cell in table.rows[0]}
    names_columns = first & set(_TOKEN_NAMES) and first & set(_TAG_NAMES)
    return read_table(content, name, encoding=encoding, has_header=True) if names_columns else table


def _from_table(table: Table) -> TokenFile:
    """A table with a row for each token; a sentence ends at a blank row or where a column says so.

    Where the columns are called `tokens` and `tags`, each row is a sentence, its cells divided by blanks.
    """
    if {"tokens", "tags"} <= set(table.columns):
        return _from_rows(table)
    facts = describe_columns(table)
    sentence = _named(table.columns, _SENTENCE_NAMES)
    others = [one for one in facts if one.name != sentence]
    if not others:
        raise InputError(f"{table.name} has no column of tokens; it needs one of tokens and one of tags.")
    token = _named(table.columns, _TOKEN_NAMES) or max(others, key=lambda one: one.n_distinct).name
    tag = _named(table.columns, _TAG_NAMES) or _fewest(others, token)
    blanks = {record.line for record in table.skipped if record.reason == "blank"}
    index = table.columns.index(token)
    starts = _starts(table, sentence, blanks)
    sentences: list[RawSentence] = []
    skipped = [record for record in table.skipped if record.reason != "blank"]
    bounds = [*starts, len(table.rows)]
    for first, last in pairwise(bounds):
        rows = table.rows[first:last]
        empty = next((at for at, row in enumerate(rows) if not row[index]), None)
        if empty is None:
            sentences.append(RawSentence(table.lines[first], rows))
        else:
            skipped.append(Skipped(table.lines[first + empty], "an empty token", ""))
    if not sentences:
        raise InputError(
            f"{table.name} has no sentence without empty tokens; choose a table with one token a row."
        )
    notes = list(table.reading.notes)
    if len(sentences) == 1 and len(table.rows) > 200:
        notes.append("All rows are one sentence: put a blank row after each, or a column that numbers them.")
    return TokenFile(
        table.name, table.reading.kind, table.columns,
        tuple(sentences), token, tag, tuple(skipped), tuple(notes), table.reading.encoding,
    )  # fmt: skip


def _from_rows(table: Table) -> TokenFile:
    """A table with a row for each sentence."""
    sentences: list[RawSentence] = []
    skipped = list(table.skipped)
    for line, tokens, tags in zip(table.lines, table.column("tokens"), table.column("tags"), strict=True):
        words, own = tokens.split(), tags.split()
        if words and len(words) == len(own):
            sentences.append(RawSentence(line, tuple(zip(words, own, strict=True))))
        else:
            reason = f"{counted(len(words), 'token')} but {counted(len(own), 'tag')}"
            skipped.append(Skipped(line, reason, tokens[:200]))
    if not sentences:
        raise InputError(f"No row of {table.name} has as many tags as tokens; divide both by blanks.")
    return TokenFile(
        table.name, table.reading.kind, ("tokens", "tags"), tuple(sentences), "tokens", "tags",
        tuple(skipped), table.reading.notes, table.reading.encoding,
    )  # fmt: skip


def _named(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """The column with one of these names, the first name first."""
    known = {column.casefold(): column for column in columns}
    return next((known[name] for name in names if name in known), None)


def _fewest(facts: Sequence[ColumnFacts], token: str) -> str | None:
    """The last of the columns with the fewest different values."""
    others = [one for one in facts if one.name != token]
    return min(reversed(others), key=lambda one: one.n_distinct).name if others else None


def _starts(table: Table, sentence: str | None, blanks: set[int]) -> list[int]:
    """Rows with which sentences begin."""
    starts = [0]
    cells = ("",) * len(table.rows) if sentence is None else table.column(sentence)
    current = cells[0]
    for row in range(1, len(table.rows)):
        is_after_blank = any(line in blanks for line in range(table.lines[row - 1] + 1, table.lines[row]))
        is_new = cells[row] not in ("", current)
        current = cells[row] or current
        if is_after_blank or is_new:
            starts.append(row)
    return starts
