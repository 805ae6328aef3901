"""A user's file as sentences: TXT, or a CSV/TSV table with a column of text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from elmo_core.exceptions import InputError
from elmo_core.text.tokenisation import split_sentences

MAX_BYTES = 20 * 1024 * 1024
"""Larger files are refused."""

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SEPARATORS = ",;\t|"
_LONGEST_NAME = 60  # characters; a longer first cell is a sentence, not the name of a column


@dataclass(frozen=True)
class Decoded:
    """The characters of a file."""

    text: str
    guessed: str | None = None
    """The encoding, where it was guessed from the bytes and accents deserve a look."""


@dataclass(frozen=True)
class Table:
    """The cells of a CSV or TSV file."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Rows with as many cells as there are columns."""
    skipped: tuple[int, ...]
    """Lines of the file where rows with another number of cells end; they are left out."""
    has_header: bool
    """Whether the first row names the columns; otherwise they are numbered."""

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Columns that hold words, the one with the longest cells first."""
        lengths = {}
        for index, column in enumerate(self.columns):
            cells = [row[index] for row in self.rows]
            if any(character.isalpha() for cell in cells for character in cell):
                lengths[column] = sum(map(len, cells))
        return tuple(sorted(lengths, key=lambda column: -lengths[column]))

    def column(self, name: str) -> tuple[str, ...]:
        """The cells of one column."""
        index = self.columns.index(name)
        return tuple(row[index] for row in self.rows)


@dataclass(frozen=True)
class Text:
    """Sentences, with what is known of the senses in them."""

    sentences: tuple[str, ...]
    labels: tuple[str | None, ...] = ()
    """The gold sense of the word in each sentence; empty when the text has none."""
    words: tuple[str, ...] = ()
    """The case-folded word that each label speaks of; empty when they speak of any word."""

    def labels_of(self, word: str) -> tuple[str | None, ...] | None:
        """The gold senses that speak of this word, one for each sentence; None when there are none."""
        if not self.words:
            return self.labels or None
        wanted = word.strip().casefold()
        pairs = zip(self.words, self.labels, strict=True)
        return tuple(label if about == wanted else None for about, label in pairs)


def decode(content: bytes, name: str) -> Decoded:
    """Decode a text file: UTF-8, UTF-16 with its mark, or else what charset-normalizer says.

    Args:
        content: the bytes of the file.
        name: for the error message.

    Raises:
        InputError: the file is empty, too large, or not text.
    """
    if len(content) > MAX_BYTES:
        size, most = f"{len(content) / 2**20:.0f} MB", f"{MAX_BYTES // 2**20} MB"
        raise InputError(f"{name} has {size}; a text may have up to {most}. Use a part of it.")
    decoded = _utf8(content) or _by_mark(content) or _guess(content)
    if decoded is None or "\0" in decoded.text:
        raise InputError(
            f"{name} is not a text file. Save it as plain text or CSV in UTF-8 and choose it again."
        )
    if not decoded.text.strip():
        raise InputError(f"{name} is empty. Choose a file with some sentences.")
    return decoded


def read_plain(text: str) -> Text:
    """Split running text into sentences."""
    return Text(tuple(split_sentences(text)))


def read_table(text: str, name: str) -> Table:
    """Read a table whose cells are separated by comma, semicolon, tab or bar.

    Args:
        text: the characters of the file.
        name: for the error message.

    Raises:
        InputError: it is not a table, has no rows, or no column of words.
    """
    first_line = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_SEPARATORS, key=first_line.count))
    try:
        lines = [(reader.line_num, tuple(cell.strip() for cell in row)) for row in reader]
    except csv.Error as error:
        raise InputError(f"Line {reader.line_num} of {name} is not CSV ({error}).") from None
    lines = [(line, cells) for line, cells in lines if any(cells)]
    first = lines[0][1] if lines else ()
    has_header = _is_header(first)
    columns = _unique(first if has_header else [""] * len(first))
    body = lines[1:] if has_header else lines
    rows = tuple(cells for _, cells in body if len(cells) == len(columns))
    skipped = tuple(line for line, cells in body if len(cells) != len(columns))
    table = Table(columns, rows, skipped, has_header)
    if not rows:
        raise InputError(f"{name} has no rows below its first line. Give it a column of sentences.")
    if not table.text_columns:
        found = ", ".join(columns[:8]) + (", …" if len(columns) > 8 else "")
        raise InputError(
            f"{name} has no column of text (its columns: {found}). Give it a column of sentences."
        )
    return table


def read_column(table: Table, text: str, label: str | None = None, word: str | None = None) -> Text:
    """Take the sentences out of a table.

    Args:
        table: the table.
        text: its column of text; a cell may hold several sentences.
        label: its column of gold senses, if any; empty cells say nothing.
        word: the column of the word that each label speaks of; None = of any word.
    """
    sentences: list[str] = []
    labels: list[str | None] = []
    words: list[str] = []
    empty = ("",) * len(table.rows)
    columns = (
        table.column(text),
        table.column(label) if label else empty,
        table.column(word) if word else empty,
    )
    for cell, sense, about in zip(*columns, strict=True):
        for sentence in split_sentences(cell):
            sentences.append(sentence)
            labels.append(sense or None)
            words.append(about.casefold())
    return Text(tuple(sentences), tuple(labels) if label else (), tuple(words) if label and word else ())


def is_table(name: str) -> bool:
    """Whether a file of this name is read as a table."""
    return PurePath(name).suffix.lower() in {".csv", ".tsv"}


def _utf8(content: bytes) -> Decoded | None:
    try:
        return Decoded(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return None


def _by_mark(content: bytes) -> Decoded | None:
    if not content.startswith(_UTF16_MARKS):
        return None
    try:
        return Decoded(content.decode("utf-16"))
    except UnicodeDecodeError:
        return None


def _guess(content: bytes) -> Decoded | None:
    from charset_normalizer import from_bytes

    best = None if b"\0" in content else from_bytes(content).best()
    return Decoded(str(best), best.encoding) if best else None


def _is_header(cells: Sequence[str]) -> bool:
    """Whether a first row holds names: no sentence, no number."""
    return all(
        len(cell) <= _LONGEST_NAME and not cell.lstrip("-").replace(".", "").isdigit() for cell in cells
    )


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """Column names without blanks and repeats, so that a name finds its column."""
    unique: list[str] = []
    for number, name in enumerate(names, start=1):
        name = name or f"column {number}"
        while name in unique:
            name += f" ({number})"
        unique.append(name)
    return tuple(unique)
