"""Damage to files: cuts, other bytes, pieces doubled, other encodings, wrong counts, packing."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from random import Random

import zstandard

from bench.robustness.good_files import Good

_ENCODINGS = (
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-32",
    "cp1252",
    "latin-1",
    "cp1251",
    "gb18030",
    "shift_jis",
)


def damaged(good: Good, draw: Random) -> Good:
    """Damage a good file in one to three ways; every second archive is damaged inside."""
    file = good
    if good.name.endswith((".zip", ".xlsx")) and draw.random() < 0.5:
        return _member_damaged(file, draw)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        file = draw.choice(_DAMAGES)(file, draw)
    return file


def _cut(file: Good, draw: Random) -> Good:
    at = draw.randrange(len(file.content) + 1)
    return Good(file.name, draw.choice((file.content[:at], file.content[at:])))


def _other_bytes(file: Good, draw: Random) -> Good:
    content = bytearray(file.content)
    for _ in range(draw.choice((1, 2, 8, 64)) if content else 0):
        content[draw.randrange(len(content))] = draw.choice((0, 10, 13, 34, 44, 255, draw.randrange(256)))
    return Good(file.name, bytes(content))


def _swapped(file: Good, draw: Random) -> Good:
    content = bytearray(file.content)
    for _ in range(draw.choice((1, 4)) if len(content) > 1 else 0):
        at = draw.randrange(len(content) - 1)
        content[at], content[at + 1] = content[at + 1], content[at]
    return Good(file.name, bytes(content))


def _piece_doubled(file: Good, draw: Random) -> Good:
    start, end = sorted(draw.randrange(len(file.content) + 1) for _ in range(2))
    piece = file.content[start:end]
    return Good(file.name, file.content[:end] + piece * draw.choice((1, 3)) + file.content[end:])


def _junk(file: Good, draw: Random) -> Good:
    pieces = (
        b"\0" * 40, b'"', b"\\", b"\n\n\n", b"\xef\xbb\xbf", b"\xff\xfe", b"[" * 3000, b"{" * 50, b"9" * 5000,
        b",,,,,,,,,,", b"\t", b"sep=;\n", b"# ", b"=1+1", "\u2028".encode(), b"\xed\xa0\x80", b"NaN",
        b"1e999", draw.randbytes(100),
    )  # fmt: skip
    at = draw.choice((0, len(file.content), draw.randrange(len(file.content) + 1)))
    return Good(file.name, file.content[:at] + draw.choice(pieces) + file.content[at:])


def _other_encoding(file: Good, draw: Random) -> Good:
    text = file.content.decode("utf-8", "replace")
    return Good(file.name, text.encode(draw.choice(_ENCODINGS), "replace"))


def _other_delimiter(file: Good, draw: Random) -> Good:
    old, new = (draw.choice((b",", b";", b"\t", b" ", b"\n", b"\r\n", b"|")) for _ in range(2))
    return Good(file.name, file.content.replace(old, new, draw.choice((-1, 3))))


def _wrong_count(file: Good, draw: Random) -> Good:
    number = draw.choice((b"0", b"-1", b"3", b"99999999999", b"1e9", b"4294967296", b""))
    return Good(file.name, re.sub(rb"\d+", number, file.content, count=draw.choice((1, 2))))


def _wrong_sizes(file: Good, draw: Random) -> Good:
    """Change numbers where binary formats keep their sizes and offsets."""
    content = bytearray(file.content)
    if len(content) >= 8:
        at = draw.choice((0, max(0, len(content) - 22), draw.randrange(len(content) - 7)))
        number = draw.choice((0, 1, 1 << 31, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, draw.randrange(1 << 40)))
        content[at : at + 8] = struct.pack("<Q", number)
    return Good(file.name, bytes(content))


def _packed(file: Good, draw: Random) -> Good:
    packers: tuple[Callable[[bytes], bytes], ...] = (
        gzip.compress, bz2.compress, lzma.compress, zstandard.compress,
        lambda content: _zipped(file.name, content),
    )  # fmt: skip
    content = file.content
    for _ in range(draw.choice((1, 1, 2, 3))):
        content = draw.choice(packers)(content)
    suffix = draw.choice(("", ".gz", ".zip", ".xz"))
    return Good(file.name + suffix, content)


def _zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def _member_damaged(file: Good, draw: Random) -> Good:
    """Damage one file in a `.zip` and correct its check sums; change a few bytes of other files."""
    try:
        with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
            members = [Good(name, archive.read(name)) for name in archive.namelist()]
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError):
        return _other_bytes(file, draw)
    if not members:
        return file
    chosen = draw.randrange(len(members))
    members[chosen] = draw.choice(_IN_PLACE)(members[chosen], draw)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member in members:
            archive.writestr(member.name, member.content)
    return Good(file.name, buffer.getvalue())


def _other_name(file: Good, draw: Random) -> Good:
    return Good(
        f"file{draw.choice(('', '.txt', '.csv', '.jsonl', '.xlsx', '.parquet', '.bin', '.zip'))}",
        file.content,
    )


_IN_PLACE = (_cut, _other_bytes, _swapped, _piece_doubled, _junk, _wrong_count, _wrong_sizes)
_DAMAGES = (
    _cut, _other_bytes, _swapped, _piece_doubled, _junk, _other_encoding, _other_delimiter, _wrong_count,
    _wrong_sizes, _packed, _other_name, _member_damaged,
)  # fmt: skip
