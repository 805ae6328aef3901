"""How the cells of a text file are separated and quoted, and whether its first row names the columns."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

DELIMITERS = (",", "\t", ";", "|")
QUOTES = ('"', "'")
_SAMPLE = 1 << 16
_SAMPLE_RECORDS = 200
_AGREEING = 0.5  # share of records that must have the same number of cells, less those of a single one
_FIRST = 0.25  # counts for the first record, which may be the header
_LONGEST_NAME = 60
_USUAL_NAMES = re.compile(
    r"(?i)(id|idx|index|no|nr|text|texts|sentence|review|reviews|comment|message|sms|body|content|title|"
    r"headline|document|tweet|post|utterance|query|question|description|label|labels|class|category|"
    r"target|sentiment|polarity|topic|intent|rating|stars|score|tag|type|lang|language|date|source|split|"
    r"(field|col|column|var|feature|v|x|f)[ _]?\d+)"
)
_NUMBER = re.compile(r"\s*[-+]?[\d.,:/%-]*\d[\d.,:/%-]*\s*")


@dataclass(frozen=True)
class Dialect:
    """How cells are told apart."""

    delimiter: str | None
    """None = every line is one cell."""
    quote: str
    """Empty = no cell is quoted."""

    def reader(self, lines: io.StringIO | Sequence[str], *, strict: bool = False) -> CsvReader:
        """Read lines in this dialect; a strict reader raises csv.Error for quotes that are out of place."""
        return csv.reader(
            lines,
            delimiter=self.delimiter or "\x1f",  # a character that no text file holds
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            skipinitialspace=True,
            strict=strict,
        )


def sniff(text: str, delimiter: str | None = None, quote: str | None = None) -> Dialect:
    """Find out how cells are told apart.

    Args:
        text: of the file.
        delimiter: if it is known; empty = every line is one cell.
        quote: if it is known; empty = none.
    """
    sample = text[:_SAMPLE]
    if len(text) > _SAMPLE:  # the last line is cut off
        sample = sample[: sample.rfind("\n") + 1] or sample
    found_quote = _quote(sample) if quote is None else quote
    if delimiter is not None:
        return Dialect(delimiter or None, found_quote)
    scores = {one: _agreement(sample, Dialect(one, found_quote)) for one in DELIMITERS}
    best = max(DELIMITERS, key=lambda one: scores[one])
    return Dialect(best if scores[best][0] >= _AGREEING else None, found_quote)


def _quote(sample: str) -> str:
    """Apostrophes only where cells begin and end with them and none does with quotation marks."""
    ends = {
        mark: len(re.findall(rf"(?m)(?:^|[,;\t|]){mark}[^\n]*?{mark}(?:$|[,;\t|\r])", sample))
        for mark in QUOTES
    }
    return "'" if ends["'"] > 2 and not ends['"'] else '"'


def _agreement(sample: str, dialect: Dialect) -> tuple[float, int]:
    """How well records agree on a number of cells, and that number; (0, 1) for a single cell.

    Prose has commas, too, but also many lines without one: these count against a delimiter.
    """
    first = 0
    widths: Counter[int] = Counter()
    reader = dialect.reader(io.StringIO(sample, newline=""))
    try:
        for cells, _ in zip(reader, range(_SAMPLE_RECORDS), strict=False):
            if any(cells):
                widths[len(cells)] += 1
                first = first or len(cells)
    except csv.Error:  # what was read so far speaks for itself
        pass
    several = {width: count for width, count in widths.items() if width > 1}
    if not several:
        return 0.0, 1
    width = max(several, key=lambda one: (several[one], one))
    share = (several[width] - widths[1]) / widths.total()
    return round(share + (_FIRST if width == first else 0), 2), width


def looks_like_header(first: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether a first row names the columns.

    Args:
        first: its cells.
        body: some of the rows below.
    """
    names = [cell.strip() for cell in first]
    filled = [name for name in names if name]
    if not filled or len(set(filled)) < len(filled):
        return False
    if any(len(name) > _LONGEST_NAME or _NUMBER.fullmatch(name) for name in filled):
        return False
    columns = [[row[index] for row in body if index < len(row)] for index in range(len(names))]
    if any(name and name in column for name, column in zip(names, columns, strict=True)):
        return False
    if any(_USUAL_NAMES.fullmatch(name) for name in filled):
        return True
    return any(_differs(name, column) for name, column in zip(names, columns, strict=True) if name)


def _differs(name: str, cells: Sequence[str]) -> bool:
    """Whether a first cell is of another kind than those below it: numbers, few values, or long texts."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if len(filled) < 2:
        return False
    are_numbers = all(_NUMBER.fullmatch(cell) for cell in filled)
    recur = len(filled) >= 10 and len(set(filled)) <= len(filled) / 4
    are_long = sum(map(len, filled)) / len(filled) > 3 * len(name) and len(name.split()) <= 3
    return are_numbers or recur or are_long
