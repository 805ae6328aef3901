"""Which column holds the texts and which the labels, with reasons; and what is wrong with labels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from elmo_core.tables.records import Table, shortened

Severity = Literal["refused", "warning", "note"]

MAX_CLASSES = 200
"""More different labels than this are no classes."""
_LOOKED_AT = 20_000
_FEW_PER_CLASS = 20
_IMBALANCE = 10
_TEXT_NAMES = re.compile(
    r"(?i)(full[ _]?)?(text|texts|sentence|review|reviews|comment|message|sms|body|content|title|headline|"
    r"document|tweet|post|utterance|query|question|description)([ _].*)?"
)
_LABEL_NAMES = re.compile(
    r"(?i)(.*[ _])?(label|labels|class|category|target|sentiment|polarity|topic|intent|rating|stars|tag|type)"
)


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
    """Filled cells with at least one letter, of any script."""


@dataclass(frozen=True)
class Choice:
    """A guess, and why."""

    column: str | None
    reason: str


@dataclass(frozen=True)
class Finding:
    """Something to know before training."""

    severity: Severity
    """A "refused" one makes training impossible."""
    message: str


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
        sum(any(character.isalpha() for character in cell) for cell in filled) / n,
    )


def guess_text_column(table: Table) -> Choice:
    """The column with the longest texts; a telling name counts as much as being three times as long."""
    facts = [one for one in describe_columns(table) if one.share_of_letters > 0.5]
    if not facts:
        return Choice(None, f"no column holds words (columns: {shortened(table.columns)})")

    def score(one: ColumnFacts) -> float:
        named = 3.0 if _TEXT_NAMES.fullmatch(one.name) else 1.0
        return one.mean_characters * named * (one.n_distinct / max(one.n_filled, 1)) * one.n_filled

    best = max(facts, key=score)
    named = f"is named {best.name!r} and " if _TEXT_NAMES.fullmatch(best.name) else ""
    return Choice(
        best.name,
        f"{named}holds {best.mean_characters:.0f} characters a row, {best.n_distinct:,} different texts",
    )


def guess_label_column(table: Table, text: str | None = None) -> Choice:
    """The column with few values that recur; a telling name decides where there are several.

    Args:
        table: the table.
        text: its column of texts, which is not a label.
    """
    facts = [
        one for one in describe_columns(table) if one.name != text and _may_be_label(one, len(table.rows))
    ]
    if not facts:
        return Choice(None, "no other column holds a few values that recur")
    best = min(facts, key=lambda one: (not _LABEL_NAMES.fullmatch(one.name), -one.n_filled, one.n_distinct))
    named = f"is named {best.name!r} and " if _LABEL_NAMES.fullmatch(best.name) else ""
    return Choice(best.name, f"{named}holds {best.n_distinct:,} different values in {best.n_filled:,} rows")


def _may_be_label(one: ColumnFacts, n_rows: int) -> bool:
    n = min(n_rows, _LOOKED_AT)
    return (
        2 <= one.n_distinct <= min(MAX_CLASSES, max(2, n // 3))
        and one.n_filled >= n / 2
        and one.mean_words <= 5
    )


def check_labels(labels: Sequence[str]) -> tuple[Finding, ...]:
    """Look for what makes a column of labels useless or its scores misleading.

    Args:
        labels: of all usable rows, none empty.
    """
    counts = Counter(labels)
    n, k = len(labels), len(counts)
    if k < 2:
        only = f"Every row has the label {next(iter(counts))[:40]!r}" if counts else "No row has a label"
        return (Finding("refused", f"{only}; a classifier needs at least two classes."),)
    if k > MAX_CLASSES or (k > 20 and k > n / 3):
        found = f"The label column has {k:,} different values in {n:,} rows"
        return (
            Finding("refused", f"{found}, so it looks like an id or a text; choose the column of classes."),
        )
    findings = [*_rare(counts), *_variants(counts)]
    most, least = max(counts.values()), min(counts.values())
    if most > _IMBALANCE * least:
        often, seldom = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        found = f"{often[:40]!r} has {most:,} rows, {seldom[:40]!r} {least:,}"
        chance = f"Always saying {often[:40]!r} would be right in {most / n:.0%}"
        remedy = "read macro-F1, and consider class weights"
        findings.append(Finding("warning", f"The classes are unequal: {found}. {chance}; {remedy}."))
    return tuple(findings)


def _rare(counts: Counter[str]) -> list[Finding]:
    single = [label for label, count in counts.items() if count == 1]
    few = [label for label, count in counts.items() if 1 < count < _FEW_PER_CLASS]
    findings = []
    if single:
        verb = "have" if len(single) > 1 else "has"
        findings.append(
            Finding("refused", f"{shortened(single)} {verb} 1 row; at least 2 are needed. Merge or drop it.")
        )
    if few:
        findings.append(
            Finding(
                "warning",
                f"{shortened(few)}: fewer than {_FEW_PER_CLASS} rows each, so their scores are uncertain.",
            )
        )
    return findings


def _variants(counts: Counter[str]) -> list[Finding]:
    """Labels that differ in case and blanks alone."""
    groups: dict[str, list[str]] = {}
    for label in counts:
        groups.setdefault(" ".join(label.casefold().split()), []).append(label)
    return [
        Finding(
            "warning",
            f"The labels {shortened(group)} differ in spelling alone; merge them if they mean the same.",
        )
        for group in groups.values()
        if len(group) > 1
    ]
