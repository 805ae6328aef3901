"""WebAnno TSV 3, as INCEpTION and WebAnno export it: a token a line, after its number and its offsets.

Each feature of a layer is a column. A value in several lines with one number (`PER[1]`) is one span, a value
without a number is a span of one token; `*` is a span without a value, `_` is none. A layer with a value for
nearly every token and without numbers, as of parts of speech, is one of plain tags.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from elmo_core.exceptions import InputError
from elmo_core.learning.tags.notation import OUTSIDE
from elmo_core.learning.tags.sentences import TokenFile
from elmo_core.learning.tags.token_rows import Row, make_token_file
from elmo_core.tables.records import Record, Skipped, counted, skip
from elmo_core.text.encodings import Decoded
from elmo_core.text.opening import split_lines

_FORMAT = re.compile(r"#FORMAT=WebAnno TSV (\d+)")
_SPANS = "#T_SP="
_TOKEN, _PART = re.compile(r"\d+-\d+"), re.compile(r"\d+-\d+\.\d+")
_NUMBERED = re.compile(r"(.*)\[(\d+)\]", re.DOTALL)
_VALUE = re.compile(r"(?!(?:_|\*)(?:\[\d+\])?(?:\||$))")
_STACKED = re.compile(r"(?<!\\)\|")
_ESCAPED = re.compile(r"\\(.)")
_N_FIXED = 3
"""Columns before those of features: number, offsets, token."""
_NEARLY_ALL = 0.8
"""Share of the tokens with a value from which on a layer is one of plain tags."""


def is_webanno(text: str) -> bool:
    """Whether a text is in WebAnno's own format."""
    return bool(_FORMAT.match(text))


def read_webanno(decoded: Decoded, name: str) -> TokenFile:
    """Read a file in WebAnno TSV 3.

    Args:
        decoded: the characters of the file.
        name: for messages.

    Raises:
        InputError: it is of another version, or no layer of spans has a value.
    """
    found = _FORMAT.match(decoded.text)
    if found is None or found[1] != "3":
        raise InputError(
            f"{name} is WebAnno TSV of an old version; export it as WebAnno TSV 3 or CoNLL 2002."
        )
    lines = split_lines(decoded.text)
    features = _features(lines)
    notes = list(decoded.remarks())
    blocks, skipped = _divide(lines, _N_FIXED + len(features), notes)
    columns, tags, n_stacked = ["token"], [], 0
    for at, feature in enumerate(features, start=_N_FIXED):
        own = [[cells[at] for _, cells in block] for block in blocks]
        if any(_VALUE.match(cell) for cells in own for cell in cells):
            write = _plain if _are_plain(own) else _bio
            columns.append(feature)
            tags.append([write(cells) for cells in own])
            n_stacked += sum(len(_STACKED.split(cell)) > 1 for cells in own for cell in cells)
    if not tags:
        raise InputError(f"{name} has no layer of spans with values; annotate it, or export the layer, too.")
    if n_stacked:
        notes.append(f"Read the first of several values in {counted(n_stacked, 'cell')}.")
    rows = [
        [
            (line, (_unescaped(cells[2]), *(column[number][at] for column in tags)))
            for at, (line, cells) in enumerate(block)
        ]
        for number, block in enumerate(blocks)
    ]
    return make_token_file(
        name, "WebAnno TSV", columns, rows, skipped=skipped, notes=notes, encoding=decoded.encoding
    )


def _divide(lines: Sequence[str], width: int, notes: list[str]) -> tuple[list[list[Row]], list[Skipped]]:
    """The rows of each sentence, and lines that are none."""
    blocks: list[list[Row]] = [[]]
    skipped: list[Skipped] = []
    n_parts = 0
    for number, line in enumerate(lines, start=1):
        cells = tuple(line.split("\t"))
        if not line.strip():
            blocks.append([])
        elif _PART.fullmatch(cells[0]):
            n_parts += 1
        elif _TOKEN.fullmatch(cells[0]) and len(cells) >= width:
            blocks[-1].append((number, cells[:width]))
        elif not line.startswith("#"):
            skipped.append(skip(Record(number, cells), f"no token with {counted(width, 'cell')}"))
    if n_parts:
        notes.append(f"Left out {counted(n_parts, 'line')} of parts of tokens.")
    return [block for block in blocks if block], skipped


def _features(lines: Sequence[str]) -> list[str]:
    """The names of the features of layers of spans, which come first, in the order of their columns."""
    names = []
    for line in lines[:100]:
        if line.startswith(_SPANS):
            layer, *own = line.removeprefix(_SPANS).split("|")
            names += [f"{layer.rpartition('.')[2]}.{one}" for one in own or ["value"]]
    return names


def _are_plain(column: Sequence[Sequence[str]]) -> bool:
    cells = [cell for own in column for cell in own]
    n_filled = sum(cell != "_" for cell in cells)
    return n_filled >= _NEARLY_ALL * len(cells) and not any(map(_NUMBERED.fullmatch, cells))


def _plain(cells: Sequence[str]) -> list[str]:
    return [_unescaped(_STACKED.split(cell)[0]) for cell in cells]


def _bio(cells: Sequence[str]) -> list[str]:
    """The tags of one sentence."""
    tags, before = [], None
    for cell in cells:
        value = _STACKED.split(cell)[0]
        numbered = _NUMBERED.fullmatch(value)
        label, number = (numbered[1], numbered[2]) if numbered else (value, None)
        if label in ("_", "*"):
            tags.append(OUTSIDE)
        else:
            tags.append(f"{'I' if number is not None and number == before else 'B'}-{_unescaped(label)}")
        before = number
    return tags


def _unescaped(cell: str) -> str:
    return _ESCAPED.sub(r"\1", cell)
