"""A folder of NumPy arrays that are mapped into memory: sentence i of millions costs one look.

OUT/_about.json                       what it is
OUT/part-<first sentence>-.../
    vectors.npy                       (N, L, D), (N, D), or (sentences, D) where they are pooled
    offsets.npy                       int64 (sentences + 1,): rows of each sentence
    tokens.txt                        one sentence a line, tokens separated by blanks
"""

from __future__ import annotations

import bisect
import functools
from pathlib import Path

import numpy as np

from elmo_core.bulk.parts import PartName, part_names, read_about
from elmo_core.bulk.rows import Format, Part, RowSettings
from elmo_core.exceptions import InputError

VECTORS, OFFSETS, TOKENS = "vectors.npy", "offsets.npy", "tokens.txt"
_OPEN_PARTS = 64


def write_part(path: Path, part: Part, settings: RowSettings) -> None:
    """Write three files, the vectors sentence by sentence."""
    path.mkdir()
    offsets = np.cumsum([0, *map(len, part.rows)], dtype=np.int64)
    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(settings.precision)),
        "fortran_order": False,
        "shape": (int(offsets[-1]), *part.rows[0].shape[1:]),
    }
    with (path / VECTORS).open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for rows in part.rows:
            np.ascontiguousarray(rows).tofile(file)
    np.save(path / OFFSETS, offsets)
    lines = [" ".join(tokens).encode("utf-8", "ignore") + b"\n" for tokens in part.tokens]
    (path / TOKENS).write_bytes(b"".join(lines))


ARRAYS = Format("", write_part)


class EmbeddedArrays:
    """Sentences of a finished folder by number; vectors stay on the disk until they are looked at."""

    def __init__(self, folder: Path) -> None:
        """Open a folder.

        Raises:
            InputError: the arrays are missing or incomplete.
        """
        self.about = read_about(folder)
        if self.about.get("format") != "arrays" or not self.about.get("complete"):
            raise InputError(f"{folder} holds no finished arrays; run the same `embed` once more.")
        self._folder, self._names = folder, part_names(folder, "")
        self._starts = [name.first for name in self._names]
        self._opened = functools.lru_cache(maxsize=_OPEN_PARTS)(self._open)

    def __len__(self) -> int:
        return self._names[-1].end if self._names else 0

    def __getitem__(self, number: int) -> tuple[list[str], np.ndarray]:
        """Tokens of a sentence, and its rows mapped from the disk."""
        if not 0 <= number < len(self):
            raise IndexError(f"there are {len(self):,} sentences, numbered from 0; got {number}")
        name = self._names[bisect.bisect_right(self._starts, number) - 1]
        vectors, offsets, lines = self._opened(name)
        at = number - name.first
        tokens = lines[at].split(" ") if lines[at] else []
        return tokens, vectors[offsets[at] : offsets[at + 1]]

    def _open(self, name: PartName) -> tuple[np.ndarray, np.ndarray, list[str]]:
        part = self._folder / name.file
        vectors = np.load(part / VECTORS, mmap_mode="r", allow_pickle=False)
        offsets = np.load(part / OFFSETS, allow_pickle=False)
        return vectors, offsets, (part / TOKENS).read_bytes().decode("utf-8").split("\n")
