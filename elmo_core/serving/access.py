"""What the server lets its visitors reach on its own disk, as it was said at the start.

Nothing is reachable by a path unless the app is local. `elmo-explorer --corpora FOLDER` names folders from
which every visitor may choose a corpus. The choice is among names that the server lists; a visitor never
sends a path.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from elmo_core.exceptions import InputError

LOCAL_FILES_VARIABLE = "ELMO_LOCAL_FILES"
"""Environment variable: "on" lets every visitor name files of the server, "off" nobody."""
CORPORA_VARIABLE = "ELMO_CORPORA"
"""Environment variable: folders of corpora that all visitors may read, separated as in PATH."""
MOST_CORPORA = 1_000
"""Further files and folders of the folders of corpora are not offered."""
_MOST_FILES = 100_000  # of one corpus


def is_loopback(host: str | None) -> bool:
    """Return whether only this machine can reach an address; None stands for all addresses."""
    if not host:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def corpus_folders() -> list[Path]:
    """Return the folders of corpora named by the environment."""
    named = os.environ.get(CORPORA_VARIABLE, "").split(os.pathsep)
    return [Path(name) for name in named if name.strip()]


def offered_corpora(folders: Sequence[Path]) -> dict[str, Path]:
    """Return the files and folders directly in these folders, by the names that visitors choose from.

    Hidden entries, and links that lead out of their folder, are left out.
    """
    entries = (
        (f"{folder.name}/{entry.name}", entry) for folder in folders for entry in _visible(folder.resolve())
    )
    return dict(islice(entries, MOST_CORPORA))


def files_of_corpus(corpus: Path) -> list[Path]:
    """Return the files of a corpus, a file or a folder with everything below it, sorted.

    Raises:
        InputError: there is none.
    """
    if corpus.is_file():
        return [corpus]
    files = sorted(islice(_files_below(corpus, corpus), _MOST_FILES))
    if not files:
        raise InputError(f"The corpus {corpus.name} holds no files; choose another one.")
    return files


def _files_below(folder: Path, root: Path) -> Iterator[Path]:
    for entry in _visible(folder, root):
        if entry.is_dir():
            if not entry.is_symlink():  # a link to a folder above would never end
                yield from _files_below(entry, root)
        else:
            yield entry


def _visible(folder: Path, root: Path | None = None) -> Iterator[Path]:
    """Yield files and folders in a folder that are neither hidden nor links to what lies outside the root."""
    root = root or folder
    try:
        entries = sorted(folder.iterdir())
    except OSError:  # removed, or not readable: nothing to offer
        return
    for entry in entries:
        is_inside = entry.resolve().is_relative_to(root)
        if not entry.name.startswith(".") and is_inside and (entry.is_file() or entry.is_dir()):
            yield entry
