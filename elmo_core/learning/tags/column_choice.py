"""Guesses which columns hold the tokens and the tags; the reason is reported, and a user can overrule it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from elmo_core.learning.tags.notation import likely_notations

TOKEN_NAMES = ("token", "tokens", "word", "words", "form", "text", "surface")
TAG_NAMES = (
    "tag", "tags", "ner", "ner_tag", "ner_tags", "bio", "iob", "label", "labels", "entity", "chunk",
    "chunk_tags", "upos", "pos", "pos_tag", "pos_tags", "xpos", "deprel",
)  # fmt: skip
SENTENCE_NAMES = (
    "sentence", "sentence_#", "sentence_id", "sentence_number", "sentence_idx", "sent_id", "sent",
)  # fmt: skip
_LOOKED_AT = 20_000
"""Rows."""
_MOST_ALIKE = 0.8
"""Share of the most varied column's values from which on a column may hold the words, too."""
_NEARLY_ALL = 0.95
_LEMMAS, _FEWER = 0.5, 2
"""Share of the different tokens, and factor to the fewest values of a column, that tell lemmas from tags."""
_NUMBER = re.compile(r"[-+]?\d+(?:[.,:]\d+)*")
_ID = re.compile(r"(\d{1,9})(?:[-.]\d{1,9})?")

Rows = Sequence[Sequence[str]]
"""The rows of one sentence."""


@dataclass(frozen=True)
class ColumnChoice:
    """Names of columns, and why these."""

    token: str
    tag: str | None
    """None = no column is left for tags."""
    reason: str
    """One sentence."""


@dataclass(frozen=True)
class _Facts:
    """Properties of the cells of a column."""

    name: str
    is_rising: bool
    """Whether they number the tokens."""
    is_number: bool
    n_distinct: int
    labels: frozenset[str] | None
    """Labels of tags such as `B-PER`; None = the cells are no such tags."""


def choose_columns(columns: Sequence[str], sentences: Iterable[Rows]) -> ColumnChoice:
    """Guess which columns hold tokens and tags.

    A column's name decides. Otherwise tags are the last column of values such as `B-PER` and `O` (of two with
    the same labels, as of nested entities, the first), or else the last one that is not of numbers; tokens
    are the first column about as varied as the most varied one. Numbers that rise from token to token are
    neither.

    Args:
        columns: their names.
        sentences: the rows of each.
    """
    facts = _describe(columns, sentences)
    named_token = named_column(columns, TOKEN_NAMES)
    varied = [one.name for one in facts if one.n_distinct > 1]
    named_tag = named_column(varied, TAG_NAMES) or named_column(columns, TAG_NAMES)
    tag, why = named_tag, "by its name"
    if tag is None:
        tag, why = _last_of_tags([one for one in facts if one.name != named_token])
    token = named_token or _most_varied([one for one in facts if one.name != tag])
    if token is None:  # nothing but the column that was taken for tags
        return ColumnChoice(tag or columns[0], None, "There is no column beside the tokens.")
    if tag is None:
        others = [one for one in facts if one.name != token and not one.is_rising]
        usual = [one for one in others if not one.is_number and one.n_distinct > 1] or others
        usual = _without_lemmas(usual, next(one.n_distinct for one in facts if one.name == token))
        tag, why = (usual[-1].name if usual else None), "the last one"
    if tag is None:
        return ColumnChoice(token, None, "There is no column beside the tokens.")
    return ColumnChoice(token, tag, f"Tokens are in {_shown(token)}, tags in {_shown(tag)} ({why}).")


def _without_lemmas(facts: list[_Facts], n_tokens: int) -> list[_Facts]:
    """Columns less those with nearly as many values as there are tokens, if another has far fewer."""
    fewest = min((one.n_distinct for one in facts), default=0)
    return [
        one for one in facts if one.n_distinct < _LEMMAS * n_tokens or one.n_distinct <= _FEWER * fewest
    ] or facts


def _shown(column: str) -> str:
    return column if re.fullmatch(r"column \d+", column) else f"column {column!r}"


