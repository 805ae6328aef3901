"""Models in a `.zip`: every member is checked before anything is unpacked."""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from elmo_core.exceptions import ModelError
from elmo_core.weights.families import refuse_other_families

_MAX_ENTRIES = 1_000
_MAX_BYTES = 4 << 30
_MAX_RATIO = 20
"""Unpacked over packed: weights hardly shrink, so more than this is meant to fill a disk."""
_HARMLESS_BYTES = 16 << 20
_DAMAGE = (zipfile.BadZipFile, zlib.error, NotImplementedError, UnicodeDecodeError, EOFError, OSError)
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others may take any amount of memory
_UNPACKED_SUFFIXES = {".json", ".hdf5", ".safetensors", ".txt", ".md"}


@contextmanager
def unpacked(archive: Path) -> Iterator[Path]:
    """Unpack the files of a model into a temporary folder, which is removed afterwards.

    Args:
        archive: a zip file that holds the files of one model, directly or in one folder.

    Yields:
        The folder that holds the files.

    Raises:
        ModelError: the archive is damaged, unsafe, too large, or of another family of models.
    """
    with tempfile.TemporaryDirectory(prefix="elmo-") as temporary:
        folder = Path(temporary)
        try:
            with zipfile.ZipFile(archive) as file:
                members = _checked_members(file, archive)
                _check_size(members, archive, folder)
                for member in members:
                    _unpack(file, member, folder)
        except _DAMAGE as error:
            raise ModelError(
                f"{archive} is damaged or cannot be unpacked ({error}); use an undamaged copy."
            ) from None
        yield _model_folder(folder)


def _checked_members(file: zipfile.ZipFile, archive: Path) -> list[zipfile.ZipInfo]:
    """The members worth unpacking, once all of them are known to be harmless."""
    members = [info for info in file.infolist() if not info.filename.endswith("/")]
    if len(members) > _MAX_ENTRIES:
        raise ModelError(
            f"{archive} holds {len(members):,} files, a model only a few; pack the model's files alone."
        )
    for info in members:
        _check_member(info, archive)
    members = [info for info in members if not _is_litter(PurePosixPath(info.filename))]
    names = [info.filename for info in members]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ModelError(f"{archive} holds {twice} twice; pack it anew.")
    refuse_other_families([PurePosixPath(name).name for name in names], archive)
    return [info for info in members if PurePosixPath(info.filename).suffix in _UNPACKED_SUFFIXES]


def _check_member(info: zipfile.ZipInfo, archive: Path) -> None:
    name, mode = info.filename, info.external_attr >> 16
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
        raise ModelError(
            f"{archive} is unsafe: {name!r} would be written outside of its folder; do not use it."
        )
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise ModelError(f"{archive} is unsafe: {name!r} is a link or a device; pack plain files alone.")
    if info.flag_bits & 0x1:
        raise ModelError(f"{archive} is encrypted; unpack it yourself and give the folder.")
    if info.compress_type not in _COMPRESSIONS:
        raise ModelError(f"{archive} has an unusual compression; unpack it yourself and give the folder.")


def _is_litter(path: PurePosixPath) -> bool:
    """Files that macOS and other programs add on their own."""
    return any(part == "__MACOSX" or part.startswith(".") for part in path.parts)


def _check_size(members: list[zipfile.ZipInfo], archive: Path, folder: Path) -> None:
    total, packed = sum(info.file_size for info in members), archive.stat().st_size
    if total > _MAX_BYTES or total > max(_HARMLESS_BYTES, _MAX_RATIO * packed):
        raise ModelError(
            f"{archive} would unpack to {total:,} bytes from {packed:,}, which no model does; do not use it."
        )
    if total > shutil.disk_usage(folder).free:
        raise ModelError(
            f"{archive} needs {total:,} bytes in {folder.parent} to unpack; free some space there."
        )


def _unpack(file: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    """Copy one member; `zipfile` itself stops at the size that was checked."""
    target = folder.joinpath(*PurePosixPath(member.filename).parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    with file.open(member) as source, target.open("xb") as out:
        shutil.copyfileobj(source, out, 1 << 20)


def _model_folder(folder: Path) -> Path:
    """Step into folders that hold nothing but one folder."""
    entries = list(folder.iterdir())
    while len(entries) == 1 and entries[0].is_dir():
        folder = entries[0]
        entries = list(folder.iterdir())
    return folder
