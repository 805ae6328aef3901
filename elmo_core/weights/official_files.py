"""The files of an official model: which belong together, and what an HDF5 header says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from elmo_core.exceptions import ElmoError, ModelError, ModelNotFoundError
from elmo_core.weights.families import refuse_other_families
from elmo_core.weights.official_names import canonical_name

OPTIONS_SUFFIX, WEIGHTS_SUFFIX = "options.json", "weights.hdf5"
_MAX_DATASETS = 10_000
_DAMAGE = (OSError, RuntimeError, KeyError, TypeError, ValueError)
"""Errors that h5py raises for damaged files."""


def find_official(folder_or_options: Path, weights: Path | None = None) -> tuple[Path, Path]:
    """Find the two files of a model.

    In a folder with several HDF5 files the weights are the one named like the options
    (`X_options.json`, `X_weights.hdf5`), else the only one that ends in `weights.hdf5`.

    Args:
        folder_or_options: the folder of the model, or its `*options.json`.
        weights: its HDF5 file, where that is known.

    Raises:
        ModelNotFoundError: one of the two is not there.
        ModelError: there are several and no telling which is meant, or it is a model of another program.
    """
    options = folder_or_options
    if options.is_dir():
        options = _only(options, sorted(options.glob(f"*{OPTIONS_SUFFIX}")), "options.json")
    folder = options.parent
    if weights is None:
        named = options.with_name(options.name.removesuffix(OPTIONS_SUFFIX) + WEIGHTS_SUFFIX)
        found = sorted(folder.glob("*.hdf5"))
        found = [path for path in found if path.name.endswith(WEIGHTS_SUFFIX)] or found
        weights = named if named.is_file() else _only(folder, found, "weights.hdf5")
    for path in (options, weights):
        if not path.is_file():
            raise ModelNotFoundError(
                f"There is no file {path}; an official model needs its options and its weights."
            )
    return options, weights


def _only(folder: Path, found: list[Path], usual: str) -> Path:
    if not found:
        if folder.is_dir():
            refuse_other_families([path.name for path in folder.iterdir()], folder)
        raise ModelNotFoundError(
            f"There is no {usual} in {folder}; an official model needs options.json and weights.hdf5."
        )
    if len(found) > 1:
        names = ", ".join(path.name for path in found[:4])
        raise ModelError(
            f"{folder} holds {len(found)} files that could be {usual} ({names}); keep one model in a folder."
        )
    return found[0]


@contextmanager
def opened_weights(path: Path) -> Iterator[Mapping[str, Any]]:
    """Open an HDF5 file and look at its header only.

    Yields:
        Datasets by name; none that would read from other files.

    Raises:
        ModelError: the file is damaged (also when that shows while the caller reads), not HDF5, or unsafe.
    """
    try:
        with h5py.File(path, "r") as file:
            yield _datasets(file, path)
    except ElmoError:
        raise
    except _DAMAGE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(
            f"{path} is damaged or not an HDF5 file ({reason}); use an undamaged copy."
        ) from None


def _is_plain(item: Any) -> bool:
    """Whether reading a dataset reads numbers of this file, and takes no more memory than they need."""
    largest_chunk = max(item.size, 1 << 20)
    return (
        item.dtype.kind == "f"
        and not item.external
        and not item.is_virtual
        and math.prod(item.chunks or ()) <= largest_chunk
    )


def _datasets(file: h5py.File, path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def keep(name: str, item: Any) -> bool | None:
        if isinstance(item, h5py.Dataset):
            if not _is_plain(item):
                raise ModelError(
                    f"{path}: {name} is not a plain table of floating-point numbers; "
                    "use the model's own file."
                )
            found[canonical_name(name)] = item
        return True if len(found) > _MAX_DATASETS else None

    file.visititems(keep)  # does not follow soft or external links
    return found
