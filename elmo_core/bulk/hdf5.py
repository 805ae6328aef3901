"""One HDF5 file as the official programs write it: sentence i is the data set "i".

Shape (L, T, D) for all layers, (T, D) for the mix, (D,) for its mean; "sentences" holds the tokens,
separated by blanks. Two characters have no place in its strings: a NUL in a token is written as U+FFFD, a
lone surrogate is left out; the vectors are those of the token as it was read.

A half-written HDF5 file cannot be repaired, so parts are files of their own. All files are written through a
Python file: on a full disk the HDF5 library would take the process down when it closes a file of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from elmo_core.bulk.rows import Format, Part, RowSettings

SENTENCES = "sentences"
_TEXT_ROWS = 1024
_FACTS = ("model", "state", "dtype")
"""Attributes of a file: facts of the job."""


def write_part(path: Path, part: Part, settings: RowSettings) -> None:
    """Write one file."""
    import h5py

    with path.open("w+b") as raw, h5py.File(raw, "w") as file:
        for number, _, rows in part.numbered():
            file.create_dataset(str(number), data=_official(rows, settings))
        texts = [_text(tokens) for tokens in part.tokens]
        file.create_dataset(SENTENCES, data=np.array(texts, dtype=object), dtype=h5py.string_dtype())


def join_parts(parts: list[Path], target: Path, facts: dict[str, Any]) -> None:
    """Copy all data sets into one file."""
    import h5py

    with target.open("w+b") as raw, h5py.File(raw, "w") as joined:
        texts = joined.create_dataset(
            SENTENCES, (0,), h5py.string_dtype(), maxshape=(None,), chunks=(_TEXT_ROWS,)
        )
        for path in parts:
            with h5py.File(path) as file:
                first = len(texts)
                texts.resize((first + len(file[SENTENCES]),))
                texts[first:] = file[SENTENCES][:]
                for number in range(first, len(texts)):
                    file.copy(str(number), joined)
        joined.attrs.update({name: facts[name] for name in _FACTS})


HDF5 = Format(".hdf5", write_part, join_parts)


def is_ours(path: Path) -> bool:
    """Whether a file is what `join_parts` writes."""
    import h5py

    try:
        with h5py.File(path) as file:
            return SENTENCES in file and set(_FACTS) <= set(file.attrs)
    except (OSError, ValueError, RuntimeError):
        return False


def _text(tokens: list[str]) -> bytes:
    return " ".join(tokens).replace("\0", "\ufffd").encode("utf-8", "ignore")


def _official(rows: np.ndarray, settings: RowSettings) -> np.ndarray:
    if settings.vectors == "all":
        return rows.transpose(1, 0, 2)
    return rows[0] if settings.vectors == "pooled" else rows
