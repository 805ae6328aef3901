"""Optional parts of the program and the libraries that only they need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from elmo_core.exceptions import MissingExtraError

Extra = Literal["app", "distributed", "index", "maps", "plots", "static", "transformers"]
"""The names of the extras in pyproject.toml."""


@contextmanager
def extra(name: Extra) -> Iterator[None]:
    """Import in this block what only the named extra installs.

    Raises:
        MissingExtraError: a library is missing; the message gives the command that installs it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"This needs {error.name}, which is not installed: pip install 'elmo-explorer[{name}]'"
        ) from error
