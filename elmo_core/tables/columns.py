"""Which column holds the texts and which the labels, with reasons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from elmo_core.exceptions import InputError
from elmo_core.tables.cells import are_structured, list_of
from elmo_core.tables.headers import is_date, is_number
from elmo_core.tables.records import Table, counted, shortened

MAX_CLASSES = 200
"""More different labels than this are no classes."""
_LOOKED_AT = 20_000
_FLAGS = ({"0", "1"}, {"false", "true"})
_ONE_LABEL = "several labels a text (multi-label) are not supported"
_TEXT_NAMES = re.compile(
    r"(?i)(full[ _]?)?(text|texts|sentence|review|reviews|comment|message|sms|body|content|title|headline|"
    r"document|tweet|post|utterance|query|question|description)([ _].*)?"
)
_LABEL_NAMES = re.compile(
    r"(?i)(.*[ _])?(label|labels|class|category|target|sentiment|polarity|topic|intent|rating|stars|tag|type|"
    r"gold|emotion|stance)|y|accept|is[ _].+|rate\b.*"
)
_OTHER_NAMES = re.compile(
    r"(?i)(.*[ _])?(id|ids|idx|index|date|time|timestamp|submitted|created|updated|author|user|username|name|"
    r"annotator|coder|url|link|e-?mail|lang|language|split|fold|set|source|page|age|gender|sex|year|country|"
    r"answer|edited)([ _](at|utc|address))?"
)
"""Of columns that say where a text is from."""
_ADDRESS = re.compile(r"(?i)(?:https?://|www\.)\S+|[^\s@]+@[^\s@]+\.\w+")
_ALSO_TEXT = 0.3
"""Share of the length of the longest texts from which on another column is said to hold texts, too."""


@dataclass(frozen=True)
class ColumnFacts:
    """What the cells of a column are like."""

    name: str
    n_filled: int
    n_distinct: int
    mean_characters: float
    """Of the filled cells."""
    mean_words: float
    share_of_letters: float
    """Filled cells with at least one letter, of any script, that are no dates and no addresses."""
    is_structured: bool = False
    """Whether the cells hold lists or objects, which are neither texts nor labels."""
    is_flag: bool = False
    """Whether the cells are 0 and 1, or false and true."""
    is_single: bool = False
    """Whether the cells are lists of one value each."""
    is_date: bool = False
    """Whether the cells are dates or times."""


@dataclass(frozen=True)
class ColumnGuess:
    """A guess, and why."""

    column: str | None
    reason: str
    warning: str = ""
    """What may be wrong with it, as one sentence; empty = nothing."""


def describe_columns(table: Table) -> tuple[ColumnFacts, ...]:
    """Look at the cells of each column (the first 20,000 rows)."""
    return tuple(
        _facts(name, [row[i] for row in table.rows[:_LOOKED_AT]]) for i, name in enumerate(table.columns)
    )


def _facts(name: str, cells: Sequence[str]) -> ColumnFacts:
    filled = [cell for cell in cells if cell]
    n = max(len(filled), 1)
    return ColumnFacts(
        name,
        len(filled),
        len(set(filled)),
        sum(map(len, filled)) / n,
        sum(len(cell.split()) for cell in filled) / n,
        sum(_holds_words(cell) for cell in filled) / n,
        is_list := are_structured(filled),
        {cell.casefold() for cell in filled} in _FLAGS,
        is_list and all(len(list_of(cell) or "several") == 1 for cell in filled),
        bool(filled) and all(map(is_date, filled)),
    )


def _holds_words(cell: str) -> bool:
    return any(map(str.isalpha, cell)) and not is_number(cell) and not _ADDRESS.fullmatch(cell)


def guess_text_column(table: Table) -> ColumnGuess:
    """The column with the longest texts; a telling name counts as much as being three times as long."""
    described = describe_columns(table)
    facts = [one for one in described if one.share_of_letters > 0.5 and not one.is_structured]
    if any(one.is_structured for one in described):  # then ids and names are no texts
        facts = [one for one in facts if one.mean_words >= 2]
    if not facts:
        lists = [one.name for one in described if one.is_structured]
        verb = "holds" if len(lists) == 1 else "hold"
        held = f"; {shortened(lists)} {verb} lists, as tables of tagged tokens do" if lists else ""
        return ColumnGuess(None, f"no column holds words (columns: {shortened(table.columns)}{held})")

    def score(one: ColumnFacts) -> float:
        named = 3.0 if _TEXT_NAMES.fullmatch(one.name) else 1.0
        return one.mean_characters * named * (one.n_distinct / max(one.n_filled, 1)) * one.n_filled

    best = max(facts, key=score)
    empty = [one.name for one in described if not one.n_filled and _TEXT_NAMES.fullmatch(one.name)]
    if empty and not _TEXT_NAMES.fullmatch(best.name):
        rows = counted(len(table.rows), "row")
        return ColumnGuess(None, f"{shortened(empty)}, which is named as texts are, is empty in all {rows}")
    texts = counted(best.n_distinct, "different text")
    named = f"is named {best.name!r} and " if _TEXT_NAMES.fullmatch(best.name) else ""
    return ColumnGuess(
        best.name,
        f"{named}holds {best.mean_characters:.0f} characters a row, {texts}",
        _say_texts([one.name for one in facts if one is not best and _is_text_beside(one, best)], best.name),
    )


def _is_text_beside(one: ColumnFacts, best: ColumnFacts) -> bool:
    is_long = one.mean_characters >= _ALSO_TEXT * best.mean_characters and one.mean_words >= 3
    return is_long and 2 * one.n_distinct >= one.n_filled >= best.n_filled / 2


def _say_texts(others: Sequence[str], taken: str) -> str:
    if not others:
        return ""
    verb = "holds" if len(others) == 1 else "hold"
    return f"{shortened(others)} {verb} texts as well; {taken!r} alone is read. Join what a label is about."


def guess_label_column(table: Table, text: str | None = None) -> ColumnGuess:
    """The column with few values that recur; a telling name decides where there are several.

    Dates and columns with the name of something else (an author, a language, a split) are taken last. Where
    no name decides between several, the choice has a warning; also where several columns are flags that are
    set side by side, as a text has one label here.

    Args:
        table: the table.
        text: its column of texts, which is not a label.
    """
    described = [one for one in describe_columns(table) if one.name != text]
    facts = [one for one in described if _may_be_label(one, len(table.rows))]
    if not facts:
        lists = [one.name for one in described if one.is_structured]
        verb = "holds" if len(lists) == 1 else "hold"
        held = f"; {shortened(lists)} {verb} several values a row, and {_ONE_LABEL}" if lists else ""
        return ColumnGuess(None, f"no other column holds a few values that recur{held}")
    best = min(facts, key=lambda one: (_rank(one), -one.n_filled, one.n_distinct))
    named = f"is named {best.name!r} and " if _LABEL_NAMES.fullmatch(best.name) else ""
    reason = f"{named}holds {best.n_distinct:,} different values in {best.n_filled:,} rows"
    flags = [one.name for one in facts if one.is_flag]
    others = [one.name for one in facts if one is not best and _rank(one) == _rank(best)]
    warning = _say_flags(flags, best.name) if best.is_flag else ""
    names = [one.name for one in facts if one is not best]
    same = [one for one in names if re.sub(r" \(\d+\)$", "", one) == best.name]
    if same and not warning:
        warning = f"{shortened(same)} has the same name in the file; {best.name!r} alone is taken."
    if others and not warning and _rank(best):
        warning = f"{shortened(others)} may be labels as well as {best.name!r}: no name decides; choose."
    return ColumnGuess(best.name, reason, warning)


def _rank(one: ColumnFacts) -> int:
    """0 for a column that is named as labels are, 2 for one that is named as something else."""
    if _LABEL_NAMES.fullmatch(one.name):
        return 0
    return 2 if one.is_date or _OTHER_NAMES.fullmatch(one.name) else 1


def _may_be_label(one: ColumnFacts, n_rows: int) -> bool:
    n = min(n_rows, _LOOKED_AT)
    return (
        2 <= one.n_distinct <= min(MAX_CLASSES, max(2, n // 3))
        and one.n_filled >= n / 2
        and one.mean_words <= 5
        and (one.is_single or not one.is_structured)
    )


def _say_flags(flags: Sequence[str], taken: str) -> str:
    """That several columns of 0 and 1 are several labels of a text, of which one is learned."""
    others = [name for name in flags if name != taken]
    if len(others) < 2:
        return ""
    return (
        f"{shortened(flags)} are columns of 0 and 1 side by side: several labels a text (multi-label) are "
        f"not supported, so {taken!r} alone is taken; train once for each."
    )


def texts_of(table: Table, column: str) -> tuple[str, ...]:
    """The cells of a column of texts.

    Args:
        table: the table.
        column: its name.

    Raises:
        InputError: there is no such column, or its cells are lists or objects and no texts.
    """
    cells = table.column(column)
    if are_structured(cells[:_LOOKED_AT]):
        raise InputError(
            f"The column {column!r} of {table.name} holds lists or objects and not texts; choose a column of "
            "texts (a table of tokens and tags belongs to the tagger)."
        )
    return cells


def labels_of(table: Table, column: str) -> tuple[str, ...]:
    """The cells of a column of labels; lists of one label each are read as that label.

    Args:
        table: the table.
        column: its name.

    Raises:
        InputError: there is no such column, or a cell holds several labels.
    """
    cells = table.column(column)
    if not are_structured(cells[:_LOOKED_AT]):
        return cells
    lists = [list_of(cell) if cell else () for cell in cells]
    if all(one is not None and len(one) < 2 for one in lists):
        return tuple(one[0].strip() if one else "" for one in lists)
    example = next(cell for cell, one in zip(cells, lists, strict=True) if one is None or len(one) > 1)
    raise InputError(
        f"The column {column!r} of {table.name} holds several labels a row, such as {example[:60]}, and "
        f"{_ONE_LABEL}: give each text one label, or a column for each label and train once for each."
    )
