"""The bytes of any file: plain, `.gz`, `.bz2`, `.xz`, `.zst` or the member of a `.zip`.

The rule: what a file is packed with is found out from its first bytes, never from its name, and its
content is read as a stream, so that a small file that unpacks into a huge one takes no memory. `-` stands
for standard input, a pipe or a device is read to its end into a temporary file first.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from elmo_core.exceptions import InputError

MAX_BYTES = 200 << 20
"""Most bytes of a file that is read as a whole, packed and unpacked."""
_RATIO, _LEAST_UNPACKED = 200, 32 << 20
PACKED_SUFFIXES = (".gz", ".bz2", ".xz", ".zst", ".zip")
STANDARD_INPUT = Path("-")
ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,  # zipfile's word for an encrypted member
    ValueError,  # and for offsets before the beginning
)
_ZSTD = (b"\x28\xb5\x2f\xfd", *(bytes([0x50 + number]) + b"\x2a\x4d\x18" for number in range(16)))
_BZ2_BLOCK, _BZ2_END = b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90"
_PEEK = 1 << 16
_TAR_MARK, _TAR_PLACE = b"ustar", 257


@dataclass(frozen=True)
class OpenedBytes:
    """A stream of unpacked bytes, and how far it is through the file on disk."""

    name: str
    """Name of the file, and of its member if it is a `.zip`."""
    stream: io.BufferedReader[Any]
    size: int
    """Bytes on disk."""
    is_packed: bool
    _raw: IO[bytes]

    def position(self) -> int:
        """Bytes on disk read so far."""
        return min(self._raw.tell(), self.size)

    def head(self, n_bytes: int = _PEEK) -> bytes:
        """The next unpacked bytes, which stay to be read; at most `_PEEK`."""
        return self.stream.peek(n_bytes)[:n_bytes]


@contextmanager
def open_bytes(source: Path | bytes, name: str = "", *, member: str | None = None) -> Iterator[OpenedBytes]:
    """Open a file and unpack it while it is read.

    Args:
        source: its path (`-` = standard input), or its bytes.
        name: for messages; needed where the source is bytes.
        member: which one of a `.zip` with several; None = its only one.

    Raises:
        InputError: there is no such file or member, the archive holds several, or it is damaged; the
            last of these also while the stream is read.
    """
    with ExitStack() as stack:
        if isinstance(source, bytes):
            raw: IO[bytes] = io.BytesIO(source)
        else:
            name = name or ("standard input" if source == STANDARD_INPUT else source.name)
            path = stack.enter_context(as_file(source))
            try:
                raw = stack.enter_context(path.open("rb"))
            except OSError as error:
                raise InputError(f"{source} cannot be read ({error.strerror}).") from None
        size = raw.seek(0, io.SEEK_END)
        raw.seek(0)
        try:
            unpacked, name = _unpacked(raw, name, member, stack)
        except InputError:
            raise
        except _DAMAGE as error:
            raise _damaged(name, error) from None
        stream: io.BufferedReader[Any] = io.BufferedReader(_Guarded(unpacked, name), _PEEK)
        opened = OpenedBytes(name, stream, size, unpacked is not raw, raw)
        if opened.is_packed:
            _refuse_archive(opened)
        yield opened


@contextmanager
def as_file(path: Path) -> Iterator[Path]:
    """Give the path of a file that can be read more than once, also for standard input and pipes.

    Args:
        path: of any file; `-` is standard input.

    Raises:
        InputError: there is no such file, or it is a folder.
    """
    if path != STANDARD_INPUT:
        if not path.exists():
            raise InputError(f"There is no file {path}; check the path.")
        if path.is_dir():
            raise InputError(f"{path} is a folder; give a file in it.")
        if path.is_file():
            yield path
            return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / ("standard input" if path == STANDARD_INPUT else path.name)
        with copy.open("wb") as out:
            if path == STANDARD_INPUT:
                shutil.copyfileobj(sys.stdin.buffer, out)
            else:
                with path.open("rb") as pipe:
                    shutil.copyfileobj(pipe, out)
        yield copy


def read_bytes(source: Path | bytes, name: str = "") -> tuple[bytes, str]:
    """Read a whole file, unpacked.

    Args:
        source: its path, or its bytes.
        name: for messages; needed where the source is bytes.

    Returns:
        The bytes, and the name of what holds them: that of the member of a `.zip`.

    Raises:
        InputError: as `open_bytes`, or it has more than `MAX_BYTES`, or unpacks to more than 32 MB and 200
            times its size, as no text of people does.
    """
    with open_bytes(source, name) as opened:
        _check_bytes(opened.name, opened.size)
        most = max(_RATIO * opened.size, _LEAST_UNPACKED)
        if isinstance(source, bytes) and not opened.is_packed:
            return source, opened.name
        parts, n_bytes = [], 0
        while part := opened.stream.read(1 << 20):
            parts.append(part)
            n_bytes += len(part)
            _check_bytes(opened.name, n_bytes)
            if opened.is_packed and n_bytes > most:
                raise InputError(
                    f"{opened.name} unpacks to more than {_RATIO} times its size, which no table or text "
                    "does; unpack it yourself and choose the part you need."
                )
        return b"".join(parts), opened.name


def content_suffix(name: str) -> str:
    """The end of a file's name in lower case, without that of its packing: `.conllu` of `A.CoNLLU.gz`."""
    suffixes = PurePosixPath(name.lower()).suffixes
    while suffixes and suffixes[-1] in PACKED_SUFFIXES:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def is_workbook(head: bytes) -> bool:
    """Whether the beginning of a file is that of an XLSX file, which is a `.zip` by its format."""
    return head.startswith(ZIP) and (b"[Content_Types].xml" in head[:_PEEK] or b"xl/" in head[:_PEEK])


