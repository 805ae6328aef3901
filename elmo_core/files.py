"""Outputs: claimed before the work begins, written atomically, never in the place of what is not ours.

The rule for everything that is written to a place the user names:

1. The place is claimed before any work: its folder exists and can be written, and an OS-level lock keeps
   other processes away until the work is done.
2. A place that is read by the same work is never written, by whatever path, link or hard link it is named.
3. What is there already is replaced only where its content shows that it was written by this program, or
   where the user says `overwrite`. Even then a folder is left alone if it holds a file that has no place in
   its kind, and a device or a pipe is never replaced.
4. What appears is complete: a file or folder is written beside its place, synced to the disk and moved there
   in one step. What a killed process left half-done is cleared away by the next claim of the same place.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import re
import secrets
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from elmo_core.exceptions import ElmoError, OutputError
from elmo_core.locking import locked

_claims: dict[Path, int] = {}
"""Places that this process holds, with the thread that does."""
LOCK, _LEFTOVER = ".lock", r"\.{name}\.[0-9a-f]{{8}}\.(partial|old)"


@dataclass(frozen=True)
class OutputKind:
    """What is written, and how an earlier one is known again."""

    name: str
    """With its article, as in "a model"."""
    recognises: Callable[[Path], bool]
    """Whether an existing file, or a folder that is not empty, was written by this program: by content."""
    files: frozenset[str] | None = None
    """Names that a folder of this kind may hold; None = the output is one file."""
    grows: bool = False
    """Whether the output is a folder that is written piece by piece, not replaced as a whole."""

    @property
    def form(self) -> Literal["file", "folder"]:
        """What stands on the disk."""
        return "folder" if self.grows or self.files is not None else "file"


@contextmanager
def claim_output(
    target: Path | str, *, kind: OutputKind, inputs: Iterable[Path | str] = (), overwrite: bool = False
) -> Iterator[Path]:
    """Check a place and keep others away from it as long as the context lasts.

    A claim inside a claim of the same place by the same thread is the outer one: commands claim before they
    load a model, and the functions that write claim once more for those who call them directly.

    Args:
        target: where the output is to be. Its folder must exist.
        kind: what will be there.
        inputs: files and folders that the work reads; those that do not exist are passed over.
        overwrite: whether something else there may be replaced; never an input.

    Yields:
        The place with all links resolved. A folder that grows exists.

    Raises:
        OutputError: the place cannot be used, or another process writes it.
    """
    if not str(target):
        raise OutputError(f"The name of the output is empty; name a {kind.form} for {kind.name}.")
    place = Path(os.path.realpath(target))
    if _claims.get(place) == threading.get_ident():
        yield place
        return
    with _disk_errors(place):
        _check_inputs(place, kind, inputs)
        _check_form(place, kind)
        _check_content(place, kind, overwrite)
    is_new = kind.grows and not place.exists()
    try:
        with _lock(place, kind):
            _clear_leftovers(place)
            _check_content(place, kind, overwrite)  # it may have appeared in between
            _claims[place] = threading.get_ident()
            try:
                yield place
            finally:
                del _claims[place]
    finally:
        if is_new:
            with contextlib.suppress(OSError):  # it goes only if nothing was written
                place.rmdir()


@contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """Write a file beside its place, then put it there in one step.

    Args:
        target: where it is to be; what is there is replaced, so claim a place that a user named.

    Yields:
        The path to write; an error on the way removes it and leaves `target` as it was.

    Raises:
        OutputError: the disk refuses.
    """
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        with _disk_errors(target, partial):
            yield partial
            _sync(partial)
            os.replace(partial, target)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


@contextmanager
def atomic_folder(target: Path, kind: OutputKind) -> Iterator[Path]:
    """Write a folder beside its place, then put it there in one step.

    Linux and macOS exchange an old folder for the new one in one step. Elsewhere it takes two renames;
    after a kill between them, the next claim of the place puts the old folder back.

    Args:
        target: where it is to be; claimed here, unless that is done already.
        kind: what it is.

    Yields:
        The folder to write into; an error on the way removes it and leaves `target` as it was.

    Raises:
        OutputError: as `claim_output`, or the disk refuses.
    """
    with claim_output(target, kind=kind) as place:
        partial = place.with_name(f".{place.name}.{secrets.token_hex(4)}.partial")
        try:
            with _disk_errors(place, partial):
                partial.mkdir()
                yield partial
                for path in filter(Path.is_file, partial.rglob("*")):
                    _sync(path)
                _swap(partial, place)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def file_fingerprint(path: Path) -> str:
    """The SHA-256 of all bytes of a file: another text of the same size is another text (about 1 GB/s)."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def require_space(folder: Path, n_bytes: float, what: str) -> None:
    """Refuse work whose results cannot fit on the disk.

    Args:
        folder: on the disk in question.
        n_bytes: at least needed.
        what: needs them, as the start of a sentence.

    Raises:
        OutputError: fewer are free.
    """
    free = shutil.disk_usage(folder).free
    if n_bytes > free:
        raise OutputError(
            f"{what} needs about {_size(n_bytes)}, and {folder} has {_size(free)} free; "
            "free some space or choose another disk."
        )


