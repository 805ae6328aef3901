"""A folder that appears complete or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

from elmo_core.exceptions import ModelError


@contextmanager
def new_folder(target: Path, owned: Set[str], marker: str) -> Iterator[Path]:
    """Write a folder beside its place, then put it there in one step.

    Args:
        target: where it is to be. It may exist if it is empty, or if it is an earlier one of its
            kind: nothing but `owned` files, the `marker` among them.
        owned: names of all files that may be written.
        marker: the file without which a folder is not of this kind.

    Yields:
        The folder to write into; an error on the way removes it and leaves `target` as it was.

    Raises:
        ModelError: `target` is something else, or the disk refuses.
    """
    target = Path(os.path.realpath(target))
    _check_replaceable(target, owned, marker)
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        partial.mkdir(parents=True)
        yield partial
        _swap(partial, target)
    except OSError as error:
        raise ModelError(
            f"{target} could not be written ({error.strerror or error}); nothing was changed."
        ) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _check_replaceable(target: Path, owned: Set[str], marker: str) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise ModelError(f"{target} is a file; choose a new or empty folder for the model.")
    names = {entry.name for entry in target.iterdir()}
    strays = sorted(names - owned)
    if strays:
        raise ModelError(
            f"{target} holds {strays[0]}, which is not part of a model; choose a new or empty folder."
        )
    if names and marker not in names:
        raise ModelError(f"{target} is not empty and holds no model; choose a new or empty folder.")


def _swap(partial: Path, target: Path) -> None:
    old = partial.with_suffix(".old")
    if target.exists():
        target.rename(old)
    try:
        partial.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
