"""Faults of single lines of a file of vectors, which are skipped, counted and named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WRONG_HEADER = "wrong header"
"""The one fault that costs no word."""
_KEPT = 1_000
_SHOWN = 60


@dataclass(frozen=True)
class LineFault:
    """One line (of a binary file: one record) that was left out or does not say the truth."""

    line: int
    """Counted from 1."""
    reason: str
    content: str
    """Its beginning."""


@dataclass
class LoadReport:
    """How a file was read, and which parts were skipped."""

    kind: str
    """"text" or "binary"."""
    unit: str
    """Unit in which faults are counted: "line" or "record"."""
    n_read: int = 0
    """Words with a vector."""
    n_lines: int = 0
    """Lines or records that should have one, so without the header and blank lines; in a file that was
    read to its end, each of them is read or left out."""
    has_limit: bool = False
    """Whether reading stopped at the limit, so that more may follow."""
    faults: list[LineFault] = field(default_factory=list)
    """The first 1,000."""
    counts: Counter[str] = field(default_factory=Counter)
    """All faults by kind."""
    notes: list[str] = field(default_factory=list)
    """What was guessed or may be wrong, one sentence each."""

    def add(self, line: int, kind: str, content: bytes | str = b"", detail: str = "", n: int = 1) -> None:
        """Note a fault.

        Args:
            line: where.
            kind: what is counted together.
            content: content of the line.
            detail: what is particular about this one.
            n: lines that it costs, this one and those that follow.
        """
        self.counts[kind] += n
        if len(self.faults) < _KEPT:
            text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
            self.faults.append(LineFault(line, f"{kind}{detail}", text[:_SHOWN].strip()))

    @property
    def n_faults(self) -> int:
        """All faults, those that are not named included."""
        return sum(self.counts.values())

    @property
    def n_left_out(self) -> int:
        """Lines that should have given a word and did not."""
        return self.n_faults - self.counts[WRONG_HEADER]

    def summary(self) -> str:
        """What was guessed, and the faults in one sentence; empty where there is nothing to say."""
        return " ".join([*self.notes, *([self._faults()] if self.n_faults else [])])

    def _faults(self) -> str:
        kinds = ", ".join(f"{count:,} x {kind}" for kind, count in self.counts.most_common())
        first = self.faults[0]
        n = f"{self.n_faults:,} {self.unit}{'s' * (self.n_faults != 1)}"
        return f"{n} at fault ({kinds}); the first is {self.unit} {first.line:,}: {first.reason}."

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        rows = [[fault.line, fault.reason, fault.content] for fault in self.faults]
        return {**vars(self), "faults": rows, "counts": dict(self.counts)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LoadReport:
        """Undo `to_dict`."""
        faults = [LineFault(*row) for row in values["faults"]]
        return cls(**{**values, "faults": faults, "counts": Counter(values["counts"])})
