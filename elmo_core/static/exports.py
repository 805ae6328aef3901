"""Vectors as files for other programs: word2vec text, the TensorFlow projector, Parquet."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from elmo_core.files import OutputKind
from elmo_core.static.text_rows import header_of


def _is_vectors_text(path: Path) -> bool:
    with path.open("rb") as file:
        return header_of(file.readline(100)) is not None


VECTORS_TEXT = OutputKind("a file of vectors in word2vec's text format", _is_vectors_text)


def to_word2vec_text(words: Sequence[str], matrix: np.ndarray) -> bytes:
    """V words and their vectors (V, D) in word2vec's text format, which gensim and others read."""
    out = io.StringIO()
    out.write(f"{len(words)} {matrix.shape[1]}\n")
    for word, row in zip(words, matrix, strict=True):
        out.write(f"{'_'.join(word.split())} {' '.join(f'{number:.7g}' for number in row)}\n")
    return out.getvalue().encode("utf-8")


def to_projector(words: Sequence[str], matrix: np.ndarray) -> bytes:
    """A ZIP of vectors.tsv and metadata.tsv, which the TensorFlow projector loads."""
    rows = "".join("\t".join(f"{number:.7g}" for number in row) + "\n" for row in matrix)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vectors.tsv", rows)
        archive.writestr("metadata.tsv", "".join(f"{' '.join(word.split())}\n" for word in words))
    return buffer.getvalue()


def to_parquet(words: Sequence[str], matrix: np.ndarray) -> bytes:
    """A Parquet table of words and their vectors as lists of float32."""
    import pyarrow
    from pyarrow import parquet

    numbers = pyarrow.array(np.ascontiguousarray(matrix, dtype=np.float32).ravel())
    vectors = pyarrow.FixedSizeListArray.from_arrays(numbers, matrix.shape[1])
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table({"word": list(words), "vector": vectors}), buffer)
    return buffer.getvalue()
