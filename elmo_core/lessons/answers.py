"""Answers of a class, without names: a CSV file for each learner, counted together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields

from elmo_core.exceptions import InputError
from elmo_core.tables.export import to_csv
from elmo_core.tables.reading import read_table


@dataclass(frozen=True)
class Answer:
    """One prediction; nothing says whose."""

    lesson: str
    """Slug of the lesson."""
    step: int
    """Number of the question in its lesson, from 1."""
    question: str
    predicted: str
    measured: str
    is_right: bool
    model: str


COLUMNS = tuple(field.name for field in fields(Answer))


def write_answers(answers: Iterable[Answer]) -> bytes:
    """Write answers as CSV."""
    return to_csv(list(COLUMNS), [[str(value) for value in astuple(answer)] for answer in answers])


def read_answers(content: bytes, name: str) -> list[Answer]:
    """Read a file of `write_answers`.

    Args:
        content: of the file.
        name: of the file, for messages.

    Raises:
        InputError: it is no such file.
    """
    table = read_table(content, name)
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise InputError(
            f"{name} holds no answers (there is no column {missing[0]!r}); choose files that were saved with "
            '"Download my answers".'
        )
    found = []
    for row in zip(*(table.column(column) for column in COLUMNS), strict=True):
        lesson, step, question, predicted, measured, is_right, model = row
        if not step.isdecimal() or is_right not in ("True", "False"):
            raise InputError(f"{name} has been changed (a step {step!r}, a mark {is_right!r}); save it anew.")
        found.append(Answer(lesson, int(step), question, predicted, measured, is_right == "True", model))
    return found


@dataclass(frozen=True)
class Tally:
    """What a class predicted for one question."""

    lesson: str
    step: int
    question: str
    n: int
    """Answers."""
    n_right: int
    predicted: tuple[tuple[str, int], ...]
    """Each prediction and how often it was given, the most frequent first."""
    measured: tuple[str, ...]
    """What was measured; more than one value where models differ."""


def tally(answers: Sequence[Answer]) -> list[Tally]:
    """Count answers by question, in the order of lessons and steps."""
    groups: dict[tuple[str, int, str], list[Answer]] = {}
    for answer in answers:
        groups.setdefault((answer.lesson, answer.step, answer.question), []).append(answer)
    return [
        Tally(
            *key,
            len(own),
            sum(answer.is_right for answer in own),
            tuple(Counter(answer.predicted for answer in own).most_common()),
            tuple(dict.fromkeys(answer.measured for answer in own)),
        )
        for key, own in sorted(groups.items())
    ]
