"""Vectors as text, one word a line: GloVe (no header), word2vec and fastText `.vec` (count and width first).

Numbers are parsed a block of lines at a time. A block with a fault is parsed again line by line, so that
the fault gets its line and costs nothing else. Blanks and tabs part the fields, and words may hold blanks.
Where more lines of the beginning can be read with decimal commas, or with semicolons or commas between the
fields, they are read so, and the report says it.
"""

from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.static.faults import WRONG_HEADER, LoadReport

LONGEST_LINE = 1 << 20
"""Bytes; a longer line is a fault."""
MOST_NUMBERS = 20_000
"""Widest vector that is read."""
_BLOCK_LINES = 2_000
_SAMPLE_LINES = 200
_WIDTHS_TRIED = 4
_MARK = b"\xef\xbb\xbf"
_DELIMITERS = {None: "blanks", b";": "semicolons", b",": "commas"}


class ByteLines(Protocol):
    """A source of lines of bytes, such as a file."""

    def readline(self, limit: int = -1, /) -> bytes:
        """The next line with its end, or a part of it that is as long as the limit."""


Line = tuple[int, bytes]
Block = tuple[list[str], np.ndarray, list[int]]


def text_rows(stream: ByteLines, name: str, report: LoadReport) -> Iterator[Block]:
    """Read words and vectors.

    Args:
        stream: at the start of the file.
        name: name of the file, for messages.
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
    layout = _Layout.of([line for _, line in body], name)
    report.notes += layout.notes()
    report.n_lines -= header is not None
    if header and header[1] != layout.dim:
        detail = f": it says {header[1]:,} numbers a word, the lines have {layout.dim:,}"
        report.add(sample[0][0], WRONG_HEADER, sample[0][1], detail)
    everything = itertools.chain(body, lines)
    n_lines = 0
    while block := list(itertools.islice(everything, _BLOCK_LINES)):
        n_lines += len(block)
        yield _parsed(block, layout, report)
    if header and header[0] != n_lines:
        detail = f": it says {header[0]:,} words, {n_lines:,} lines follow"
        report.add(sample[0][0], WRONG_HEADER, sample[0][1], detail)


def header_of(line: bytes) -> tuple[int, int] | None:
    """Count and width of a word2vec header; None for any other line."""
    fields = line.removeprefix(_MARK).split()
    if len(fields) != 2 or not all(field.isdigit() and len(field) < 12 for field in fields):
        return None
    return int(fields[0]), int(fields[1])


def has_numbers(line: bytes, dim: int) -> bool:
    """Whether a line is a word and that many numbers."""
    fields = line.split()
    return len(fields) > dim and _numbers(fields[-dim:]) is not None


def _lines(stream: ByteLines, report: LoadReport) -> Iterator[Line]:
    """Lines that are not blank, numbered from 1, without their ends and byte-order marks."""
    number, line = 0, b"\n"
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            report.n_lines += 1
            report.add(number, "line too long", line)
            while (line := stream.readline(LONGEST_LINE)) and not line.endswith(b"\n"):
                pass
            if not line:
                break
            continue
        has_end = line.endswith((b"\n", b"\r"))
        if stripped := line.removeprefix(_MARK).strip(b"\r\n").rstrip():
            report.n_lines += 1
            if not has_end:
                report.notes.append(
                    f"Line {number:,}, the last, has no line end: if the file was cut, its last number is "
                    "not whole."
                )
            yield number, stripped


def _header(sample: list[Line]) -> tuple[int, int] | None:
    """The header, unless the file is one of vectors of a single number, such as `5 3`."""
    found = header_of(sample[0][1]) if sample else None
    is_single = len(sample) > 1 and len(sample[1][1].split()) == 2
    if found is None or not is_single:
        return found
    is_whole = len(sample) < _SAMPLE_LINES
    return found if found[1] == 1 and (not is_whole or found[0] == len(sample) - 1) else None


@dataclass(frozen=True)
class _Layout:
    """The format of the lines of a file."""

    dim: int
    delimiter: bytes | None
    """None = blanks and tabs."""
    has_decimal_comma: bool

    @classmethod
    def of(cls, sample: list[bytes], name: str) -> _Layout:
        """The layout by which most lines of a sample can be read."""
        best, most = None, 0
        for delimiter, has_comma in ((None, False), (None, True), (b";", False), (b";", True), (b",", False)):
            widths = Counter(len(line.split(delimiter)) - 1 for line in sample)
            for dim, n_lines in widths.most_common(_WIDTHS_TRIED):
                if not 1 <= dim <= MOST_NUMBERS or n_lines <= most:
                    continue
                layout = cls(dim, delimiter, has_comma)
                parts = [layout.parts(line) for line in sample if len(line.split(delimiter)) == dim + 1]
                n_read = sum(part is not None and _numbers(part[1].split(b" ")) is not None for part in parts)
                if n_read > most:
                    best, most = layout, n_read
        if best is None:
            raise InputError(
                f"{name} holds no vectors: no line of its beginning is a word and numbers after it."
            )
        return best

    def notes(self) -> list[str]:
        """What was guessed, one sentence each."""
        found = []
        if self.delimiter is not None:
            found.append(f"The fields are read as separated by {_DELIMITERS[self.delimiter]}.")
        if self.has_decimal_comma:
            found.append("The numbers are read with decimal commas.")
        return found

    def width(self, line: bytes) -> int:
        """Fields of a line after the first."""
        return len(line.split(self.delimiter)) - 1

    def parts(self, line: bytes) -> tuple[bytes, bytes] | None:
        """Word and numbers, these with blanks between them and decimal points; None where there are not D.

        A word may hold blanks (GloVe's does), but a number more is a fault.
        """
        parts = self._blank_parts(line) if self.delimiter is None else self._delimited_parts(line)
        if parts is None or not self.has_decimal_comma:
            return parts
        return parts[0], parts[1].replace(b",", b".")

    def _blank_parts(self, line: bytes) -> tuple[bytes, bytes] | None:
        if line.count(b" ") == self.dim and b"\t" not in line and b"  " not in line:
            word, _, numbers = line.partition(b" ")
            return (word, numbers) if word else None
        fields = line.split()
        if len(fields) <= self.dim or any(map(self._is_number, fields[1 : len(fields) - self.dim])):
            return None
        word = line.rsplit(None, self.dim)[0].strip(b" ")
        return (word, b" ".join(fields[-self.dim :])) if word else None

    def _delimited_parts(self, line: bytes) -> tuple[bytes, bytes] | None:
        fields = [field.strip() for field in line.rsplit(self.delimiter, self.dim)]
        if len(fields) <= self.dim or b" " in b"".join(fields[1:]):
            return None
        word = fields[0].removeprefix(b'"').removesuffix(b'"').strip()
        if not word or any(map(self._is_number, word.split(self.delimiter)[1:])):
            return None
        return word, b" ".join(fields[1:])

    def _is_number(self, field: bytes) -> bool:
        return _numbers([field.replace(b",", b".") if self.has_decimal_comma else field]) is not None


def _parsed(block: list[Line], layout: _Layout, report: LoadReport) -> Block:
    words, numbers, lines = [], [], []
    for number, line in block:
        parts = layout.parts(line)
        if parts is None:
            found = layout.width(line)
            report.add(number, "wrong width", line, f": {found:,} numbers instead of {layout.dim:,}")
            continue
        try:
            words.append(parts[0].decode("utf-8"))
        except UnicodeDecodeError:
            report.add(number, "not UTF-8", line)
            continue
        numbers.append(parts[1])
        lines.append(number)
    fast = _fast(numbers, layout.dim)
    return (
        (words, fast, lines) if fast is not None else _one_by_one(words, numbers, lines, layout.dim, report)
    )


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
