"""How far a run is and what it has learned so far, read from its files while it goes on."""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass

from elmo_core.runs.folder import Run


@dataclass(frozen=True)
class ProgressRow:
    """One row of the history."""

    step: int
    words: int
    loss: float
    """Mean training loss since the row before, in nats."""
    words_per_s: float
    perplexity: float | None
    """On held-out text, where a checkpoint was made."""
    unknown_share: float | None
    """Share of the held-out predictions that are words outside the vocabulary."""


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    rows: tuple[ProgressRow, ...]
    total_words: int
    guessing: float | None
    """Held-out perplexity of guessing each word by its frequency; None before the run has begun."""

    @property
    def words(self) -> int:
        """Words seen so far."""
        return self.rows[-1].words if self.rows else 0

    @property
    def share(self) -> float:
        """Part of the run that is done, 0 to 1."""
        return min(1.0, self.words / self.total_words)

    @property
    def seconds_left(self) -> float | None:
        """Time to the end at the speed of the last rows; None before the first."""
        last = [row.words_per_s for row in self.rows[-5:]]
        return (self.total_words - self.words) * len(last) / sum(last) if last else None

    @property
    def measured(self) -> tuple[ProgressRow, ...]:
        """The rows with a held-out perplexity."""
        return tuple(row for row in self.rows if row.perplexity is not None)


def read_progress(run: Run) -> Progress:
    """Read how far a run is; a file that is not there yet, or half written, counts as empty.

    Raises:
        InputError: the run's own files are damaged.
        ConfigError: its settings are.
    """
    guessing = None
    with contextlib.suppress(OSError, ValueError, AttributeError):
        value = json.loads((run.output / "run.json").read_text("utf-8")).get("guessing_perplexity")
        guessing = float(value) if isinstance(value, int | float) else None
    return Progress(tuple(_rows(run)), run.total_words(), guessing)


def _rows(run: Run) -> Iterator[ProgressRow]:
    try:
        with (run.output / "history.csv").open(newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        with contextlib.suppress(KeyError, TypeError, ValueError):  # half a line
            yield ProgressRow(
                int(line["step"]),
                int(line["words"]),
                float(line["loss"]),
                float(line["words_per_s"]),
                float(line["perplexity"]) if line["perplexity"] else None,
                float(line["unknown_share"]) if line["unknown_share"] else None,
            )
