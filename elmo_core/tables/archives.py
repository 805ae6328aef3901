"""A `.zip` with one file in it, checked before it is unpacked."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import PurePosixPath

from elmo_core.exceptions import InputError
from elmo_core.tables.records import MAX_BYTES

ZIP = b"PK\x03\x04"


def check_bytes(name: str, n_bytes: int) -> None:
    """Refuse files that are too large.

    Raises:
        InputError: it has more than `MAX_BYTES`.
    """
    if n_bytes > MAX_BYTES:
        most = f"{MAX_BYTES >> 20} MB"
        raise InputError(
            f"{name} has {n_bytes / 2**20:.0f} MB; a file may have up to {most}. Use a part of it."
        )


def unpack(content: bytes, name: str) -> tuple[bytes, str]:
    """Take the one file out of an archive; what is no archive, and a workbook, stays as it is.

    Args:
        content: the bytes of a file.
        name: its name, for messages.

    Returns:
        The bytes and the name of the file inside.

    Raises:
        InputError: it is too large, damaged, encrypted, or does not hold exactly one file.
    """
    check_bytes(name, len(content))
    if not content.startswith(ZIP):
        return content, name
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            members = [
                info for info in file.infolist() if not info.is_dir() and not _is_litter(info.filename)
            ]
            if any(info.filename == "[Content_Types].xml" for info in members):
                return content, name
            member = _only_member(members, name)
            with file.open(member) as stream:
                inner = stream.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        raise InputError(f"{name} is damaged or cannot be unpacked ({error}); pack it anew.") from None
    if inner.startswith(ZIP) and not member.filename.lower().endswith(".xlsx"):
        raise InputError(f"{name} holds another archive; unpack it and choose the file itself.")
    check_bytes(f"{member.filename} in {name}", len(inner))
    return inner, PurePosixPath(member.filename).name


def _is_litter(name: str) -> bool:
    """What macOS and others add on their own."""
    return any(part == "__MACOSX" or part.startswith(".") for part in PurePosixPath(name).parts)


def _only_member(members: list[zipfile.ZipInfo], name: str) -> zipfile.ZipInfo:
    if len(members) != 1:
        names = ", ".join(info.filename for info in members[:4]) or "nothing"
        raise InputError(
            f"{name} must hold one file and nothing else, found {names}; unpack it and choose one."
        )
    member = members[0]
    if member.flag_bits & 0x1:
        raise InputError(f"{name} is encrypted; unpack it yourself and choose the file.")
    check_bytes(f"{member.filename} in {name}", member.file_size)
    return member
