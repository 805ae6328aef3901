"""Vectors that users bring: good files are read, hostile and broken ones refused in one sentence."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from elmo_core.exceptions import InputError
from elmo_core.tables.vectors import read_vectors

VECTORS = np.random.default_rng(0).standard_normal((6, 5)).astype(np.float32)


def npy(array: np.ndarray, **options: bool) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def parquet(**columns: object) -> bytes:
    stream = io.BytesIO()
    pd.DataFrame(columns).to_parquet(stream)
    return stream.getvalue()


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int32"])
def test_arrays(dtype: str):
    values = (10 * VECTORS).astype(dtype)
    found = read_vectors(npy(values), "v.npy")
    np.testing.assert_array_equal(found.vectors, values.astype(np.float32))
    assert found.names[0] == "row 1"


def test_parquet_with_lists_and_labels():
    content = parquet(text=list("abcdef"), vector=VECTORS.tolist(), year=[1, 2, 3, 4, 5, 6])
    found = read_vectors(content, "V.PARQUET")
    np.testing.assert_allclose(found.vectors, VECTORS)
    assert found.names == tuple("abcdef")
    assert found.columns["year"] == ("1", "2", "3", "4", "5", "6")


def test_parquet_with_columns_of_numbers():
    columns = {f"d{at}": VECTORS[:, at] for at in range(5)}
    found = read_vectors(parquet(**columns, label=["x"] * 6), "v.parquet")
    np.testing.assert_allclose(found.vectors, VECTORS)
    assert set(found.columns) == {"label"}


def test_rows_without_a_finite_vector_are_counted():
    broken = VECTORS.copy()
    broken[2, 0] = np.nan
    broken[4, 1] = np.inf
    found = read_vectors(npy(broken), "v.npy")
    assert (len(found.vectors), found.n_skipped) == (4, 2)
    assert found.names[2] == "row 4"
    lists = [*VECTORS.tolist()[:5], None]
    assert read_vectors(parquet(vector=lists), "v.parquet").n_skipped == 1


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('it was run')",))


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (npy(np.array([Hostile()] * 4), allow_pickle=True), "v.npy", "not numbers"),
        (npy(VECTORS)[:-8], "v.npy", "ends before its array does"),
        (npy(VECTORS).replace(b"(6, 5)", b"(6000000000, 5)"), "v.npy", "is not a NumPy array|at most"),
        (b"\x93NUMPY\x01\x00\xff", "v.npy", "is not a NumPy array"),
        (b"PK\x03\x04", "v.npy", "is not a NumPy array"),
        (npy(VECTORS[:, 0]), "v.npy", "shape 6; rows of vectors"),
        (npy(VECTORS[None]), "v.npy", "shape 1 x 6 x 5"),
        (npy(VECTORS[:2]), "v.npy", "2 usable vectors"),
        (b"PAR1....PAR1", "v.parquet", "not a Parquet file"),
        (parquet(a=["x", "y", "z"]), "v.parquet", "has no vectors"),
        (parquet(v=[[1.0, 2.0], [1.0], [3.0, 4.0]]), "v.parquet", "differ in length"),
        (b"1,2", "v.csv", "neither .npy nor .parquet"),
    ],
)
def test_what_cannot_be_read_is_said(content: bytes, name: str, message: str):
    with pytest.raises(InputError, match=message):
        read_vectors(content, name)
