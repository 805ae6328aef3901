"""A text to explore: the sentences of running text or of a table's column, with what is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from elmo_core.exceptions import InputError
from elmo_core.progress import Report
from elmo_core.tables.columns import ColumnGuess, guess_text_column, texts_of
from elmo_core.tables.records import Table
from elmo_core.text.levelling import fold, unify
from elmo_core.text.tokenisation import split_sentences
from elmo_core.text.unpacking import content_suffix

_CHARACTERS = 1 << 20
"""Split into sentences between two reports of progress."""
_ROWS = 20_000
_TEXT_SUFFIXES = (".txt", ".text", ".md")
_SENSE_NAMES, _WORD_NAMES = ("sense", "gold", "gold sense", "label"), ("word", "lemma", "target")


@dataclass(frozen=True)
class Text:
    """Sentences, with what is known of the senses in them."""

    sentences: tuple[str, ...]
    labels: tuple[str | None, ...] = ()
    """The gold sense of the word in each sentence; empty when the text has none."""
    words: tuple[str, ...] = ()
    """The case-folded word that each label speaks of; empty when they speak of any word."""
    table: Table | None = None
    """Where the sentences come from; None = running text."""
    rows: tuple[int, ...] = ()
    """The row of the table that holds each sentence."""

    def labels_of(self, word: str) -> tuple[str | None, ...] | None:
        """The gold senses that speak of this word, one for each sentence; None when there are none."""
        if not self.words:
            return self.labels or None
        wanted = fold(word.strip())
        pairs = zip(self.words, self.labels, strict=True)
        return tuple(label if about == wanted else None for about, label in pairs)

    def values(self, column: str, sentences: tuple[int, ...]) -> tuple[str | None, ...]:
        """What a column of the table says of some sentences, None where its cell is empty.

        Raises:
            InputError: there is no such column.
        """
        if self.table is None:
            raise InputError("A running text has no columns; choose a table.")
        cells = self.table.column(column)
        return tuple(cells[self.rows[sentence]] or None for sentence in sentences)


def is_running_text(name: str) -> bool:
    """Whether a file of this name is read as running text; all others are read as tables."""
    return content_suffix(name) in _TEXT_SUFFIXES


def split_text(text: str, report: Report | None = None) -> Text:
    """Split running text into sentences.

    Args:
        text: any text with at least one sentence.
        report: progress callback.
    """
    sentences: list[str] = []
    done = 0
    for part in _parts(text):
        sentences += split_sentences(part)
        done += len(part)
        if report:
            report("splitting into sentences", done / len(text))
    return Text(tuple(sentences))


def choose_text_column(table: Table) -> ColumnGuess:
    """The column that most likely holds the text, and why.

    Raises:
        InputError: no column holds words.
    """
    choice = guess_text_column(table)
    if choice.column is None:
        raise InputError(f"{table.name} has no column of text: {choice.reason}. Give it one of sentences.")
    return choice


def choose_sense_columns(table: Table, text: str) -> tuple[str | None, str | None]:
    """The columns whose names say that they hold gold senses, and the word that each one speaks of."""
    others = [column for column in table.columns if column != text]
    sense = next((column for column in others if column.casefold() in _SENSE_NAMES), None)
    return sense, next((column for column in others if column.casefold() in _WORD_NAMES), None)


def read_column(
    table: Table,
    text: str,
    label: str | None = None,
    word: str | None = None,
    report: Report | None = None,
) -> Text:
    """Take the sentences out of a table.

    Args:
        table: the table.
        text: its column of text; a cell may hold several sentences.
        label: its column of gold senses, if any; empty cells say nothing, and senses that are the same once
            levelled are one, spelt as first seen.
        word: the column of the word that each label speaks of; None = of any word.
        report: progress callback.

    Raises:
        InputError: there is no such column, or that of the text holds lists or no sentence.
    """
    sentences: list[str] = []
    rows: list[int] = []
    for row, cell in enumerate(texts_of(table, text)):
        parts = split_sentences(cell)
        sentences += parts
        rows += [row] * len(parts)
        if report and row % _ROWS == 0:
            report("splitting into sentences", row / len(table.rows))
    if not sentences:
        raise InputError(f"The column {text!r} of {table.name} holds no sentence; choose another one.")
    labels = [cell or None for cell in unify(table.column(label))[0]] if label else None
    words = [fold(cell.strip()) for cell in table.column(word)] if label and word else None
    return Text(
        tuple(sentences),
        tuple(labels[row] for row in rows) if labels else (),
        tuple(words[row] for row in rows) if words else (),
        table,
        tuple(rows),
    )


def _parts(text: str) -> Iterator[str]:
    """Cut a text at line ends, so that no part is much longer than `_CHARACTERS`."""
    start = 0
    while start < len(text):
        cut = text.find("\n", start + _CHARACTERS) + 1 or len(text)
        yield text[start:cut]
        start = cut
