"""Files of questions about words: pairs with a human score, analogies, groups with an odd word.

Rules, for files as published and as people write them:

* blank lines, comments (`#`) and a byte-order mark are no questions; `: name` opens a section of analogies;
* the delimiter is the first of tab, semicolon, comma and blank by which every line can be read, so that
  words may hold blanks and numbers decimal commas; a list with mixed delimiters is split at all of them;
* the two words and the score of a pair stand in any columns, beside others (part of speech, number of the
  pair, single judgements): which ones were taken is said by `reading`, and can be given instead;
* a line that does not fit is an error with its number, never left out.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError

Pair = tuple[str, str, float]
_DELIMITERS = {
    "\t": "tabs",
    ";": "semicolons",
    ",": "commas",
    " ": "blanks",
    "": "blanks, commas, semicolons",
}
_PARTS_OF_SPEECH = frozenset(
    ["n", "v", "a", "j", "r", "adj", "adv", "nn", "vb", "jj", "rb", "noun", "verb", "adjective", "adverb"]
)
_WORD = re.compile(r"(word|term|token|noun|verb|name|concept|w|t)?[\s_.-]*([12ab])")
_SCORE = re.compile(r"score|sim|human|mean|rating|relat|gold|average|avg|judg|value")
_NUMBER = re.compile(r"(id|index|no|nr|n|#|number|pair|pair_?id)\.?|")
_COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+")
_LEAST_RISING = 3


class WordPairs(list[Pair]):
    """Pairs of words with a score, and how their file was read."""

    reading: str = ""
    """Which columns were taken for words and score, as a sentence."""


class Questions(list[tuple[str, ...]]):
    """Questions of several words each, and the sections of their file."""

    sections: tuple[str, ...] = ()
    """Section of each question; "" where the file names none."""


@dataclass(frozen=True)
class _Line:
    number: int
    text: str


def read_pairs(lines: Iterable[str], columns: tuple[int, int, int] | None = None) -> WordPairs:
    """Read pairs of words with a score; one header line is allowed.

    Args:
        lines: lines of text.
        columns: of the first word, the second word and the score, counted from 1; None = find out.

    Raises:
        InputError: a line is no such pair, or a column does not exist.
    """
    kept, n_comments = _without_comments(lines)
    if columns is not None and (min(columns) < 1 or len(set(columns)) < 3):
        raise InputError("columns must be three different numbers from 1: word, word, score.")
    if not kept:
        raise InputError("There are no pairs; give lines of two words and a number.")
    for delimiter in _DELIMITERS:
        rows = [_fields(line.text, delimiter) for line in kept]
        if delimiter and min(map(len, rows[1:] or rows)) < 3:
            continue
        if layout := _Layout.of(rows, columns):
            break
    else:
        raise _faulty_line(kept, columns)
    found = WordPairs(layout.pair(row) for row in rows[layout.n_headers :])
    found.reading = layout.reading(rows, _DELIMITERS[delimiter], n_comments)
    return found


def read_groups(lines: Iterable[str], least: int, most: int | None = None) -> Questions:
    """Read lines of words, separated by tabs where all lines have them, else by blanks, commas or semicolons.

    Args:
        lines: lines of text; a line `: name` opens a section.
        least: words of a line.
        most: words of a line; None = any number.

    Raises:
        InputError: a line has too few or too many words, or there is none.
    """
    kept, _ = _without_comments(lines)
    asked = [line for line in kept if not line.text.startswith(":")]
    delimiter = "\t" if asked and all(line.text.count("\t") + 1 >= least for line in asked) else ""
    found, sections, section = Questions(), [], ""
    for line in kept:
        if line.text.startswith(":"):
            section = line.text.lstrip(":").strip()
            continue
        fields = tuple(field for field in _fields(line.text, delimiter) if field.strip(":"))
        if len(fields) < least or (most is not None and len(fields) > most):
            wanted = f"{least}" if most == least else f"{least} or more"
            raise InputError(
                f"Line {line.number} must have {wanted} words, found {len(fields)}: {line.text[:60]!r}."
            )
        found.append(fields)
        sections.append(section)
    if not found:
        raise InputError("There are no lines; write one question a line.")
    found.sections = tuple(sections)
    return found


def _without_comments(lines: Iterable[str]) -> tuple[list[_Line], int]:
    """Lines with something to read, and how many comments there are."""
    stripped = [_Line(number, line.strip("\ufeff \t\r\n")) for number, line in enumerate(lines, start=1)]
    filled = [line for line in stripped if line.text]
    kept = [line for line in filled if not line.text.startswith("#")]
    return kept, len(filled) - len(kept)


def _fields(text: str, delimiter: str) -> list[str]:
    if delimiter in ("", " "):
        return (re.sub("[,;]", " ", text) if not delimiter else text).split()
    if delimiter == "\t":
        return [field.strip() for field in text.split("\t")]
    row = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True), [])
    return [field.strip() for field in row]


def _number(text: str) -> float | None:
    """A finite number, also with a decimal comma."""
    try:
        number = float(text.replace(",", ".") if _COMMA_NUMBER.fullmatch(text) else text)
    except ValueError:
        return None
    return number if np.isfinite(number) and "_" not in text else None


def _is_almost_a_number(text: str) -> bool:
    """Whether a cell is neither a usable number nor the title of a column: `nan`, `-inf`, `1_000`."""
    try:
        float(text)
    except ValueError:
        return False
    return _number(text) is None


@dataclass(frozen=True)
class _Layout:
    """The columns of words and score in a file."""

    first: int
    second: int
    score: int
    n_headers: int

    @classmethod
    def of(cls, rows: Sequence[Sequence[str]], columns: tuple[int, int, int] | None) -> _Layout | None:
        """The layout by which every row can be read, with or without a header; None where there is none."""
        for n_headers in (0, 1):
            body = rows[n_headers:]
            if not body:
                return None
            header = [name.casefold() for name in rows[0]] if n_headers else []
            if n_headers and any(_is_almost_a_number(cell) for cell in rows[0]):
                return None
            if columns:
                wanted: tuple[int, int, int] | None = (columns[0] - 1, columns[1] - 1, columns[2] - 1)
            else:
                wanted = _columns(header, body)
            if n_headers and wanted and max(wanted) >= len(header):  # it names other columns than these
                continue
            if wanted and all(max(wanted) < len(row) and _number(row[wanted[2]]) is not None for row in body):
                return cls(*wanted, n_headers)
        return None

    def pair(self, row: Sequence[str]) -> Pair:
        score = _number(row[self.score])
        assert score is not None
        return row[self.first], row[self.second], score

    def reading(self, rows: Sequence[Sequence[str]], delimiter: str, n_comments: int) -> str:
        """How the file was read, in one sentence."""
        scores = [self.pair(row)[2] for row in rows[self.n_headers :]]
        name = f" ({rows[0][self.score]})" if self.n_headers else ""
        skipped = [
            f"{n} {what}{'s' * (n != 1)}"
            for n, what in ((n_comments, "comment line"), (self.n_headers, "header line"))
            if n
        ]
        return (
            f"{len(scores):,} pair{'s' * (len(scores) != 1)} separated by {delimiter}: words in columns "
            f"{self.first + 1} and {self.second + 1}, scores from {min(scores):g} to {max(scores):g} "
            f"in column {self.score + 1}{name}" + (f"; left out: {', '.join(skipped)}." if skipped else ".")
        )


def _columns(header: Sequence[str], body: Sequence[Sequence[str]]) -> tuple[int, int, int] | None:
    """Columns of the two words and of the score, by their names and by what stands in them."""
    cells = [[row[column] for row in body] for column in range(min(map(len, body)))]
    names = [*header[: len(cells)], *[""] * (len(cells) - len(header))]
    is_number = [all(_number(cell) is not None for cell in column) for column in cells]
    words = [column for column, numeric in enumerate(is_number) if not numeric]
    named = [column for column in words if names[column] and _WORD.fullmatch(names[column])]
    if len(words) > 2 and len(named) != 2:
        kinds = [{cell.casefold() for cell in column} for column in cells]
        spelt = [column for column in words if not kinds[column] <= _PARTS_OF_SPEECH]
        words = spelt if len(spelt) > 1 else words
    words = named if len(named) == 2 else words
    scores = [column for column, numeric in enumerate(is_number) if numeric]
    if len(scores) > 1:
        scores = [column for column in scores if not _counts_rows(names[column], cells[column])] or scores
    scores = [column for column in scores if names[column] and _SCORE.search(names[column])] or scores
    return (words[0], words[1], scores[0]) if len(words) > 1 and scores else None


def _counts_rows(name: str, cells: Sequence[str]) -> bool:
    """Whether a column numbers the rows."""
    if name and _NUMBER.fullmatch(name):
        return True
    values = np.array([_number(cell) for cell in cells])
    return len(values) >= _LEAST_RISING and values[0] in (0, 1) and bool((np.diff(values) == 1).all())


def _faulty_line(lines: Sequence[_Line], columns: tuple[int, int, int] | None) -> InputError:
    """The error for lines that no layout fits: it names the first one that is no pair."""

    def is_pair(fields: Sequence[str]) -> bool:
        numbers = [_number(field) is not None for field in fields]
        return len(fields) > 2 and any(numbers) and numbers.count(False) > 1

    def faults(delimiter: str) -> list[_Line]:
        return [line for line in lines if not is_pair(_fields(line.text, delimiter))]

    found = min((faults(delimiter) for delimiter in _DELIMITERS), key=lambda faulty: len(faulty))
    if len(found) > 1 and found[0] is lines[0]:  # a header
        found = found[1:]
    if len(found) == len(lines):
        return InputError("There are no pairs; give lines of two words and a number.")
    if not found or columns:
        return InputError(
            f"The lines, the first of which is {lines[0].text[:60]!r}, do not all have words and a number in "
            "the same columns; say which columns hold the two words and the score."
        )
    return InputError(f"Line {found[0].number} must be two words and a number, found {found[0].text[:60]!r}.")


def sections_of(questions: Questions) -> Iterator[tuple[str, list[int]]]:
    """Yield each section and the places of its questions, in the order of the file."""
    places: dict[str, list[int]] = {}
    for place, section in enumerate(questions.sections):
        places.setdefault(section, []).append(place)
    yield from places.items()
