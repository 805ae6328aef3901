"""Files of vectors as streams of bytes: plain, `.gz`, or one member of a `.zip`, told apart by content."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from elmo_core.exceptions import InputError

DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
"""What a damaged or encrypted archive raises while it is read."""


@dataclass(frozen=True)
class OpenedFile:
    """A stream of unpacked bytes, and how far it is through the file on disk."""

    name: str
    stream: IO[bytes]
    size: int
    """Bytes on disk."""
    _raw: IO[bytes]

    def position(self) -> int:
        """Bytes on disk read so far."""
        return self._raw.tell()


@contextmanager
def opened(path: Path, member: str | None = None) -> Iterator[OpenedFile]:
    """Open a file of vectors.

    Args:
        path: the file.
        member: which one of a `.zip` with several.

    Raises:
        InputError: there is no such file or member, the archive holds several, or it is damaged.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}; check the path.")
    try:
        with path.open("rb") as raw:
            start, size = raw.read(4), path.stat().st_size
            raw.seek(0)
            if start.startswith(b"\x1f\x8b"):
                with gzip.open(raw) as stream:
                    yield OpenedFile(path.name, cast(IO[bytes], stream), size, raw)
            elif start == b"PK\x03\x04":
                with zipfile.ZipFile(raw) as archive:
                    chosen = _member(archive, path, member)
                    with archive.open(chosen) as stream:
                        yield OpenedFile(f"{path.name}: {chosen}", stream, size, raw)
            else:
                yield OpenedFile(path.name, raw, size, raw)
    except InputError:
        raise
    except DAMAGE as error:
        raise InputError(f"{path} is damaged or cannot be read ({error}); use an undamaged copy.") from None


def _member(archive: zipfile.ZipFile, path: Path, wanted: str | None) -> str:
    names = [
        info.filename
        for info in archive.infolist()
        if not info.is_dir()
        and not any(part == "__MACOSX" or part.startswith(".") for part in PurePosixPath(info.filename).parts)
    ]
    if wanted is not None:
        if wanted not in names:
            raise InputError(f"{path} holds no {wanted!r}; it holds {', '.join(names[:8]) or 'nothing'}.")
        return wanted
    if len(names) != 1:
        raise InputError(
            f"{path} holds {len(names)} files ({', '.join(names[:8])}); say which one has the vectors."
        )
    return names[0]
