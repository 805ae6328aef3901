"""How the cells of a text file are separated, quoted and escaped: the dialect its columns agree on best."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import NamedTuple

from elmo_core.tables.dialect import Dialect, RecordSpan, usual_width
from elmo_core.tables.headers import is_number, looks_like_header
from elmo_core.text.opening import split_lines

DELIMITERS = (",", "\t", ";", "|")
QUOTES = ('"', "'")
_SAMPLE = 1 << 16
_SAMPLE_RECORDS = 200
_ACCEPTED = 0.5
_FIRST, _LATER = 0.25, 0.15  # for a header in the first record of all, and in a later one
_PURE = 0.4  # how much the kinds of values in the columns count
_FOREIGN, _MALFORMED = 0.3, 0.5
_BETTER = 0.05  # how much better than doubled quotation marks another way to quote must be
_PROSE = 0.9  # share of delimiters before a blank from which commas may be those of sentences
_NAMED_DELIMITER = re.compile(r"\s*\"?sep=(.)\"?[ \t]*(?:\r*\n|\r|$)", re.IGNORECASE)

_RARE_DELIMITERS = "^~\u00a6\u00a7"
_BLANK_SEPARATED = re.compile(r"""(?:"[^"]*"|\S+)(?: (?:"[^"]*"|[^" ]+))* "[^"]*"(?: [^" ]+)*""")


@dataclass(frozen=True)
class Sniffed:
    """A dialect, and what is known of the records in it."""

    dialect: Dialect
    width: int
    """Usual number of cells of a record."""
    n_characters: int = 0
    """Of a first line that names the delimiter and is no record."""


class _Fit(NamedTuple):
    """How well a dialect fits a text."""

    quality: float
    """About 0 to 1.25."""
    width: int
    """Usual number of cells."""
    malformed: float = 0.0
    """Share of the records whose quotation marks stand where they may not."""


def sniff(text: str, delimiter: str | None = None, quote: str | None = None) -> Sniffed:
    """Find the dialect of a text.

    Every delimiter is tried with every way to quote. That one wins whose records agree most on a number of
    cells (empty ones at the end do not count), whose columns hold one kind of value each, whose cells hold
    no other delimiter in the same number everywhere, and whose quotation marks stand where they may. Doubled
    quotation marks are preferred to every other way, but for an escape that leaves none out of its place.
    Where no delimiter reaches half of the records, every line is one cell. A first line `sep=;` decides by
    itself.

    Args:
        text: of the file.
        delimiter: if it is known; empty = every line is one cell.
        quote: if it is known; empty = none.
    """
    named = _NAMED_DELIMITER.match(text)
    start = named.end() if named else 0
    if named and delimiter is None:
        delimiter = named.group(1)
    sample = text[start : start + _SAMPLE]
    if len(text) - start > _SAMPLE:  # the last line is cut off
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    tried = [
        one for one in _dialects(sample, delimiter, quote) if quote == "" or not _drops_quotes(sample, one)
    ]
    fits = {dialect: _fit(sample, dialect) for dialect in tried}
    torn = {one.delimiter for one, fit in fits.items() if one.is_plain and fit.malformed}

    def preference(one: Dialect) -> float:
        mends = bool(one.escape) and one.delimiter in torn and not fits[one].malformed
        return fits[one].quality + _BETTER * (one.is_plain or mends)

    dialect = max(fits, key=preference)
    if delimiter is None and fits[dialect].quality < _ACCEPTED:
        dialect = Dialect(None, '"' if quote is None else quote)
        return Sniffed(dialect, _fit(sample, dialect).width, start)
    return Sniffed(dialect, fits[dialect].width, start)


def looks_aligned(text: str) -> bool:
    """Whether the columns of a text seem to be aligned by blanks, which is not read."""
    lines = [line for line in split_lines(text[:_SAMPLE])[:_SAMPLE_RECORDS] if line.strip()]
    counts = Counter(len(re.split(r" {2,}", line.strip())) for line in lines)
    width, n = counts.most_common(1)[0] if counts else (1, 0)
    return width > 1 and len(lines) > 2 and n >= 0.8 * len(lines)


def unread_cells(text: str) -> str:
    """What may separate cells in a text that has none, as one sentence; empty = nothing seems to."""
    lines = [line for line in split_lines(text[:_SAMPLE])[:_SAMPLE_RECORDS] if line.strip()]
    if looks_aligned(text):
        return (
            "Its columns seem to be aligned by blanks, which is not read, so every line is one cell; save it "
            "as CSV."
        )
    if len(lines) > 2 and sum(map(bool, map(_BLANK_SEPARATED.fullmatch, lines))) >= 0.9 * len(lines):
        return (
            "Its cells seem to be separated by blanks, as R's write.table does, which is not read; "
            "save it as CSV."
        )
    for mark in _RARE_DELIMITERS:
        counts = Counter(line.count(mark) for line in lines)
        n, n_lines = counts.most_common(1)[0] if counts else (0, 0)
        if n and len(lines) > 2 and n_lines >= 0.9 * len(lines):
            return f"Nearly every line has {n:,} {mark!r}; if it separates cells, choose it as the delimiter."
    return ""


def _dialects(sample: str, delimiter: str | None, quote: str | None) -> Iterator[Dialect]:
    delimiters: Sequence[str | None] = DELIMITERS if delimiter is None else (delimiter or None,)
    ways: list[tuple[str, str, bool]] = [(mark, "", False) for mark in ('"', "") if quote in (None, mark)]
    if quote in (None, "'") and (quote or _has_apostrophes(sample)):
        ways.append(("'", "", False))
    if quote not in (None, '"', "", "'"):
        ways.append((str(quote), "", False))
    for mark in QUOTES:
        if quote in (None, mark) and f"\\{mark}" in sample:
            every = re.findall(r"\\(.|\n|\r|$)", sample)
            is_all = all(one in ("\\", mark, "\n", "\r", *DELIMITERS) for one in every)
            ways.append((mark, "\\", is_all))
    for one, (mark, escape, is_all) in product(delimiters, ways):
        yield Dialect(one, mark, escape, is_all)
    if "\t\t" in sample and "\t" in delimiters:
        yield Dialect("\t", '"' if quote is None else quote, collapses=True)


def _drops_quotes(sample: str, dialect: Dialect) -> bool:
    """Whether a dialect without quotes would ignore marks of which most stand around cells."""
    if dialect.quote:
        return False
    end = re.escape(dialect.delimiter or "\n")
    n_opening = len(re.findall(rf'(?m)(?:^|{end}) *"', sample))
    quoted = Dialect(dialect.delimiter).records(sample)
    n_misplaced = sum(not span.is_well_quoted for span in quoted)
    return 2 * n_misplaced < n_opening


def _has_apostrophes(sample: str) -> bool:
    """Apostrophes count only where cells begin and end with them and none does with quotation marks."""
    ends = {
        mark: len(re.findall(rf"(?m)(?:^|[,;\t|]){mark}[^\n]*?{mark}(?:$|[,;\t|\r])", sample))
        for mark in QUOTES
    }
    return ends["'"] > 2 and not ends['"']


def _fit(sample: str, dialect: Dialect) -> _Fit:
    spans = [span for span in islice(dialect.records(sample), _SAMPLE_RECORDS) if span.cells]
    spans = [span for span in spans if not span.is_rule]
    if not spans:  # nothing, or delimiters alone
        return _Fit(_ACCEPTED if dialect.delimiter and dialect.delimiter in sample else 0.0, 1)
    malformed = sum(not span.is_well_quoted for span in spans) / len(spans)
    width = usual_width([(len(span.cells), span.n_cells) for span in spans])
    if width < 2 or dialect.delimiter is None:
        return _Fit(-_MALFORMED * malformed, 1, malformed)
    agreeing = [span for span in spans if len(span.cells) <= width <= span.n_cells]
    n_single = sum(span.n_cells == 1 for span in spans)
    share = (len(agreeing) - n_single) / len(spans)
    rows = [(*span.cells, *[""] * (width - len(span.cells))) for span in agreeing]
    kinds = [_purity([row[index] for row in rows[1:]]) for index in range(width)]
    purity = sum(kind or 0.0 for kind in kinds) / width
    bonus = _header_bonus(spans, width)
    if dialect.delimiter in ",;" and _is_prose(sample, dialect.delimiter) and max(kinds[1:]) < _PROSE:
        share /= 2
        bonus *= looks_like_header(spans[0].cells, [span.cells for span in spans[1:]])
    quality = share * (1 - _PURE + _PURE * purity) + bonus
    quality -= _FOREIGN * _holds_another(rows, dialect.delimiter) + _MALFORMED * malformed
    return _Fit(round(quality, 3), width, malformed)


def _purity(cells: Sequence[str]) -> float:
    """Whether cells are of one kind: 1 for numbers or few values that recur, less for single words."""
    filled = [cell for cell in cells if cell]
    if len(filled) < 2:
        return 0.5
    numbers = sum(map(is_number, filled)) / len(filled)
    recurs = len(filled) >= 4 and len(set(filled)) <= len(filled) / 2
    words = sum(len(cell.split()) == 1 for cell in filled) / len(filled)
    return max(numbers, 1.0 * recurs, 0.8 * words, 0.8 * (1 - words))


def _is_prose(sample: str, delimiter: str) -> bool:
    """Whether nearly all delimiters stand before a blank, as in sentences."""
    n = sample.count(delimiter)
    return n > 0 and sample.count(f"{delimiter} ") >= _PROSE * n


def _header_bonus(spans: Sequence[RecordSpan], width: int) -> float:
    first = next((at for at, span in enumerate(spans[:20]) if len(span.cells) <= width <= span.n_cells), None)
    if first is None:
        return 0.0
    if first == 0:
        return _FIRST
    body = [span.cells for span in spans[first + 1 :]]
    return _LATER if looks_like_header(spans[first].cells, body) else 0.0


def _holds_another(rows: Sequence[Sequence[str]], delimiter: str) -> bool:
    """Whether another delimiter stands in nearly all rows, in the same number."""
    for other in DELIMITERS[1:]:
        if other != delimiter:
            counts = Counter(sum(cell.count(other) for cell in row) for row in rows)
            n, rows_with = counts.most_common(1)[0]
            if n and rows_with >= _PROSE * len(rows):
                return True
    return False