def named_column(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """The column with one of these names, the first name first; None = there is none."""
    known = {plain_name(column): column for column in reversed(columns)}
    return next((known[name] for name in names if name in known), None)


def plain_name(column: str) -> str:
    """A column's name without differences of case, blanks and dashes."""
    return re.sub(r"[\s-]+", "_", column.strip().casefold())


def is_header(cells: Sequence[str]) -> bool:
    """Whether the cells of a file's first line are names of a column of tokens and one of tags."""
    return named_column(cells, TOKEN_NAMES) is not None and named_column(cells, TAG_NAMES) is not None


def are_numbers_of_sentences(cells: Sequence[str]) -> bool:
    """Whether a column of a file without blank lines says which sentence each row belongs to."""
    if len(cells) < 2 or not all(cell.isdecimal() for cell in cells):
        return False
    numbers = list(map(int, cells))
    steps = {after - before for before, after in pairwise(numbers)}
    return steps == {0, 1} and numbers[0] in (0, 1)


def is_rising(sentences: Iterable[Sequence[str]]) -> bool:
    """Whether a column numbers tokens: from 0 or 1 in each sentence, or on and on. Cells by sentence."""
    n_fitting = n_all = n_pairs = 0
    last = -1
    for cells in sentences:
        numbers = [int(match.group(1)) if (match := _ID.fullmatch(cell)) else -2 for cell in cells]
        if numbers:
            n_all += 1
            n_pairs += len(numbers) - 1
            steps = all(0 <= after - before <= 1 for before, after in pairwise(numbers))
            grows = len(numbers) == 1 or numbers[-1] > numbers[0]
            n_fitting += steps and grows and (numbers[0] in (0, 1) or numbers[0] == last + 1)
            last = numbers[-1]
    return n_pairs > 0 and n_fitting >= 0.9 * n_all


def _describe(columns: Sequence[str], sentences: Iterable[Rows]) -> list[_Facts]:
    kept: list[Rows] = []
    n_rows = 0
    for rows in sentences:
        if n_rows >= _LOOKED_AT:
            break
        kept.append(rows[:_LOOKED_AT])
        n_rows += len(rows)
    found = []
    for index, name in enumerate(columns):
        cells = [[row[index] for row in rows] for rows in kept]
        counts = Counter(cell for own in cells for cell in own)
        numbers = sum(n for cell, n in counts.items() if _NUMBER.fullmatch(cell))
        found.append(
            _Facts(name, is_rising(cells), 0 < counts.total() == numbers, len(counts), _labels(counts))
        )
    return found


def _labels(counts: Counter[str]) -> frozenset[str] | None:
    """The labels of tags such as `B-PER` and `O`; None = nearly all cells would have to be such tags."""
    for notation in likely_notations(counts):
        read = {tag: part for tag in counts if (part := notation.read(tag))}
        needed = _NEARLY_ALL if notation.separator else 1.0  # words may be called "I", too
        if sum(counts[tag] for tag in read) >= needed * counts.total():
            return frozenset(label for letter, label in read.values() if letter != "O")
    return None


def _last_of_tags(facts: Sequence[_Facts]) -> tuple[str | None, str]:
    """The last column of tags, or the first one with the same labels."""
    tags = [one for one in facts if one.labels is not None]
    if not tags:
        return None, ""
    last = tags[-1]
    alike = [one for one in tags if one.labels and last.labels and one.labels & last.labels]
    if len(alike) > 1:
        return alike[0].name, f"its values are tags, and {_shown(alike[-1].name)} has the same labels again"
    return last.name, "its values are tags such as B-PER and O"


def _most_varied(facts: Sequence[_Facts]) -> str | None:
    """The first column that is about as varied as the most varied one."""
    usable = [one for one in facts if not one.is_rising] or list(facts)
    usable = [one for one in usable if not one.is_number and one.labels is None] or usable
    most = max((one.n_distinct for one in usable), default=0)
    return next((one.name for one in usable if one.n_distinct >= _MOST_ALIKE * most), None)
