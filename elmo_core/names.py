"""Names of what users keep in folders of their own: their models and their training runs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

from elmo_core.exceptions import InputError

_ALLOWED = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_LONGEST_STEM, _WITHOUT = 50, "my-model"


def is_name(name: str) -> bool:
    """Whether a name has only characters that are allowed, so that it names a folder and no path."""
    return bool(_ALLOWED.fullmatch(name))


def free_name(wish: str, is_taken: Callable[[str], bool]) -> str:
    """Return the allowed name nearest to a wish, numbered where it is taken.

    Args:
        wish: any text, such as the name of a file.
        is_taken: whether something has a name already.
    """
    stem = re.sub(r"[^a-z0-9._-]+", "-", wish.casefold()).strip("-._")[:_LONGEST_STEM] or _WITHOUT
    numbered = (f"{stem}-{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([stem], numbered) if not is_taken(name))


def refuse_name(name: str, kind: str, is_taken: Callable[[str], bool]) -> None:
    """Refuse a name that nothing new can have.

    Args:
        name: as the user gave it.
        kind: of what is named, for the message, such as "run".
        is_taken: whether something has a name already.

    Raises:
        InputError: it holds other characters than are allowed, or is taken.
    """
    if not is_name(name):
        raise InputError(
            f"{name!r} cannot be the name of a {kind}; use up to 60 small letters, digits, dots and hyphens, "
            "beginning with a letter or digit."
        )
    if is_taken(name):
        raise InputError(f"There is a {kind} named {name} already; choose another name or remove that one.")
