"""word2vec's binary format: a header line, then each word, a blank, and D little-endian float32.

Nothing in the format says where a record begins. One word with a blank in it, or a wrong width in the
header, puts all that follows out of step: words begin with bytes of numbers, and numbers are made of
letters. Such a file is refused as a whole. It is known by

* a number beyond 1e15, which no training gives;
* a line end inside a word: some programs write one after each record, others none;
* a word that is no text (not UTF-8, or with control characters) after numbers that are hardly any, or
  again and again, or in a file whose length does not fit its header.

In a file that is in step, a word that is no text is a fault of its record alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.static.faults import WRONG_HEADER, LoadReport
from elmo_core.static.text_rows import MOST_NUMBERS, Block, has_numbers, header_of

_CHUNK = 4 << 20
_LONGEST_WORD = 10_000
_BLOCK_WORDS = 4_096
_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\r\x0b\x0c")
_NOT_IN_WORDS = frozenset((*range(32), 127))
_LARGEST, _LARGE, _SMALL = 1e15, 1e10, 1e-20
_MANY_SUSPECTS = 3


def is_binary(start: bytes) -> bool:
    """Whether a file that begins like this is a binary one: a header, and bytes that no text holds."""
    head, _, rest = start.partition(b"\n")
    header = header_of(head)
    if header is None or _CONTROL.isdisjoint(rest):
        return False
    return not has_numbers(rest.partition(b"\n")[0], header[1])


def binary_rows(stream: IO[bytes], name: str, report: LoadReport) -> Iterator[Block]:
    """Read words and vectors.

    Args:
        stream: at the start of the file.
        name: name of the file, for messages.
        report: gets the faults, by record.

    Yields:
        n words, their vectors float32 (n, D), their records; words may repeat, vectors may be infinite.

    Raises:
        InputError: the header is impossible, or the records are out of step.
    """
    line = stream.readline(100)
    header = header_of(line)
    if header is None or not 1 <= header[1] <= MOST_NUMBERS:
        raise InputError(f"{name} does not begin with the number of its words and their width.")
    n_words, dim = header
    report.n_lines = n_words
    records, steps = _Records(stream, dim), _Steps(name, dim)
    words: list[str] = []
    rows: list[np.ndarray] = []
    places: list[int] = []
    for record in range(1, n_words + 1):
        found = records.next()
        if found is None:
            steps.check_end(record, "it ends too early for its header")
            n_missing = n_words - record + 1
            report.add(record, "missing at the end", detail=": the file ends here", n=n_missing)
            break
        word, row = found
        text = steps.text_of(record, word, row)
        if text is None:
            report.add(record, "not UTF-8 text", word)
            continue
        words.append(text)
        rows.append(row)
        places.append(record)
        if len(words) == _BLOCK_WORDS:
            yield _checked(words, rows, places, name)
            words, rows, places = [], [], []
    else:
        if records.has_more():
            steps.check_end(n_words, "more follows than its header says")
            report.add(1, WRONG_HEADER, line, f": it says {n_words:,} words, more follows the last of them")
    if words:
        yield _checked(words, rows, places, name)


class _Steps:
    """Looks at each record for signs that the file is out of step."""

    def __init__(self, name: str, dim: int) -> None:
        self._name, self._n_suspects = name, 0
        self._previous = np.zeros(dim, dtype=np.float32)

    def text_of(self, record: int, raw: bytes, row: np.ndarray) -> str | None:
        """The word of a record; None where it is no text.

        Raises:
            InputError: the file is out of step.
        """
        word = raw.lstrip(b"\r\n")
        text, previous = _text(word), self._previous
        self._previous = row
        is_suspect = text is None and len(word) == len(raw)  # no line end says that the record begins here
        self._n_suspects += is_suspect
        is_many = self._n_suspects >= _MANY_SUSPECTS and 10 * self._n_suspects > record
        if (
            b"\n" in word
            or len(word) >= _LONGEST_WORD
            or (is_suspect and (is_many or _is_hardly_a_vector(previous)))
        ):
            shown = word[-40:].decode("utf-8", "replace")
            raise _out_of_step(self._name, record, f"its word is {shown!r}")
        return text

    def check_end(self, record: int, why: str) -> None:
        """Refuse a file whose length does not fit its header, where a word was no text either."""
        if self._n_suspects:
            raise _out_of_step(self._name, record, why)


class _Records:
    """The records of a file, one by one."""

    def __init__(self, stream: IO[bytes], dim: int) -> None:
        self._stream, self._dim = stream, dim
        self._buffer, self._position, self._is_last = b"", 0, False

    def next(self) -> tuple[bytes, np.ndarray] | None:
        """Word as it stands, with line ends before it, and numbers float32 (D,); None at the end."""
        while True:
            start = self._position
            blank = self._buffer.find(b" ", start, start + _LONGEST_WORD)
            if blank < 0 and len(self._buffer) - start >= _LONGEST_WORD:
                blank = start + _LONGEST_WORD
            end = blank + 1 + 4 * self._dim
            if blank >= 0 and end <= len(self._buffer):
                self._position = end
                return self._buffer[start:blank], np.frombuffer(self._buffer, "<f4", self._dim, blank + 1)
            if self._is_last:
                return None
            more = self._stream.read(_CHUNK)
            self._buffer, self._position, self._is_last = self._buffer[start:] + more, 0, not more

    def has_more(self) -> bool:
        """Whether anything but line ends follows."""
        rest = self._buffer[self._position :] + self._stream.read(_LONGEST_WORD)
        return bool(rest.strip(b"\r\n"))


def _text(word: bytes) -> str | None:
    """A word as text; None where it is none."""
    if not _NOT_IN_WORDS.isdisjoint(word):
        return None
    try:
        return word.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _is_hardly_a_vector(row: np.ndarray) -> bool:
    sizes = np.abs(row[np.isfinite(row)])
    return bool(((sizes > _LARGE) | ((sizes > 0) & (sizes < _SMALL))).any())


def _checked(words: list[str], rows: list[np.ndarray], places: list[int], name: str) -> Block:
    matrix = np.stack(rows)
    sizes = np.where(np.isfinite(matrix), np.abs(matrix), 0)
    if sizes.max(initial=0) > _LARGEST:
        row = int((sizes > _LARGEST).any(axis=1).argmax())
        raise _out_of_step(
            name, places[row], f"its word is {words[row][:40]!r}, a number {sizes[row].max():.0e}"
        )
    return words, matrix, places


def _out_of_step(name: str, record: int, why: str) -> InputError:
    return InputError(
        f"{name} is out of step at record {record:,}: {why}. A word before it holds a blank, its header is "
        'wrong or it is damaged; save it again with "_" in place of blanks, or as text.'
    )
