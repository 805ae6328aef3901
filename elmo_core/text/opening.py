r"""The one way to open text: any packing, any encoding, any size.

    with open_text(Path("corpus.txt.xz")) as text:
        for line in text.lines():
            ...
        print(text.guess())

Rules that hold for every command and page: how a file is packed is found out from its bytes
(`unpacking`), its encoding as `encodings` says. A line ends with "\n", "\r\n" or "\r" and with nothing
else: U+2028, form feeds and U+0085 stay inside their line. The last line needs no end, an end does not
begin another line. Byte order marks and NUL characters are left out.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from elmo_core.exceptions import InputError
from elmo_core.text.encodings import (
    CONTEXT,
    DAMAGED,
    HEAD,
    MARK,
    NOT_ASCII,
    SAMPLE,
    UNDECIDED,
    Decoded,
    choose_encoding,
    choose_for,
    decode,
    decode_part,
    wrong_encoding,
)
from elmo_core.text.unpacking import OpenedBytes, open_bytes, read_bytes

LONGEST_LINE = 64 << 20
"""Bytes; a file with a longer line is refused."""
_BLOCK = 1 << 20
_LINE_END = re.compile(r"\r\n|\n|\r")


@contextmanager
def open_text(path: Path, *, encoding: str | None = None) -> Iterator[OpenedText]:
    """Open a text file of any size.

    Args:
        path: the file; `-` is standard input.
        encoding: as Python names it; None = find out.

    Raises:
        InputError: there is no such file, it is not text, or there is no such encoding.
    """
    with open_bytes(path) as file:
        yield OpenedText(file, encoding)


def read_text(source: Path | bytes, name: str = "", *, encoding: str | None = None) -> Decoded:
    """Read a whole text file.

    Args:
        source: its path (`-` is standard input), or its bytes.
        name: for messages; needed where the source is bytes.
        encoding: as Python names it; None = find out.

    Raises:
        InputError: it is missing, empty, too large, damaged, not text, or not in this encoding.
    """
    content, shown = read_bytes(source, name)
    decoded = decode(content, shown, encoding)
    if not decoded.text.strip():
        raise InputError(f"{shown} is empty; choose a file with some sentences.")
    return decoded


def split_lines(text: str) -> list[str]:
    """Split a text into lines by the rule above, without their ends."""
    lines = _LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


class OpenedText:
    """A text file that is read line by line in constant memory."""

    def __init__(self, file: OpenedBytes, encoding: str | None) -> None:
        """Find out how the beginning is encoded.

        Raises:
            InputError: it is not text, or there is no such encoding.
        """
        self.name = file.name
        self.n_lines = 0
        """Lines that were read."""
        self.n_damaged = 0
        """Places that are not of the encoding and stand as U+FFFD."""
        self.n_nul = 0
        """NUL characters that were left out."""
        self._file, self._given = file, encoding
        self._encoding = choose_encoding(file.head(HEAD), file.name, encoding)
        self._is_decided = encoding is not None or self._encoding != UNDECIDED

    @property
    def encoding(self) -> str:
        """The encoding as far as it is known; all are alike before the first character beyond ASCII."""
        return self._encoding.name

    @property
    def is_guessed(self) -> bool:
        """Whether the encoding was guessed from the bytes."""
        return self._encoding.is_guessed

    @property
    def share(self) -> float:
        """Part of the file's bytes that has been read."""
        return self._file.position() / self._file.size if self._file.size else 1.0

    def guess(self) -> str | None:
        """What was guessed so far, in one sentence to show; None where nothing was."""
        return self._so_far().guess()

    def remarks(self) -> tuple[str, ...]:
        """What was guessed, replaced or left out so far, one sentence each."""
        return self._so_far().remarks()

    def _so_far(self) -> Decoded:
        return Decoded("", self.encoding, self.is_guessed, self.n_damaged, self.n_nul)

    def lines(self) -> Iterator[str]:
        """Yield the lines, once, without their ends.

        Raises:
            InputError: the file is damaged, a line is too long, or not in the encoding that was asked for.
        """
        for raw in self._raw_lines():
            self.n_lines += 1
            text, n_damaged, n_nul = decode_part(raw, self._line_encoding)
            if n_damaged and self._given is not None:
                raise wrong_encoding(self.name, self._given, f"line {self.n_lines:,}")
            self.n_damaged += n_damaged
            self.n_nul += n_nul
            yield text.lstrip(MARK)  # also of a file that was joined to another

    @property
    def _line_encoding(self) -> str:
        return self._encoding.name if self._encoding.writes_ascii else "utf-8"

    def _raw_lines(self) -> Iterator[bytes]:
        """Lines without their ends."""
        rest = b""
        self._file.stream.read(len(self._encoding.mark))
        for block in self._blocks() if self._encoding.writes_ascii else self._transcoded():
            pieces = (rest + block).splitlines(keepends=True)  # of bytes: at \n, \r\n and \r only
            rest = pieces.pop() if pieces and not pieces[-1].endswith(b"\n") else b""  # \r may be half an end
            if len(rest) > LONGEST_LINE:
                raise InputError(
                    f"{self.name}, line {self.n_lines + len(pieces) + 1:,} is longer than "
                    f"{LONGEST_LINE >> 20} MB; put one sentence a line."
                )
            for piece in pieces:
                yield piece.rstrip(b"\r\n")
        if rest:
            yield rest.removesuffix(b"\r")

    def _blocks(self) -> Iterator[bytes]:
        """The bytes of a file whose encoding writes ASCII as ASCII; decide on it when it matters."""
        stream, before = self._file.stream, b""
        while block := stream.read(_BLOCK):
            if not self._is_decided and (first := NOT_ASCII.search(block)):
                block += stream.read(max(0, SAMPLE + 1 - (len(block) - first.start())))
                self._encoding = choose_for(before + block, len(before) + first.start())
                self._is_decided = True
            before = block[-CONTEXT:]
            yield block

    def _transcoded(self) -> Iterator[bytes]:
        """The bytes of any other file, written in UTF-8."""
        stream, is_final = self._file.stream, False
        decoder = codecs.getincrementaldecoder(self.encoding)("strict" if self._given else "replace")
        while not is_final:
            block = stream.read(_BLOCK)
            is_final = not block
            try:
                text = decoder.decode(block, is_final)
            except UnicodeDecodeError:
                where = f"after line {self.n_lines:,}"
                raise wrong_encoding(self.name, self._given or self.encoding, where) from None
            self.n_damaged += text.count(DAMAGED)
            yield text.encode("utf-8")
