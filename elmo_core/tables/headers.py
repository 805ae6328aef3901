"""Which record names the columns, and which records around it are titles, second headers and footers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from elmo_core.tables.records import MAX_COLUMNS

_LONGEST_NAME = 60
_USUAL_NAMES = re.compile(
    r"(?i)(id|idx|index|no|nr|text|texts|sentence|review|reviews|comment|message|sms|body|content|title|"
    r"headline|document|tweet|post|utterance|query|question|description|label|labels|class|category|"
    r"target|sentiment|polarity|topic|intent|rating|stars|score|tag|type|lang|language|date|source|split|"
    r"timestamp|(field|col|column|var|feature|v|x|f)[ _]?\d+)"
)
_NUMBER = re.compile(r"\s*[-+]?[\d.,:/%-]*\d[\d.,:/%-]*\s*")
_DATE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].{0,30})?\s*")
_TOTAL = re.compile(
    r"(?i)\W*(grand |sub)?(total|totals|sum|summe|gesamt|gesamtsumme|insgesamt|somme|suma|totale|average|"
    r"mean|mittelwert|durchschnitt)\b.{0,20}"
)
_MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "?", "missing")
_ANSWER_HEADS = frozenset(("Response", "Open-Ended Response", "Other (please specify)"))
_MOST_TITLES = 20


def is_number(cell: str) -> bool:
    """Whether a cell is a number, a date or a time."""
    return bool(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell))


def is_date(cell: str) -> bool:
    """Whether a cell is a date, with or without a time."""
    return bool(_DATE.fullmatch(cell))


def find_header(
    rows: Sequence[tuple[str, ...]], widths: Sequence[int], width: int, *, must_be: bool = False
) -> int | None:
    """Find the record that names the columns.

    It is the first record of the usual width, if it reads as a header beside the records below it. What
    stands above it are titles: records with fewer cells, filled or not. Where the first record of the usual
    width is no header, there is none.

    Args:
        rows: cells of the records that hold anything, without the empty ones at their ends.
        widths: number of cells of each as they stand in the file.
        width: the usual one.
        must_be: whether there is a header for certain.

    Returns:
        Its position; None where the records have no header.
    """
    usual = _usual_length(rows, widths, width)
    body = rows[: _MOST_TITLES + 1000]
    n_comments = _count_comments(rows)
    for index, row in enumerate(rows[:_MOST_TITLES]):
        if index < n_comments:
            continue
        n_filled = sum(map(bool, row))
        reaches = widths[index] >= width and len(row) >= usual
        if reaches:
            is_header = must_be or looks_like_header(row, body[index + 1 :], is_below_titles=index > 0)
            return index if is_header else None
        nearly = widths[index] >= width and n_filled >= max(2, usual - 1)
        lacks_first = index == 0 and widths[index] == len(row) == width - 1 and _starts_with_names(rows[1:])
        if (nearly or lacks_first) and looks_like_header(row, body[index + 1 :]):
            return index
    return 0 if must_be and rows else None


def _count_comments(rows: Sequence[tuple[str, ...]]) -> int:
    """Count the lines `# ...` at the beginning, if a header stands below them and no such line does."""
    n = next((at for at, row in enumerate(rows[:_MOST_TITLES]) if not row[0].startswith("# ")), 0)
    below = rows[n:]
    is_over = n > 0 and not any(row[0].startswith("# ") for row in below[1:1000])
    return n if is_over and looks_like_header(below[0], below[1:1000]) else 0


def _usual_length(rows: Sequence[tuple[str, ...]], widths: Sequence[int], width: int) -> int:
    """How many cells records of the usual width have up to the last filled one."""
    lengths = [len(row) for row, n_cells in zip(rows, widths, strict=True) if n_cells >= width]
    return max(set(lengths), key=lambda one: (lengths.count(one), one)) if lengths else width


def _starts_with_names(rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether the first cells are row numbers without a name, as R writes them."""
    return bool(rows) and all(row and row[0] == str(number) for number, row in enumerate(rows[:20], start=1))


def looks_like_header(
    first: Sequence[str], body: Sequence[Sequence[str]], *, is_below_titles: bool = False
) -> bool:
    """Whether a first row names the columns.

    Args:
        first: its cells.
        body: some of the rows below; those equal to it are the header again.
        is_below_titles: whether shorter rows stand above it, so that nothing need say more for it.
    """
    names = [cell.strip() for cell in first]
    filled = [name for name in names if name]
    if not filled or any(is_number(name) for name in filled):
        return False
    own = tuple(first)
    others = [row for row in body if tuple(row) != own] if len(filled) > 1 else list(body)
    pairs = [
        (name, [row[index] for row in others if index < len(row)]) for index, name in enumerate(names) if name
    ]
    if any(name in column for name, column in pairs):
        return False
    are_short = all(len(name) <= _LONGEST_NAME for name in filled)
    are_unique = len(set(filled)) == len(filled)
    if are_short and are_unique and is_below_titles:
        return True
    if are_short and are_unique and any(_USUAL_NAMES.fullmatch(name) for name in filled):
        return True
    kinds = [_differs(name, column, by_length=are_short and are_unique) for name, column in pairs]
    return any(kinds)


def _differs(name: str, cells: Sequence[str], *, by_length: bool) -> bool:
    """Whether a first cell is of another kind than those below it: numbers, few values, or long texts."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if len(filled) < 2:
        return False
    below = filled[2:] if len(filled) > 4 else filled  # a second header may stand below the first
    if all(map(is_number, filled)) or all(map(is_number, below)):
        return True
    if len(filled) >= 10 and len(set(filled)) <= len(filled) / 4:
        return True
    return by_length and sum(map(len, filled)) / len(filled) > 3 * len(name) and len(name.split()) <= 3


def count_second_headers(rows: Sequence[tuple[str, ...]]) -> int:
    """Count the records below the header that name the columns once more.

    Survey tools write the wording of each question, the kind of answer (SurveyMonkey: Open-Ended Response),
    or an object with an ImportId, below the names. So a
    record of such objects ends a header, and so does a first record with words in every column, two at
    least, that holds nothing but numbers below.

    Args:
        rows: cells of the records below the header.
    """
    for index, row in enumerate(rows[:3]):
        objects = sum(cell.startswith('{"ImportId"') for cell in row)
        if objects and objects >= len([cell for cell in row if cell]) / 2:
            return index + 1
    if rows and not rows[0][0] and _ANSWER_HEADS.intersection(rows[0]):
        return 1
    if len(rows) < 6:
        return 0
    width = min(max(len(row) for row in rows[:1000]), MAX_COLUMNS)
    columns = [
        [row[at] for row in rows[1:1000] if at < len(row) and row[at].casefold() not in _MISSING]
        for at in range(width)
    ]
    numeric = [at for at, column in enumerate(columns) if len(column) >= 5 and all(map(is_number, column))]
    first = [rows[0][at] if at < len(rows[0]) else "" for at in numeric]
    has_words = all(
        cell.casefold() not in _MISSING and not is_number(cell) and re.search(r"[^\W\d_]{2}", cell)
        for cell in first
    )
    return 1 if len(numeric) >= 2 and has_words else 0


def is_footer(row: tuple[str, ...], usual: int) -> bool:
    """Whether a last record is a total and no row of the table.

    Args:
        row: its cells, without the empty ones at its end.
        usual: how many cells of a record are filled.
    """
    filled = [cell for cell in row if cell]
    return 0 < len(filled) < usual and bool(_TOTAL.fullmatch(filled[0]))
