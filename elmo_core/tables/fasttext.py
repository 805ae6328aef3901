"""fastText's training files: `__label__` and the labels at the beginning of each line, then the text."""

from __future__ import annotations

import json
import re

from elmo_core.tables.records import Reading, Record, Skipped, Table, make_table, skip
from elmo_core.text.encodings import Decoded
from elmo_core.text.opening import split_lines

_LINE = re.compile(r"((?:__label__\S+[ \t,]*)+)(.*)", re.DOTALL)
_LABEL = re.compile(r"__label__([^\s,]+)")
_LOOKED_AT = 200
"""Lines."""


def is_fasttext(text: str) -> bool:
    """Whether nearly all lines begin with a label."""
    lines = [line for line in split_lines(text[:100_000])[:_LOOKED_AT] if line.strip()]
    return bool(lines) and sum(line.startswith("__label__") for line in lines) >= 0.9 * len(lines)


def read_fasttext(decoded: Decoded, name: str) -> Table:
    """Read a table of labels and texts; several labels of a text are a list.

    Args:
        decoded: the characters of the file.
        name: for messages.

    Raises:
        InputError: no line has a label and a text, or there are too many.
    """
    records: list[Record] = []
    skipped: list[Skipped] = []
    for number, line in enumerate(split_lines(decoded.text), start=1):
        found = _LINE.fullmatch(line.strip())
        if found is None:
            reason = "a line without a label" if line.strip() else "blank"
            skipped.append(skip(Record(number, (line,)), reason))
            continue
        labels = _LABEL.findall(found[1])
        label = labels[0] if len(labels) == 1 else json.dumps(labels, ensure_ascii=False)
        records.append(Record(number, (label, found[2].strip())))
    reading = Reading(
        "fastText", decoded.encoding, decoded.is_guessed, has_header=False, notes=decoded.faults()
    )
    return make_table(name, ("label", "text"), records, skipped, reading)
