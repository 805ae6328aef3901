"""The live history of a run: a CSV file that grows by a row and never holds half of one."""

from __future__ import annotations

import csv
import dataclasses
import os
from pathlib import Path
from typing import Any


class History:
    """Rows of one dataclass in one CSV file; the first column counts steps."""

    def __init__(self, path: Path, row_type: type[Any]) -> None:
        """Describe the file; nothing is written yet."""
        self.path = path
        self._fields = [field.name for field in dataclasses.fields(row_type)]

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

    def append(self, row: Any) -> None:
        """Add one row (an instance of the dataclass)."""
        values = dataclasses.asdict(row)
        with self.path.open("a", newline="", encoding="utf-8") as stream:
            csv.DictWriter(stream, self._fields).writerow(values)
            stream.flush()
