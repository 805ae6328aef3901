"""A folder of parts that appear one by one, complete or not at all.

The name of a part says what is in it: part-<first sentence>-<sentences>-<tokens>. So the listing alone
tells how far the work is, whatever ended it: a part that was being written has another name.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elmo_core.exceptions import ElmoError, InputError, OutputError
from elmo_core.files import LOCK, atomic_file

ABOUT = "_about.json"
_UNNAMED = {"language": "en"}
"""Facts of jobs that earlier versions did not name."""
_PARTIAL = "_partial"
_PATTERN = re.compile(r"part-(\d{10})-(\d{6})-(\d{9})")


@dataclass(frozen=True)
class PartName:
    """The name of a part, read."""

    file: str
    first: int
    n_sentences: int
    n_tokens: int

    @property
    def end(self) -> int:
        """Number of the sentence after its last one."""
        return self.first + self.n_sentences


def part_names(folder: Path, suffix: str) -> list[PartName]:
    """All parts in order.

    Raises:
        InputError: one is missing between others.
    """
    names = []
    for path in sorted(folder.iterdir()):
        if path.suffix == suffix and (match := _PATTERN.fullmatch(path.stem)):
            names.append(PartName(path.name, *map(int, match.groups())))
    end = 0
    for name in names:
        if name.first != end:
            raise InputError(
                f"{folder} lacks the part before {name.file}; remove that part and all later ones, "
                "and the work goes on from there."
            )
        end = name.end
    return names


def read_about(folder: Path) -> dict[str, Any]:
    """What a folder of parts holds.

    Raises:
        InputError: it is no such folder.
    """
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{folder} holds no embedded text; choose another folder.") from None
    except ValueError as error:
        raise InputError(f"{folder / ABOUT} is damaged ({error}); remove the folder.") from None
    if not isinstance(about, dict):
        raise InputError(f"{folder / ABOUT} is damaged (no JSON object); remove the folder.")
    return about


def is_part_folder(folder: Path) -> bool:
    """Whether a folder was made by a job, even one that was killed before its settings were written."""
    if all(_is_leftover(path) or path.name == LOCK for path in folder.iterdir()):
        return True
    try:
        return {"format", "text", "complete"} <= read_about(folder).keys()
    except InputError:
        return False


def _is_leftover(path: Path) -> bool:
    return path.name.startswith((_PARTIAL, f".{ABOUT}."))


class PartFolder:
    """The parts of one job; another job is refused."""

    def __init__(self, folder: Path, facts: dict[str, Any], suffix: str, overwrite: bool = False) -> None:
        """Open or make a folder.

        Args:
            folder: new or empty, or that of the same job.
            facts: what tells this job from others, JSON values.
            suffix: suffix of a part's name.
            overwrite: whether the parts of another job are removed.

        Raises:
            InputError: the folder holds something else.
        """
        self.folder, self._facts, self._suffix = folder, facts, suffix
        if folder.exists() and not (folder.is_dir() and is_part_folder(folder)):
            raise InputError(f"{folder} exists and holds something else; choose another output.")
        folder.mkdir(exist_ok=True)
        for path in filter(_is_leftover, list(folder.iterdir())):
            _remove(path)
        other = self._difference()
        if other and not overwrite:
            raise InputError(
                f"{folder} holds other work ({other}); choose another output, remove that folder, or say "
                "that it may be replaced (--overwrite)."
            )
        if other:
            for path in (folder / ABOUT, *(folder / name.file for name in part_names(folder, suffix))):
                _remove(path)
        if not (folder / ABOUT).is_file():
            self._write_about({"complete": False})
        self.names = part_names(folder, suffix)

    def _difference(self) -> str:
        """How the job of this folder differs from this one; empty where it does not, or there is none."""
        if not (self.folder / ABOUT).is_file():
            return ""
        about = read_about(self.folder)
        other = [name for name, value in self._facts.items() if about.get(name, _UNNAMED.get(name)) != value]
        if not other:
            return ""
        if other[0] == "text":
            return "the text was another one"
        return f"{other[0]} was {about.get(other[0])!r} there, now it is {self._facts[other[0]]!r}"

    @property
    def is_complete(self) -> bool:
        """Whether all parts are there."""
        return bool(read_about(self.folder).get("complete"))

    @property
    def n_sentences(self) -> int:
        """Sentences in all parts."""
        return self.names[-1].end if self.names else 0

    @property
    def n_tokens(self) -> int:
        """Tokens in all parts."""
        return sum(name.n_tokens for name in self.names)

    @property
    def paths(self) -> list[Path]:
        """All parts in order."""
        return [self.folder / name.file for name in self.names]

    @property
    def n_bytes(self) -> int:
        """Bytes of all files of all parts."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def append(self, n_sentences: int, n_tokens: int, write: Callable[[Path], None]) -> None:
        """Add a part: written under another name, then renamed in one step.

        Raises:
            OutputError: the disk refuses; the parts before are kept.
        """
        stem = f"part-{self.n_sentences:010d}-{n_sentences:06d}-{n_tokens:09d}"
        partial = self.folder / f"{_PARTIAL}{self._suffix}"
        with disk_refusals(self.folder, partial):
            write(partial)
            os.rename(partial, self.folder / f"{stem}{self._suffix}")
        self.names.append(PartName(f"{stem}{self._suffix}", self.n_sentences, n_sentences, n_tokens))

    def recount(self) -> None:
        """Look at the disk again, after work that was interrupted anywhere."""
        self.names = part_names(self.folder, self._suffix)

    def remove_if_empty(self) -> None:
        """Leave nothing behind where not even one part was written."""
        if not self.names:
            for path in (self.folder / ABOUT, *filter(_is_leftover, list(self.folder.iterdir()))):
                _remove(path)
            with contextlib.suppress(OSError):  # a claimed folder holds its lock, and goes with the claim
                self.folder.rmdir()

    def finish(self) -> None:
        """Note that all parts are there."""
        self._write_about({"complete": True, "sentences": self.n_sentences, "tokens": self.n_tokens})

    def _write_about(self, more: dict[str, Any]) -> None:
        with atomic_file(self.folder / ABOUT) as partial:
            partial.write_text(json.dumps({**self._facts, **more}, indent=2) + "\n", encoding="utf-8")


@contextmanager
def disk_refusals(folder: Path, partial: Path) -> Iterator[None]:
    """One sentence for a disk that is full or broken while a file is written into a folder of parts."""
    try:
        yield
    except OSError as error:
        if isinstance(error, ElmoError):
            raise
        _remove(partial)
        raise OutputError(
            f"{folder} could not be written ({error.strerror or error}); all parts before are kept: free "
            "some space and run the same command again."
        ) from None


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
