"""A table and two of its columns -> texts with labels that a classifier can learn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from elmo_core.exceptions import InputError
from elmo_core.learning.inputs import WINDOW
from elmo_core.learning.texts.duplicates import NearPair, find_duplicates, find_near_duplicates, normalise
from elmo_core.progress import Report, part_of
from elmo_core.tables.columns import labels_of, texts_of
from elmo_core.tables.labels import Finding, check_labels
from elmo_core.tables.records import Table, counted, shortened
from elmo_core.text.levelling import unify

NO_TEXT, NO_LABEL, RARE = "no text", "no label", "its label has a single row"
REPEATED, CONTRADICTING = "the same text is in an earlier row", "the same text has other labels elsewhere"
_NOTHING_LEFT = Finding("refused", "No row can be learned from.")
_BLOCK = 1_000  # rows between two reports


@dataclass(frozen=True)
class Dropped:
    """A row of the table that is not learned from."""

    line: int
    """Of the file."""
    reason: str
    text: str
    label: str


@dataclass(frozen=True)
class Dataset:
    """Texts with labels, each text once."""

    name: str
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    rows: tuple[int, ...]
    """Row of the table that each comes from."""
    dropped: tuple[Dropped, ...]
    near_duplicates: tuple[NearPair, ...]
    """Pairs of positions in `texts`; they stay, but never on two sides of a split."""
    findings: tuple[Finding, ...]

    @property
    def dropped_counts(self) -> dict[str, int]:
        """How many rows were dropped for each reason."""
        return dict(Counter(row.reason for row in self.dropped).most_common())

    def require_usable(self) -> None:
        """Raise InputError with the first finding that makes training impossible, and what was left out."""
        left_out = [f"{counted(n, 'row')}: {reason}" for reason, n in self.dropped_counts.items()]
        told = f" Left out before: {'; '.join(left_out)}." if left_out else ""
        for finding in self.findings:
            if finding.severity == "refused":
                raise InputError(finding.message + told)


def prepare(
    table: Table,
    text: str,
    label: str,
    *,
    merge: Mapping[str, str] | None = None,
    drop_rare: bool = False,
    near_limit_s: float = 5.0,
    report: Report | None = None,
) -> Dataset:
    """Take texts and labels out of a table.

    Labels that are the same once levelled (`elmo_core.text.levelling`) are one class, spelt as first seen.

    Args:
        table: the table.
        text: its column of texts.
        label: its column of labels.
        merge: labels to be replaced by others.
        drop_rare: whether rows whose label has a single row are dropped; otherwise they are a
            finding that refuses training.
        near_limit_s: time for the search of near-duplicates.
        report: progress callback.

    Returns:
        The usable rows; every other row of the table is among the dropped ones.

    Raises:
        InputError: there is no such column, both are the same, or they hold lists.
    """
    if text == label:
        raise InputError(f"Texts and labels cannot both be in {text!r}; choose two columns.")
    texts = texts_of(table, text)
    unified, respelt = unify(labels_of(table, label))
    labels = [(merge or {}).get(one, one) for one in unified]
    reasons: dict[int, str] = {}
    checking = part_of(report, 0.0, 0.3)
    for row, (cell, tag) in enumerate(zip(texts, labels, strict=True)):
        if checking and row % _BLOCK == 0:
            checking("checking the rows", row / len(texts))
        if not normalise(cell):
            reasons[row] = NO_TEXT
        elif not tag:
            reasons[row] = NO_LABEL
    filled = [row for row in range(len(texts)) if row not in reasons]
    found = find_duplicates(
        [texts[row] for row in filled], [labels[row] for row in filled], part_of(report, 0.3, 0.6)
    )
    reasons |= {filled[index]: REPEATED for index in found.repeated}
    reasons |= {filled[index]: CONTRADICTING for group in found.contradicting for index in group}
    if drop_rare:
        counts = Counter(labels[row] for row in filled if row not in reasons)
        reasons |= {row: RARE for row in filled if row not in reasons and counts[labels[row]] == 1}
    kept = [row for row in range(len(texts)) if row not in reasons]
    near = find_near_duplicates(
        [texts[row] for row in kept], time_limit_s=near_limit_s, report=part_of(report, 0.6, 1.0)
    )
    dropped = tuple(
        Dropped(table.lines[row], reasons[row], texts[row], labels[row]) for row in sorted(reasons)
    )
    kept_labels = tuple(labels[row] for row in kept)
    findings = (
        *(check_labels(kept_labels) if kept else [_NOTHING_LEFT]),
        *_say_respelt(respelt),
        *_say_dropped(dropped, len(found.contradicting)),
        *_say_near(near.pairs, near.n_searched, len(kept)),
        *_say_long(sum(len(texts[row]) > WINDOW for row in kept)),
    )
    return Dataset(
        table.name, tuple(texts[row] for row in kept), kept_labels, tuple(kept), dropped, near.pairs, findings
    )


def _say_respelt(labels: list[str]) -> list[Finding]:
    if not labels:
        return []
    same = "in different ways that look the same; each is one class."
    return [Finding("note", f"The file spells {shortened(labels)} {same}")]


def _say_dropped(dropped: tuple[Dropped, ...], n_groups: int) -> list[Finding]:
    counts = Counter(row.reason for row in dropped)
    said = {
        NO_TEXT: "without text: left out.",
        NO_LABEL: "without label: left out.",
        REPEATED: "with a text of an earlier row: left out, else the test would be leaked.",
        CONTRADICTING: f"with {counted(n_groups, 'text')} whose labels contradict each other: left out.",
        RARE: "with a label that has a single row: left out.",
    }
    warn = (CONTRADICTING, NO_TEXT, NO_LABEL)
    return [
        Finding("warning" if reason in warn else "note", f"{counted(counts[reason], 'row')} {rest}")
        for reason, rest in said.items()
        if counts[reason]
    ]


def _say_long(n: int) -> list[Finding]:
    if not n:
        return []
    are = "is" if n == 1 else "are"
    longer = f"{counted(n, 'text')} of more than {WINDOW:,} characters"
    return [Finding("note", f"{longer} {are} read whole, in windows of that length.")]


def _say_near(pairs: tuple[NearPair, ...], n_searched: int, n: int) -> list[Finding]:
    findings = []
    if pairs:
        findings.append(
            Finding(
                "note",
                f"{counted(len(pairs), 'pair')} of texts nearly the same: both stay, on one side of a split.",
            )
        )
    if n_searched < n:
        findings.append(
            Finding("note", f"Near-duplicates were searched in the first {n_searched:,} of {n:,} texts.")
        )
    return findings
