"""Sentences of text files of any size, one a line, with how far the reading is."""

from __future__ import annotations

import hashlib
import io
import lzma
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from elmo_core.exceptions import InputError
from elmo_core.pretraining.corpus import decompressed

_LONGEST = 64 << 20
_PROBE = 1 << 20
_BOM = b"\xef\xbb\xbf"


@dataclass
class LineReader:
    """Iterates once over the lines of all files, which are numbered through."""

    files: Sequence[Path]
    """UTF-8 text, one sentence a line; plain or `.gz`, `.xz`, `.zst`."""
    tokenised: bool = False
    """Whether tokens are separated by blanks; otherwise a line is text to tokenise."""
    share: float = 0.0
    """Part of all bytes that has been read."""

    def __iter__(self) -> Iterator[str | list[str]]:
        """Yield every line, blank ones too.

        Raises:
            InputError: a file is missing, damaged or not UTF-8, or a line is no sentence by its length.
        """
        sizes = [_size(file) for file in self.files]
        before, total = 0, max(1, sum(sizes))
        for file, size in zip(self.files, sizes, strict=True):
            with file.open("rb") as raw:
                for line in _lines(raw, file):
                    self.share = (before + raw.tell()) / total
                    yield line.split() if self.tokenised else line.strip()
            before += size
        self.share = 1.0


def _size(file: Path) -> int:
    if not file.is_file():
        raise InputError(f"There is no file {file}; check the path.")
    return file.stat().st_size


def _lines(raw: BinaryIO, file: Path) -> Iterator[str]:
    number = 0
    try:
        with decompressed(raw, file.suffix) as stream:
            while line := stream.readline(_LONGEST):
                number += 1
                if len(line) == _LONGEST:
                    raise InputError(
                        f"{file}, line {number} is longer than {_LONGEST >> 20} MB; put one sentence a line."
                    )
                yield (line.removeprefix(_BOM) if number == 1 else line).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file}, line {number} is not UTF-8 text (byte {error.start}); "
            "convert the file first, e.g. iconv -f latin1 -t utf-8."
        ) from None
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise InputError(f"{file} is damaged after line {number} ({error}); use an undamaged copy.") from None
    except Exception as error:  # zstandard's own error class derives from Exception alone
        if type(error).__name__ != "ZstdError":
            raise
        raise InputError(f"{file} is damaged after line {number} ({error}); use an undamaged copy.") from None


def content_mark(file: Path) -> str:
    """What tells a text from another one, at no cost: a digest of its size, beginning and end.

    Raises:
        InputError: there is no such file.
    """
    size = _size(file)
    digest = hashlib.sha256(str(size).encode())
    with file.open("rb") as stream:
        digest.update(stream.read(_PROBE))
        stream.seek(max(0, size - _PROBE), io.SEEK_SET)
        digest.update(stream.read(_PROBE))
    return digest.hexdigest()[:24]
