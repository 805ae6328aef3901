"""Static vectors by name: those that ship, or a folder or file of one's own."""

from __future__ import annotations

import difflib
import logging
from pathlib import Path

from elmo_core.exceptions import ModelNotFoundError
from elmo_core.shipped import shipped
from elmo_core.static.folder import is_vectors_folder, read_vectors_folder
from elmo_core.static.loading import load_vectors_file
from elmo_core.static.vectors import StaticVectors

log = logging.getLogger(__name__)

SHIPPED = "english-word2vec"
_ROOT = shipped("data/static")


def known_static() -> tuple[str, ...]:
    """Names that `load_static` takes, in alphabetical order."""
    folders = sorted(_ROOT.iterdir()) if _ROOT.is_dir() else []
    return tuple(folder.name for folder in folders if is_vectors_folder(folder))


def load_static(name_or_path: str | Path) -> StaticVectors:
    """Load static vectors.

    What was left out of a file is said as a warning, and stands in `report` of what is returned.

    Args:
        name_or_path: a name of `known_static`, or the path of a folder in our own format or of a file that
            `load_vectors_file` reads; where both exist, the name counts.

    Raises:
        ModelNotFoundError: there is no such name, folder or file.
        ModelError: its files are damaged or do not belong together.
        InputError: the file cannot be used.
    """
    names = known_static()
    if str(name_or_path) in names:
        return read_vectors_folder(_ROOT / str(name_or_path))
    path = Path(name_or_path).expanduser()
    if path.is_dir():
        return read_vectors_folder(path)
    if path.is_file():
        loaded = load_vectors_file(path)
        if remarks := loaded.report.summary():
            log.warning("%s: %s", path.name, remarks)
        return loaded.vectors
    close = difflib.get_close_matches(str(path), names, n=1, cutoff=0.4)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names) or 'none'}."
    raise ModelNotFoundError(
        f"There are no static vectors named {str(path)!r}, nor such a folder or file; {hint}"
    )
