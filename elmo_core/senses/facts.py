"""What is known of each use besides its meaning: columns of a table, neighbours, spelling, length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.senses.context_centres import neighbours
from elmo_core.senses.uses import Uses
from elmo_core.tables.corpus import Text

MOST_VALUES = 12
"""A column with more different values among the uses is not a kind of use."""
PART_OF_SPEECH, PARTS_OF_SPEECH = "part of speech", ("pos", "upos", "xpos", "tag")
"""The name of the fact, and of columns that hold it."""


@dataclass(frozen=True)
class Fact:
    """One thing that is known of n uses."""

    name: str
    """Its name as part of a sentence: "part of speech"."""
    values: tuple[str | None, ...]
    """Value for each use; None where it is not known."""


def facts_of(uses: Uses, text: Text | None = None) -> tuple[Fact, ...]:
    """Collect what could explain groups of uses without their meaning.

    Args:
        uses: n uses.
        text: where they are from; the columns of its table count, but for that of the senses.
    """
    found = _columns(uses, text) if text and text.table else []
    around = [neighbours(use.tokens, use.span) for use in uses.uses]
    found += [
        Fact("the word before", tuple(before for before, _ in around)),
        Fact("the word after", tuple(after for _, after in around)),
        Fact("spelling", tuple(use.word for use in uses.uses)),
        Fact("sentence length", _thirds([len(use.tokens) for use in uses.uses])),
    ]
    return tuple(fact for fact in found if len(set(fact.values) - {None}) > 1)


def _columns(uses: Uses, text: Text) -> list[Fact]:
    """Columns of the table with a few values that recur among the uses."""
    assert text.table is not None
    sentences = tuple(use.sentence for use in uses.uses)
    known = uses.labels, tuple(text.sentences[sentence] for sentence in sentences)
    found = []
    for column in text.table.columns:
        values = text.values(column, sentences)
        if len(set(values)) <= min(MOST_VALUES, len(values) // 2) and values not in known:
            is_pos = column.strip().casefold() in PARTS_OF_SPEECH
            found.append(Fact(PART_OF_SPEECH if is_pos else column, values))
    return found


def _thirds(numbers: Sequence[int]) -> tuple[str, ...]:
    """The third (lower, middle, upper) that each number belongs to."""
    ends = np.quantile(numbers, [1 / 3, 2 / 3])
    return tuple(("short", "middling", "long")[index] for index in np.digitize(numbers, ends))
