"""Where the files are that ship with the program: models, static vectors, samples, the app and its pages."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

_PACKAGE = Path(str(files("elmo_core")))  # installed as a folder: the models are mapped into memory
_INSTALLED = _PACKAGE / "_shipped"


def shipped(path: str = "") -> Path:
    """Path of a file or folder that ships with the program.

    An installed package has a copy of the project's `app.py`, `pages/`, `data/` and `.streamlit/` in itself
    (`setup.py` puts it there), in the same tree. In a checkout, and in an editable installation of one, the
    project's own files are used. Only the start of the path differs, so what runs here runs there.

    Args:
        path: relative to the root of the project, with forward slashes, e.g. "data/samples/senses.csv".
    """
    return (_INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent) / path
