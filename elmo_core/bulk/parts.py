"""A folder of parts that appear one by one, complete or not at all.

The name of a part says what is in it: part-<first sentence>-<sentences>-<tokens>. So the listing alone
tells how far the work is, whatever ended it: a part that was being written has another name.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elmo_core.exceptions import InputError

ABOUT = "_about.json"
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


class PartFolder:
    """The parts of one job; another job is refused."""

    def __init__(self, folder: Path, facts: dict[str, Any], suffix: str) -> None:
        """Open or make a folder.

        Args:
            folder: new or empty, or that of the same job.
            facts: what tells this job from others, JSON values.
            suffix: of a part.

        Raises:
            InputError: the folder holds something else.
        """
        self.folder, self._facts, self._suffix = folder, facts, suffix
        if (folder / ABOUT).is_file():
            self._check(read_about(folder))
        elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(f"{folder} exists and holds something else; choose a new or empty folder.")
        else:
            folder.mkdir(parents=True, exist_ok=True)
            self._write_about({"complete": False})
        self._remove_partial()
        self.names = part_names(folder, suffix)

    def _check(self, about: dict[str, Any]) -> None:
        other = [name for name, value in self._facts.items() if about.get(name) != value]
        if other:
            raise InputError(
                f"{self.folder} holds other work ({other[0]} was {about.get(other[0])!r} there, now it is "
                f"{self._facts[other[0]]!r}); choose another output, or remove that folder."
            )

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

    def append(self, n_sentences: int, n_tokens: int, write: Callable[[Path], None]) -> None:
        """Add a part: written under another name, then renamed in one step."""
        stem = f"part-{self.n_sentences:010d}-{n_sentences:06d}-{n_tokens:09d}"
        partial = self.folder / f"{_PARTIAL}{self._suffix}"
        write(partial)
        os.rename(partial, self.folder / f"{stem}{self._suffix}")
        self.names.append(PartName(f"{stem}{self._suffix}", self.n_sentences, n_sentences, n_tokens))

    def remove_if_empty(self) -> None:
        """Leave nothing behind where not even one part was written."""
        if not self.names:
            shutil.rmtree(self.folder)

    def finish(self) -> None:
        """Note that all parts are there."""
        self._write_about({"complete": True, "sentences": self.n_sentences, "tokens": self.n_tokens})

    def _write_about(self, more: dict[str, Any]) -> None:
        partial = self.folder / f"{_PARTIAL}.json"
        partial.write_text(json.dumps({**self._facts, **more}, indent=2) + "\n", encoding="utf-8")
        os.replace(partial, self.folder / ABOUT)

    def _remove_partial(self) -> None:
        """What an interrupted run left behind."""
        for path in self.folder.glob(f"{_PARTIAL}*"):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
