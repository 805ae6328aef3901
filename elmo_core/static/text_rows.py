"""Vectors as text, one word a line: GloVe (no header), word2vec and fastText `.vec` (count and width first).

Numbers are parsed a block of lines at a time. A block with a fault is parsed again line by line, so that
the fault gets its line and costs nothing else.
"""

from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import Iterator
from typing import IO

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.static.faults import LoadReport

LONGEST_LINE = 1 << 20
"""Bytes; a longer line is a fault."""
MOST_NUMBERS = 20_000
"""Widest vector that is read."""
_BLOCK_LINES = 2_000
_SAMPLE_LINES = 200

Line = tuple[int, bytes]
Block = tuple[list[str], np.ndarray, list[int]]


def text_rows(stream: IO[bytes], name: str, report: LoadReport) -> Iterator[Block]:
    """Read words and vectors.

    Args:
        stream: at the start of the file.
        name: of the file, for messages.
        report: gets the faults.

    Yields:
        n words, their vectors float32 (n, D), their lines; words may repeat, vectors may be infinite.

    Raises:
        InputError: no line is a word with numbers.
    """
    lines = _lines(stream, report)
    sample = list(itertools.islice(lines, _SAMPLE_LINES))
    header = _header(sample)
    body = sample[1:] if header else sample
    dim = _width(body, name)
    if header and header[1] != dim:
        detail = f": it says {header[1]:,} numbers a word, the lines have {dim:,}"
        report.add(sample[0][0], "wrong header", sample[0][1], detail)
    everything = itertools.chain(body, lines)
    n_lines = 0
    while block := list(itertools.islice(everything, _BLOCK_LINES)):
        n_lines += len(block)
        yield _parsed(block, dim, report)
    if header and header[0] != n_lines:
        detail = f": it says {header[0]:,} words, {n_lines:,} lines follow"
        report.add(sample[0][0], "wrong header", sample[0][1], detail)


def header_of(line: bytes) -> tuple[int, int] | None:
    """Count and width of a word2vec header; None for any other line."""
    fields = line.split()
    if len(fields) != 2 or not all(field.isdigit() and len(field) < 12 for field in fields):
        return None
    return int(fields[0]), int(fields[1])


def _lines(stream: IO[bytes], report: LoadReport) -> Iterator[Line]:
    """Lines that are not blank, numbered from 1, without their ends."""
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            report.add(number, "line too long", line)
            while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
        elif stripped := line.rstrip():
            yield number, stripped


def _header(sample: list[Line]) -> tuple[int, int] | None:
    """The header, unless the file is one of vectors of a single number, such as `5 3`."""
    found = header_of(sample[0][1]) if sample else None
    is_single = len(sample) > 1 and len(sample[1][1].split()) == 2
    return None if found is None or (is_single and found[1] != 1) else found


def _width(body: list[Line], name: str) -> int:
    """Numbers of most lines."""
    widths = Counter(len(line.split()) - 1 for _, line in body)
    for dim, _ in widths.most_common():
        if 1 <= dim <= MOST_NUMBERS and any(_numbers(line.split()[-dim:]) is not None for _, line in body):
            return dim
    raise InputError(f"{name} holds no vectors: no line of its beginning is a word and numbers after it.")


def _parsed(block: list[Line], dim: int, report: LoadReport) -> Block:
    words, numbers, lines = [], [], []
    for number, line in block:
        parts = _parts(line, dim)
        if parts is None:
            found = len(line.split()) - 1
            report.add(number, "wrong width", line, f": {found:,} numbers instead of {dim:,}")
            continue
        try:
            words.append(parts[0].decode("utf-8"))
        except UnicodeDecodeError:
            report.add(number, "not UTF-8", line)
            continue
        numbers.append(parts[1])
        lines.append(number)
    fast = _fast(numbers, dim)
    return (words, fast, lines) if fast is not None else _one_by_one(words, numbers, lines, dim, report)


def _parts(line: bytes, dim: int) -> tuple[bytes, bytes] | None:
    """Word and numbers of a line; a word may hold blanks (GloVe's does), a number more is a fault."""
    if line.count(b" ") == dim and b"\t" not in line and b"  " not in line:
        word, _, numbers = line.partition(b" ")
        return (word, numbers) if word else None
    fields = line.split()
    extra = fields[1 : len(fields) - dim]
    if len(fields) <= dim or any(_numbers([field]) is not None for field in extra):
        return None
    word = line.rsplit(None, dim)[0].strip(b" ")
    return (word, b" ".join(fields[-dim:])) if word else None


def _fast(numbers: list[bytes], dim: int) -> np.ndarray | None:
    """All numbers at once: float32 (n, D); None where one of them is none."""
    if not numbers:
        return np.empty((0, dim), dtype=np.float32)
    import pyarrow
    from pyarrow import csv

    names = [str(column) for column in range(dim)]
    try:
        table = csv.read_csv(
            io.BytesIO(b"\n".join(numbers)),
            read_options=csv.ReadOptions(column_names=names, use_threads=False, block_size=1 << 26),
            parse_options=csv.ParseOptions(delimiter=" ", quote_char=False),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pyarrow.float32()),
                null_values=[],
                strings_can_be_null=False,
            ),
        )
    except pyarrow.ArrowException:
        return None
    if table.num_rows != len(numbers):
        return None
    return np.stack([column.to_numpy() for column in table.columns], axis=1)


def _one_by_one(
    words: list[str], numbers: list[bytes], lines: list[int], dim: int, report: LoadReport
) -> Block:
    kept, rows = [], []
    for place, (text, line) in enumerate(zip(numbers, lines, strict=True)):
        row = _numbers(text.split(b" "))
        if row is None:
            report.add(line, "not a number", f"{words[place]} {text[:80].decode('ascii', 'replace')}")
        else:
            kept.append(place)
            rows.append(row)
    matrix = np.stack(rows) if rows else np.empty((0, dim), dtype=np.float32)
    return [words[place] for place in kept], matrix, [lines[place] for place in kept]


def _numbers(fields: list[bytes]) -> np.ndarray | None:
    """Fields as float32; None where one is not a number."""
    if any(b"_" in field for field in fields):  # Python reads 1_000 as a number, no other program does
        return None
    try:
        with np.errstate(over="ignore"):
            return np.array([float(field) for field in fields], dtype=np.float32)
    except ValueError:
        return None
