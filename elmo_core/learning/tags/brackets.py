"""Spans in brackets, as in CoNLL-2005 and CoNLL-2012 (OntoNotes): `(PERSON*`, `*`, `*)`, `(GPE)`."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from elmo_core.learning.tags.notation import OUTSIDE

_CELL = re.compile(r"(?:\((?P<label>[^()*|\s]+))?(?P<star>\*?)(?P<end>\))?")


def is_bracketed(cells: Collection[str]) -> bool:
    """Whether all cells of a column are brackets and stars, with spans that are not nested."""
    found = [_CELL.fullmatch(cell) for cell in cells]
    return (
        all(match is not None and (match["star"] or match["label"]) for match in found)
        and any(match["label"] for match in found if match)
        and any(cell == "*" for cell in cells)
    )


def bio_of_brackets(cells: Sequence[str]) -> list[str] | None:
    """The tags in BIO of a sentence in brackets; None = a bracket has no partner."""
    tags = []
    label = ""
    for cell in cells:
        match = _CELL.fullmatch(cell)
        if match is None or bool(match["label"] and label):
            return None
        begins = bool(match["label"])
        label = match["label"] or label
        tags.append(f"{'B' if begins else 'I'}-{label}" if label else OUTSIDE)
        if match["end"]:
            if not label:
                return None
            label = ""
    return None if label else tags
