"""CSV and its kin: characters to records, in one dialect, however badly the cells are quoted."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from elmo_core.tables.records import MAX_BYTES, MAX_CELL

_NO_DELIMITER = "\x1f"  # a character that no text file holds
_RULE_CHARACTERS = frozenset("-=+:| ")
_LINE_END = re.compile(r"\r\n|\n|\r")
_MOST_FAILURES = 1_000
_LONG_FAILURE = 10_000  # characters


class RecordSpan(NamedTuple):
    """One record of a text."""

    line: int
    """Where it begins, counted from 1."""
    cells: tuple[str, ...]
    """Without the empty ones at its end."""
    n_cells: int
    """With them."""
    is_well_quoted: bool = True
    n_swallowed: int = 0
    """Lines that would be part of it by the letter of its quotation marks."""
    end: int = 0
    """Character after its last one."""

    @property
    def is_rule(self) -> bool:
        """Whether it is the line between header and body that Markdown and databases print."""
        marks = "".join(self.cells)
        return marks.count("-") + marks.count("=") >= 3 and _RULE_CHARACTERS.issuperset(marks)


def usual_width(lengths: Iterable[tuple[int, int]]) -> int:
    """The number of cells that most records agree on, the greatest of several.

    Args:
        lengths: of each record, the number of its cells up to the last filled one, and of all of them; it
            agrees with every number from the one to the other. Above 1, single cells count as titles.
    """
    counts = Counter(lengths)
    widths = {n_cells for _, n_cells in counts if n_cells > 1}
    if not widths:
        return min(1, len(counts))

    def agreeing(width: int) -> int:
        return sum(n for (filled, n_cells), n in counts.items() if filled <= width <= n_cells)

    return max(widths, key=lambda width: (agreeing(width), width))


@dataclass(frozen=True)
class Dialect:
    """How the cells of a text are told apart."""

    delimiter: str | None
    """None = every line is one cell."""
    quote: str = '"'
    """Empty = no cell is quoted."""
    escape: str = ""
    """Before quotation marks within a cell; empty = they are doubled."""
    escapes_all: bool = False
    """Whether the escape itself is escaped, too, so that it is dropped wherever it stands."""
    collapses: bool = False
    """Whether several delimiters in a row are one."""

    @property
    def is_plain(self) -> bool:
        """Whether cells are quoted as most programs do."""
        return self.quote == '"' and not self.escape and not self.collapses

    def records(self, text: str, width: int = 0) -> Iterator[RecordSpan]:
        r"""Divide a text into records.

        A quoted cell begins with a quotation mark and ends with one before a delimiter or the end of a line;
        marks within it are doubled or escaped, and line ends may stand in it. A mark anywhere else is a
        character like any other. Where a mark opens a cell and nothing closes it in this way, its line is a
        record of its own, so that no mark swallows the lines below. Lines end with \n, \r\n or \r.

        Args:
            text: its characters.
            width: usual number of cells; 0 = unknown. A record of several lines that has another number,
                where its first line alone has this one, was opened by a stray mark.
        """
        if self.escape and not self.escapes_all:
            text = re.sub(rf"(?<!\\)\\{self.quote}", self.quote * 2, text)
        csv.field_size_limit(max(csv.field_size_limit(), 4 * MAX_BYTES))  # longer cells are sorted out later
        at, line, n_failures = 0, 1, 0
        while at < len(text):
            end = _line_end(text, at)
            own = text[at:end].rstrip("\r\n")
            if not self._special.search(own):
                cells = own.split(self.delimiter) if self.delimiter else [own]
                if self.collapses:
                    cells = [cell for cell in cells if cell]
                span = _span(line, cells, end)
                n_lines = 1
            else:
                whole, n_lines, whole_end = self._strictly(text, at, n_failures < _MOST_FAILURES)
                alone = self._leniently(own) if whole is None or n_lines > 1 else []
                if whole is None or (n_lines > 1 and len(whole) != width == len(alone)):
                    n_failures += whole_end - at > _LONG_FAILURE
                    span = _span(line, alone, end, is_well_quoted=False, n_swallowed=n_lines - 1)
                    n_lines = 1
                else:
                    span = _span(line, whole, whole_end)
            yield span
            at, line = span.end, line + n_lines

    @cached_property
    def _special(self) -> re.Pattern[str]:
        """What a line must hold to need more than a split."""
        marks = [re.escape(mark) for mark in (self.quote, self.escape) if mark]
        return re.compile("|".join(marks) or r"(?!)")

    def _strictly(self, text: str, start: int, may_go_on: bool) -> tuple[list[str] | None, int, int]:
        """Cells of the record that begins here, None if its quotes are misplaced; its lines and its end."""
        n_lines, at = 0, start

        def lines() -> Iterator[str]:
            nonlocal n_lines, at
            while at < len(text) and at - start <= 2 * MAX_CELL and (may_go_on or not n_lines):
                begin, at = at, _line_end(text, at)
                n_lines += 1
                yield text[begin:at]

        reader = csv.reader(
            lines(),
            delimiter=self.delimiter or _NO_DELIMITER,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape or None if self.escapes_all else None,
            skipinitialspace=True,
            strict=True,
        )
        try:
            return next(reader), n_lines, at
        except (csv.Error, StopIteration):
            return None, n_lines, at

    def _leniently(self, line: str) -> list[str]:
        """Cells of one line in which a mark closes a cell only before a delimiter or the end."""
        cells = []
        at = 0
        while True:
            found = self._lenient.match(line, at)
            assert found is not None  # the second alternative matches anything
            quoted, bare = found.groups()
            cells.append(bare if quoted is None else quoted.replace(self.quote * 2, self.quote))
            at = found.end() + 1
            if at > len(line):
                return cells

    @cached_property
    def _lenient(self) -> re.Pattern[str]:
        end = re.escape(self.delimiter or _NO_DELIMITER)
        bare = f"([^{end}]*)"
        if not self.quote:
            return re.compile(f"(?!)()|{bare}")
        mark, closing = re.escape(self.quote), rf" *(?={end}|$)"
        inner = rf"(?:[^{mark}]|{mark}{mark}(?!{closing})|{mark}(?!{closing}))*+"
        return re.compile(rf" *{mark}({inner}){mark}{closing}|{bare}")


def _line_end(text: str, at: int) -> int:
    """The character after the line that begins here."""
    found = _LINE_END.search(text, at)
    return found.end() if found else len(text)


def _span(
    line: int, cells: list[str], end: int, *, is_well_quoted: bool = True, n_swallowed: int = 0
) -> RecordSpan:
    stripped = [cell.strip() for cell in cells]
    n_cells = len(stripped)
    while stripped and not stripped[-1]:
        stripped.pop()
    return RecordSpan(line, tuple(stripped), n_cells, is_well_quoted, n_swallowed, end)
