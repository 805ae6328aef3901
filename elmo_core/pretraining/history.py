"""The live history of a run: a CSV file that grows by a row and never holds half of one."""

from __future__ import annotations

import csv
import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class HistoryRow:
    """One row of the history."""

    step: int
    words: int
    """Words seen so far (of one direction)."""
    loss: float
    """Mean training loss since the row before, in nats; with the sampled softmax no true likelihood."""
    learning_rate: float
    gradient_norm: float
    words_per_s: float
    perplexity: float | None = None
    """Mean held-out perplexity by the full softmax, where a checkpoint was made."""
    unknown_share: float | None = None
    """Share of the held-out predictions that are words outside the vocabulary, beside the perplexity."""


class History:
    """The rows of a run in its CSV file."""

    def __init__(self, path: Path) -> None:
        """Describe the file; nothing is written yet."""
        self.path = path
        self._fields = [field.name for field in dataclasses.fields(HistoryRow)]

    def keep_until(self, step: int) -> None:
        """Drop the rows after a step (a resumed run writes them again); make the file if there is none."""
        rows = []
        if self.path.exists():
            with self.path.open(newline="", encoding="utf-8") as stream:
                # a killed run may have left half a line at the end
                rows = [
                    row
                    for row in csv.DictReader(stream)
                    if None not in row.values() and int(row["step"]) <= step
                ]
        partial = self.path.with_suffix(".partial")
        with partial.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, self._fields)
            writer.writeheader()
            writer.writerows(rows)
        os.replace(partial, self.path)

    def append(self, row: HistoryRow) -> None:
        """Add one row."""
        values = dataclasses.asdict(row)
        with self.path.open("a", newline="", encoding="utf-8") as stream:
            csv.DictWriter(stream, self._fields).writerow(values)
            stream.flush()