def _check_bytes(name: str, n_bytes: int) -> None:
    if n_bytes > MAX_BYTES:
        raise InputError(
            f"{name} is too large; a file may have up to {MAX_BYTES >> 20} MB, packed and unpacked. "
            "Use a part of it."
        )


def _unpacked(raw: IO[bytes], name: str, member: str | None, stack: ExitStack) -> tuple[IO[bytes], str]:
    """The stream in a file and its name."""
    head = raw.read(16)
    raw.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], stack.enter_context(gzip.GzipFile(fileobj=raw))), name
    if head.startswith(b"BZh") and head[4:10] in (_BZ2_BLOCK, _BZ2_END):
        return cast(IO[bytes], stack.enter_context(bz2.BZ2File(raw))), name
    if head.startswith(b"\xfd7zXZ\0"):
        return cast(IO[bytes], stack.enter_context(lzma.LZMAFile(raw))), name
    if head.startswith(_ZSTD):
        import pyarrow

        packed = pyarrow.PythonFile(raw, "r")  # reads all frames and reports a cut one, unlike zstandard's
        return stack.enter_context(pyarrow.CompressedInputStream(packed, "zstd")), name
    if head.startswith((ZIP, _EMPTY_ZIP)):
        return _zipped(raw, name, member, stack)
    return raw, name


def _zipped(raw: IO[bytes], name: str, member: str | None, stack: ExitStack) -> tuple[IO[bytes], str]:
    archive = stack.enter_context(zipfile.ZipFile(raw))
    members = _members(archive)
    names = [info.filename for info in members]
    if member is None and (kind := _document(names)):
        raise InputError(f"{name} is {kind}; save its text or table as TXT, CSV or XLSX and choose that.")
    if member is None and "[Content_Types].xml" in names:  # a workbook is read as it is
        raw.seek(0)
        return raw, name
    shown = ", ".join(names[:8]) or "nothing"
    if member is not None and member not in names:
        raise InputError(f"{name} holds no {member!r}; it holds {shown}.")
    if member is None and len(members) != 1:
        raise InputError(
            f"{name} must hold one file, it holds {len(members)} ({shown}); unpack it and choose one."
        )
    chosen = members[0] if member is None else members[names.index(member)]
    if chosen.flag_bits & 0x1:
        raise InputError(f"{name} is encrypted; unpack it yourself and choose the file.")
    return stack.enter_context(archive.open(chosen)), f"{name}: {PurePosixPath(chosen.filename).name}"


def zip_members(content: bytes) -> list[str]:
    """Return the names of the files in a `.zip`; none for other content."""
    if not content.startswith(ZIP):
        return []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [info.filename for info in _members(archive)]
    except _DAMAGE:  # said by the one who reads it
        return []


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files of an archive, without folders and what other programs add."""
    return [
        info
        for info in archive.infolist()
        if not info.filename.endswith("/") and not _is_litter(info.filename)
    ]


def _document(names: Sequence[str]) -> str | None:
    """The kind of document that an archive is, if a program for documents has written it."""
    marks = {
        "word/document.xml": "a Word document",
        "ppt/presentation.xml": "a PowerPoint presentation",
        "META-INF/manifest.xml": "an OpenDocument file",
        "xl/workbook.bin": "a binary Excel workbook (XLSB)",
        "Index/Document.iwa": "a document of Numbers or Pages",
        "META-INF/container.xml": "an e-book",
    }
    return next((kind for mark, kind in marks.items() if mark in names), None)


def _is_litter(name: str) -> bool:
    """Whether a member is one that macOS and others add on their own."""
    return any(part == "__MACOSX" or part.startswith(".") for part in PurePosixPath(name).parts)


def _refuse_archive(opened: OpenedBytes) -> None:
    """Refuse what is packed twice.

    Raises:
        InputError: the unpacked bytes are an archive themselves.
    """
    head = opened.head()
    is_tar = head[_TAR_PLACE : _TAR_PLACE + len(_TAR_MARK)] == _TAR_MARK
    is_packed = head.startswith((b"\x1f\x8b", b"\xfd7zXZ\0", *_ZSTD, ZIP)) and not is_workbook(head)
    if is_tar or is_packed:
        raise InputError(f"{opened.name} holds another archive; unpack it and choose the file itself.")


def _damaged(name: str, error: BaseException, n_bytes: int = 0) -> InputError:
    where = f" after {n_bytes:,} unpacked bytes" if n_bytes else ""
    return InputError(f"{name} is damaged{where} and cannot be unpacked ({error}); use an undamaged copy.")


class _Guarded(io.RawIOBase):
    """A stream that says of a damaged file that it is damaged, whatever its library raises."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream, self._name, self._n_bytes = stream, name, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        filled = 0  # unpackers return less than they are asked for
        try:
            while filled < len(buffer) and (data := self._stream.read(len(buffer) - filled)):
                buffer[filled : filled + len(data)] = data
                filled += len(data)
        except _DAMAGE as error:
            if not filled:  # otherwise raised again by the next call, after what could be read
                raise _damaged(self._name, error, self._n_bytes) from None
        self._n_bytes += filled
        return filled
