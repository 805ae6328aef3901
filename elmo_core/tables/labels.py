"""What is wrong with a column of labels, before anything is learned from it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from elmo_core.tables.columns import MAX_CLASSES
from elmo_core.tables.records import shortened

Severity = Literal["refused", "warning", "note"]

_FEW_PER_CLASS = 20
_IMBALANCE = 10
_MISSING = ("na", "n/a", "nan", "null", "none", "\\n", "#n/a", "-", "?")


@dataclass(frozen=True)
class Finding:
    """Something to know before training."""

    severity: Severity
    """A "refused" one makes training impossible."""
    message: str


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
    findings = [*_rare(counts), *_variants(counts), *_missing(counts)]
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


def _missing(counts: Counter[str]) -> list[Finding]:
    """Labels that stand for a missing one in what many programs write."""
    found = [label for label in counts if label.casefold() in _MISSING]
    if not found:
        return []
    n = sum(counts[label] for label in found)
    said = f"{shortened(found)} often stands for a missing label; here it is a class ({n:,} rows)"
    return [Finding("warning", f"{said}. Empty these cells if the labels are missing.")]


def _variants(counts: Counter[str]) -> list[Finding]:
    """Labels that differ in case and blanks alone, or are the same number."""
    groups: dict[str | float, list[str]] = {}
    for label in counts:
        is_plain = label.isascii() and re.fullmatch(r"[-+]?\d+(\.\d*)?", label)
        groups.setdefault(float(label) if is_plain else " ".join(label.casefold().split()), []).append(label)
    return [
        Finding(
            "warning",
            f"The labels {shortened(group)} differ in spelling alone; merge them if they mean the same.",
        )
        for group in groups.values()
        if len(group) > 1
    ]
