"""word2vec's binary format: a header line, then each word, a blank, and D little-endian float32."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.static.faults import LoadReport
from elmo_core.static.text_rows import MOST_NUMBERS, Block, header_of

_CHUNK = 4 << 20
_LONGEST_WORD = 10_000
_BLOCK_WORDS = 4_096
_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\r\x0b\x0c")


def is_binary(start: bytes) -> bool:
    """Whether a file that begins like this is a binary one: a header, and bytes that no text holds."""
    head, _, rest = start.partition(b"\n")
    return header_of(head) is not None and not _CONTROL.isdisjoint(rest)


def binary_rows(stream: IO[bytes], name: str, report: LoadReport) -> Iterator[Block]:
    """Read words and vectors.

    Args:
        stream: at the start of the file.
        name: of the file, for messages.
        report: gets the faults, by record.

    Yields:
        n words, their vectors float32 (n, D), their records; words may repeat, vectors may be infinite.

    Raises:
        InputError: the header is impossible.
    """
    header = header_of(stream.readline(100))
    if header is None or not 1 <= header[1] <= MOST_NUMBERS:
        raise InputError(f"{name} does not begin with the number of its words and their width.")
    n_words, dim = header
    buffer, position, is_last = b"", 0, False
    words: list[str] = []
    rows: list[np.ndarray] = []
    records: list[int] = []
    for record in range(1, n_words + 1):
        blank = buffer.find(b" ", position, position + _LONGEST_WORD)
        while not is_last and (blank < 0 or len(buffer) < blank + 1 + 4 * dim):
            if len(buffer) - position > _LONGEST_WORD and blank < 0:
                break
            more = stream.read(_CHUNK)
            buffer, position, is_last = buffer[position:] + more, 0, not more
            blank = buffer.find(b" ", 0, _LONGEST_WORD)
        end = blank + 1 + 4 * dim
        if blank < 0 or len(buffer) < end:
            report.add(record, "the file ends here", detail=f", {n_words - record + 1:,} words are missing")
            break
        word = buffer[position:blank].lstrip(b"\n")
        try:
            words.append(word.decode("utf-8"))
            rows.append(np.frombuffer(buffer, "<f4", dim, blank + 1))
            records.append(record)
        except UnicodeDecodeError:
            report.add(record, "not UTF-8", word)
        position = end
        if len(words) == _BLOCK_WORDS:
            yield words, np.stack(rows), records
            words, rows, records = [], [], []
    if words:
        yield words, np.stack(rows), records
