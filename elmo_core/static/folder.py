"""Our own folder of static vectors, which is mapped into memory, not read.

config.json            {"format": 1, "about": facts of the card}
vectors.safetensors    one tensor "vectors" (V, D), float16 or float32
vocab.txt              V words, one a line, in the order of the rows
README.md              the card, where one was given
"""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np
from safetensors import SafetensorError, safe_open

from elmo_core.exceptions import ModelError, ModelNotFoundError
from elmo_core.files import OutputKind, atomic_folder
from elmo_core.static.vectors import StaticVectors
from elmo_core.weights.jsonfile import read_json

CONFIG, WEIGHTS, VOCABULARY, CARD = "config.json", "vectors.safetensors", "vocab.txt", "README.md"
FORMAT = 1
VectorDtype = Literal["float16", "float32"]
_TENSOR = "vectors"
_CODES: dict[str, VectorDtype] = {"F16": "float16", "F32": "float32"}
_HEADER_BYTES = 256  # of the safetensors header: known before the number of rows is


def _is_ours(folder: Path) -> bool:
    """Whether a folder holds static vectors of ours, of whatever version."""
    try:
        content = read_json(folder / CONFIG)
    except ModelError:
        return False
    return isinstance(content.get("format"), int) and "about" in content and is_vectors_folder(folder)


def is_vectors_folder(folder: Path) -> bool:
    """Whether a folder holds static vectors in our own format."""
    return (folder / WEIGHTS).is_file() and (folder / VOCABULARY).is_file()


VECTORS_FOLDER = OutputKind(
    "a folder of static vectors", _is_ours, frozenset({CONFIG, WEIGHTS, VOCABULARY, CARD})
)


def read_vectors_folder(folder: Path) -> StaticVectors:
    """Open static vectors; the numbers stay on disk until they are looked at.

    Raises:
        ModelNotFoundError: one of its files is missing.
        ModelError: a file is damaged, of a newer version, or the files do not belong together.
    """
    config = read_json(folder / CONFIG)
    about = config.get("about", {})
    if config.get("format") != FORMAT or not isinstance(about, dict):
        raise ModelError(f"{folder / CONFIG} does not describe static vectors of format {FORMAT}.")
    words = _read_words(folder / VOCABULARY)
    matrix = _map(folder / WEIGHTS)
    if len(words) != len(matrix):
        raise ModelError(
            f"{folder / VOCABULARY} lists {len(words):,} words for {len(matrix):,} vectors; "
            "the two files do not belong together."
        )
    if len(set(words)) != len(words):
        raise ModelError(f"{folder / VOCABULARY} lists a word twice; use an undamaged copy.")
    return StaticVectors(str(about.get("name") or folder.resolve().name), words, matrix, about)


def write_vectors_folder(
    vectors: StaticVectors, folder: Path, *, dtype: VectorDtype = "float16", card: str = ""
) -> None:
    """Write static vectors, completely or not at all.

    Args:
        vectors: their name is the folder's afterwards, unless `about` names them.
        folder: new, empty, or one that holds nothing but static vectors (then replaced).
        dtype: number format of the numbers on disk.
        card: text of README.md.

    Raises:
        ModelError: a number does not fit `dtype`.
        OutputError: the folder cannot be written.
    """
    with atomic_folder(folder, VECTORS_FOLDER) as partial:
        with VectorsWriter(partial, vectors.dim, dtype) as writer:
            for start, block in vectors.blocks():
                writer.add(vectors.words[start : start + len(block)], block)
        write_config(partial, vectors.about)
        if card:
            (partial / CARD).write_text(card, encoding="utf-8")


def write_config(folder: Path, about: dict[str, Any]) -> None:
    """Write the facts beside the vectors."""
    content = json.dumps({"format": FORMAT, "about": about}, indent=2, ensure_ascii=False)
    (folder / CONFIG).write_text(content + "\n", encoding="utf-8")


class VectorsWriter:
    """Writes words and vectors block by block; how many there will be need not be known."""

    def __init__(self, folder: Path, dim: int, dtype: VectorDtype) -> None:
        """Open the two files of a folder that exists."""
        self.n_words, self._dim, self._dtype = 0, dim, np.dtype(dtype).newbyteorder("<")
        self._weights = (folder / WEIGHTS).open("wb")
        self._words = (folder / VOCABULARY).open("w", encoding="utf-8", newline="\n")
        self._weights.write(self._header())

    def add(self, words: tuple[str, ...] | list[str], block: np.ndarray) -> None:
        """Append n words and their vectors (n, D)."""
        with np.errstate(over="ignore"):
            stored = block.astype(self._dtype)
        if not np.isfinite(stored).all():
            row = int(np.flatnonzero(~np.isfinite(stored).all(axis=1))[0])
            raise ModelError(f"The vector of {words[row]!r} holds a number that {self._dtype} cannot hold.")
        self._weights.write(stored.tobytes())
        self._words.writelines(f"{word}\n" for word in words)
        self.n_words += len(words)

    def _header(self) -> bytes:
        size = self.n_words * self._dim * self._dtype.itemsize
        code = next(code for code, name in _CODES.items() if np.dtype(name) == self._dtype)
        entry = {"dtype": code, "shape": [self.n_words, self._dim], "data_offsets": [0, size]}
        text = json.dumps({_TENSOR: entry}).encode().ljust(_HEADER_BYTES)
        return len(text).to_bytes(8, "little") + text

    def __enter__(self) -> VectorsWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._weights, self._words:
            self._weights.seek(0)
            self._weights.write(self._header())


def _read_words(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        raise ModelNotFoundError(f"There is no {path.name} in {path.parent}; static vectors need this file.")
    try:
        text = path.read_bytes().decode("utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise ModelError(f"{path} is not readable UTF-8 text ({error}); use an undamaged copy.") from None
    return tuple(text.split("\n")[:-1])


def _map(path: Path) -> np.ndarray:
    """The one tensor of a safetensors file as a read-only memory map."""
    if not path.is_file():
        raise ModelNotFoundError(f"There is no {path.name} in {path.parent}; static vectors need this file.")
    try:
        with safe_open(path, framework="np") as file:  # checks the header against the size of the file
            part = file.get_slice(_TENSOR)
            code, shape = part.get_dtype(), tuple(part.get_shape())
        header = _first_bytes(path, 8)
        offset = 8 + int.from_bytes(header, "little")
    except (SafetensorError, OSError, KeyError) as error:
        raise ModelError(f"{path} is truncated or damaged ({error}); use an undamaged copy.") from None
    if code not in _CODES or len(shape) != 2 or 0 in shape:
        raise ModelError(f"{path} holds {code} numbers of shape {shape}; wanted F16 or F32 of shape (V, D).")
    return np.memmap(
        path, dtype=np.dtype(_CODES[code]).newbyteorder("<"), mode="r", offset=offset, shape=shape
    )


def _first_bytes(path: Path, n: int) -> bytes:
    with path.open("rb") as file:
        return file.read(n)
