"""Arrays of a user's vectors, and which of them a file holds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from elmo_core.exceptions import InputError

MAX_NUMBERS = 100_000_000
"""More numbers than this (400 MB) are refused."""
MAX_WIDTH = 16_384
_NUMBERED = re.compile(r"(.*?)[ _.\-\[(]*\d+[\])]?")


@dataclass(frozen=True)
class VectorFile:
    """What a file holds beside each other for the same rows."""

    arrays: dict[str, np.ndarray]
    """Arrays (n, D) by where they stand."""
    columns: dict[str, list[str]]
    """Other values of each row."""
    notes: tuple[str, ...] = ()
    """What was guessed, replaced or left out on the way, one sentence each."""


def check_shape(shape: tuple[int, ...], name: str) -> None:
    """Refuse what is no array of vectors, or one that is too large.

    Raises:
        InputError: the shape is not (n, width), or too large.
    """
    if len(shape) != 2 or min(shape) < 0:
        spoken = " x ".join(map(str, shape)) or "a single number"
        raise InputError(f"{name} has the shape {spoken}; rows of vectors (n x width) are wanted.")
    n, width = shape
    if not 2 <= width <= MAX_WIDTH or n * width > MAX_NUMBERS:
        raise InputError(
            f"{name} has {n:,} vectors of width {width:,}; a width from 2 to {MAX_WIDTH:,} and at most "
            f"{MAX_NUMBERS:,} numbers are possible. Take a part of it."
        )


def refuse_lengths(widths: Sequence[int], name: str, title: str) -> NoReturn:
    """Refuse lists that are no vectors of one space.

    Raises:
        InputError: always.
    """
    found = ", ".join(map(str, widths[:5]))
    raise InputError(f"The lists in {title!r} of {name} differ in length ({found}); all must have the same.")


def group_columns(numeric: Mapping[str, bool]) -> dict[str, list[str]]:
    """Find the columns of numbers that are the numbers of one vector each.

    Args:
        numeric: columns of numbers, and whether they are floats.

    Returns:
        Columns by the name of their group: those numbered alike; or all floats, where none are.
    """
    stems: dict[str, list[str]] = {}
    for title in numeric:
        numbered = _NUMBERED.fullmatch(title)
        if numbered:
            stems.setdefault(numbered.group(1), []).append(title)
    groups = {f"{found[0]} to {found[-1]}": found for found in stems.values() if len(found) > 1}
    floats = [title for title, is_float in numeric.items() if is_float]
    others = floats if len(floats) > 1 else list(numeric)
    if not groups and len(others) > 1:
        groups = {f"{len(others)} columns": others}
    return groups
