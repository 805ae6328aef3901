"""Rows of a long measurement in a CSV file, written as they come, so that none is measured twice."""

from __future__ import annotations

import csv
import os
from pathlib import Path


class KeptRows:
    """Rows as dicts of strings; a row that lacks a column of the others has an empty value there."""

    def __init__(self, path: Path, key: tuple[str, ...]) -> None:
        """Read the rows of an earlier run.

        Args:
            path: the CSV file; made with the first row.
            key: columns that name a row.
        """
        self._path, self._key = path, key
        self.rows: list[dict[str, str]] = []
        if path.exists():
            with path.open(newline="", encoding="utf-8") as stream:
                self.rows = list(csv.DictReader(stream))

    def __contains__(self, name: tuple[object, ...]) -> bool:
        """Whether a row with this key was measured."""
        wanted = tuple(map(str, name))
        return any(tuple(row[column] for column in self._key) == wanted for row in self.rows)

    def add(self, row: dict[str, object]) -> None:
        """Add a row and replace the file as a whole, so that it never holds half a row."""
        self.rows.append({column: str(value) for column, value in row.items()})
        columns = list(dict.fromkeys(column for row in self.rows for column in row))
        partial = self._path.with_suffix(".partial")
        with partial.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, columns, restval="")
            writer.writeheader()
            writer.writerows(self.rows)
        os.replace(partial, self._path)