def _sync(path: Path) -> None:
    """Have the disk write a file, so that a later rename never gives its name to half of it."""
    with path.open("r+b") as stream:
        os.fsync(stream.fileno())


def _size(n_bytes: float) -> str:
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:,.1f} MB"


def _check_form(place: Path, kind: OutputKind) -> None:
    if not place.parent.is_dir():
        raise OutputError(f"{place} could not be written (no folder {place.parent}); nothing was changed.")
    if not place.exists():
        return
    if place.is_dir():
        if kind.form == "file":
            raise OutputError(f"{place} is a folder; name a file for {kind.name}.")
    elif not place.is_file():
        raise OutputError(f"{place} is a device or a pipe; name a {kind.form} for {kind.name}.")
    elif kind.form == "folder":
        raise OutputError(f"{place} is a file; choose a new or empty folder for {kind.name}.")
    elif not os.access(place, os.W_OK):
        raise OutputError(f"{place} is read-only; choose another file for {kind.name}.")


def _check_inputs(place: Path, kind: OutputKind, inputs: Iterable[Path | str]) -> None:
    for given in inputs:
        source = Path(os.path.realpath(given))
        if not (source.exists() and place.exists()):
            continue
        is_inside = source.is_dir() and source in place.parents and not kind.recognises(place)
        holds_it = kind.files is not None and place in source.parents
        if os.path.samefile(source, place) or is_inside or holds_it:
            raise OutputError(f"{place} is an input of this command and stays as it is; name another output.")


def _check_content(place: Path, kind: OutputKind, overwrite: bool) -> None:
    if not place.exists():
        return
    if kind.form == "file":
        if place.stat().st_size and not overwrite and not kind.recognises(place):
            raise OutputError(
                f"{place} exists and is not {kind.name} written by this program; choose another name, or "
                "say that it may be replaced (--overwrite)."
            )
        return
    names = {entry.name for entry in place.iterdir() if entry.name != LOCK}
    if kind.files is not None and (strays := sorted(names - kind.files)):
        raise OutputError(
            f"{place} holds {strays[0]}, which is not part of {kind.name}; choose a new or empty folder."
        )
    if not names or kind.recognises(place):
        return
    if kind.grows:
        raise OutputError(f"{place} is not empty and holds something else than {kind.name}; choose another.")
    if not overwrite:
        raise OutputError(
            f"{place} is not empty and holds no {kind.name.partition(' ')[2]} of this program; choose a new "
            "or empty folder, or say that it may be replaced (--overwrite)."
        )


@contextmanager
def _lock(place: Path, kind: OutputKind) -> Iterator[None]:
    """Keep other processes away: by a file beside the place, or in a folder that grows."""
    with contextlib.ExitStack() as stack:
        try:
            with _disk_errors(place):
                if kind.grows:
                    place.mkdir(exist_ok=True)
                path = place / LOCK if kind.grows else place.with_name(f".{place.name}{LOCK}")
                stack.enter_context(locked(path))
        except BlockingIOError:
            raise OutputError(
                f"{place} is being written by another process; wait for it, or choose another output."
            ) from None
        yield


def _clear_leftovers(place: Path) -> None:
    """Finish what a killed process began: nobody else writes while this one holds the lock."""
    pattern = re.compile(_LEFTOVER.format(name=re.escape(place.name)))
    for path in sorted(place.parent.iterdir()):
        if not (match := pattern.fullmatch(path.name)):
            continue
        if match[1] == "old" and not place.exists():
            path.rename(place)
        elif path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def _disk_errors(target: Path, partial: Path | None = None) -> Iterator[None]:
    """One sentence for what the disk refuses; while `partial` is written, errors about other files pass."""
    try:
        yield
    except OSError as error:
        elsewhere = partial and error.filename is not None and str(partial) not in str(error.filename)
        if elsewhere or isinstance(error, ElmoError | BlockingIOError):
            raise
        raise OutputError(
            f"{target} could not be written ({error.strerror or error}); nothing was changed."
        ) from None


def _swap(partial: Path, target: Path) -> None:
    if not target.exists():
        partial.rename(target)
    elif not _exchange(partial, target):
        old = partial.with_suffix(".old")
        target.rename(old)
        try:
            partial.rename(target)
        except OSError:
            old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two paths in one step; False where the system or its disk cannot."""
    here, swap = -100, 2  # AT_FDCWD; RENAME_EXCHANGE and RENAME_SWAP
    first, second = os.fsencode(one), os.fsencode(other)
    try:
        library = ctypes.CDLL(None)
        if sys.platform == "darwin":
            return bool(library.renamex_np(first, second, swap) == 0)
        return bool(library.renameat2(here, first, here, second, swap) == 0)
    except (AttributeError, OSError, TypeError):
        return False
