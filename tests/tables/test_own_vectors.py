"""Vectors that users bring: good files are read, hostile and broken ones refused in one sentence."""

from __future__ import annotations

import io
import json

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
    broken = VECTORS.astype(np.float64)
    broken[2, 0] = 1e300  # infinite as float32
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


def npz(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


NAMED = {f"dim_{at}": VECTORS[:, at] for at in range(5)}
LABELLED = pd.DataFrame(NAMED).assign(label=list("abcdef"))
LISTED = pd.DataFrame({"text": list("abcdef"), "v": VECTORS.tolist()})
SPANS = [[0, at + 1] for at in range(6)]


@pytest.mark.parametrize(
    ("content", "column", "others"),
    [
        (parquet(span=SPANS, embedding=VECTORS.tolist()), "embedding", ()),
        (parquet(span=SPANS, v=VECTORS.tolist()), "v", ()),
        (parquet(score=[0.1 * at for at in range(6)], **NAMED), "dim_0 to dim_4", ("score",)),
        (parquet(**NAMED, year=[*range(6)], text=list("abcdef")), "dim_0 to dim_4", ("year", "text")),
        (parquet(wide=np.ones((6, 9)).tolist(), vector=VECTORS.tolist()), "vector", ()),
        (parquet(small=[[1.0, 2.0]] * 6, other=VECTORS.tolist()), "other", ()),
        (npz(small=np.ones((6, 2)), v=VECTORS, label=np.array(list("abcdef"))), "v", ("label",)),
        (LABELLED.to_csv(index=False).encode(), "dim_0 to dim_4", ("label",)),
        (pd.DataFrame(VECTORS).to_csv().encode(), "0 to 4", ("",)),
        (pd.DataFrame(VECTORS).to_csv(index=False, header=False).encode(), "numbers", ()),
        (pd.DataFrame(VECTORS).to_csv(index=False, header=False, sep="\t").encode(), "numbers", ()),
        (LISTED.to_csv(index=False).encode(), "v", ("text",)),
        (LISTED.to_json(orient="records", lines=True, double_precision=15).encode(), "v", ("text",)),
        (json.dumps(VECTORS.tolist()).encode(), "", ()),
    ],
)
def test_the_vectors_are_found_among_other_numbers(content: bytes, column: str, others: tuple[str, ...]):
    found = read_vectors(content, "v.any")
    assert found.column == column
    np.testing.assert_allclose(found.vectors, VECTORS, atol=1e-6)
    assert tuple(found.columns) == others


def test_another_column_can_be_chosen():
    content = parquet(span=SPANS, embedding=VECTORS.tolist())
    assert read_vectors(content, "v.parquet").choices == ("embedding", "span")
    assert read_vectors(content, "v.parquet", "span").vectors.shape == (6, 2)
    with pytest.raises(InputError, match="no vectors 'x'; it has embedding, span"):
        read_vectors(content, "v.parquet", "x")


def with_header(header: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(200)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-6, 5), }", "shape -6 x 5"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (6, -5), }", "shape 6 x -5"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-6, -5), }", "shape -6 x -5"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 5), }", "at most"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': ('a', 5), }", "not a NumPy array"),
        ("(" * 5000, "not a NumPy array"),
        ("[" * 9000, "not a NumPy array"),
        ("{'descr': " + "[" * 200 + "]" * 200 + ", 'shape': (6, 5)}", "not a NumPy array"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (50, 5), }", "ends before its array does"),
    ],
)
def test_hostile_headers_are_refused_in_a_sentence(header: str, message: str):
    with pytest.raises(InputError, match=message):
        read_vectors(with_header(header), "v.npy")


def test_vectors_are_counted_and_not_believed():
    import pyarrow
    from pyarrow import parquet as files

    ones = pyarrow.array(np.ones(300 * 60_000, np.float32))
    column = pyarrow.FixedSizeListArray.from_arrays(ones, 300).cast(pyarrow.list_(pyarrow.float32()))
    stream = io.BytesIO()
    files.write_table(pyarrow.table({"v": column}), stream, compression="zstd")
    assert len(stream.getvalue()) < 10_000
    with pytest.raises(InputError, match="too much"):
        read_vectors(stream.getvalue(), "v.parquet")


@pytest.mark.parametrize(
    "text",
    [
        "name;x_1;x_2\na;0,5;1,25\nb;-1,5;2\nc;3;1,0e1\n",
        "0,5;1,25\n-1,5;2\n3;1,0e1\n",
        "name\tx_1\tx_2\nKent, UK\t0,5\t1,25\nb\t-1,5\t2\nc\t3\t1,0e1\n",
        "name;x_1;x_2\n1,5 kg;0.5;1.25\nb;-1.5;2\nc;3;1.0e1\n",
        'name,x_1,x_2\n"1,5",0.5,1.25\nb,-1.5,2\nc,3,1.0e1\n',
        "x_1|x_2\n0,5|1,25\n-1,5|2\n3|1,0e1\n",
        '"name";"x_1";"x_2"\n"a";"0,5";"1,25"\n"b";"-1,5";"2"\n"c";"3";"1,0e1"\n',
        "x_1,x_2\n0.5,1.25\n-1.5,2\n3,1.0e1\n",
    ],
)
def test_decimal_commas_are_numbers_where_they_do_not_delimit(text: str):
    own = read_vectors(text.encode(), "own.csv")
    np.testing.assert_allclose(own.vectors, [[0.5, 1.25], [-1.5, 2], [3, 10]])


@pytest.mark.parametrize("name", ["own.csv", "own.npy", "own.npz", "own.parquet", "own.jsonl"])
def test_an_empty_file_is_called_empty(name: str):
    with pytest.raises(InputError, match=rf"^{name} is empty"):
        read_vectors(b" \n", name)


def test_a_guessed_encoding_is_handed_on_and_can_be_given():
    content = "name;x_1;x_2\ncafé;0.5;1\nb;1;2\nc;3;4\n".encode("cp1252")
    own = read_vectors(content, "own.csv")
    assert own.names[0] == "café"
    assert own.notes == ("Encoding guessed: cp1252.",)
    assert read_vectors(content, "own.csv", encoding="cp1251").names[0] == "cafй"
    with pytest.raises(InputError, match="not utf-8"):
        read_vectors(content, "own.csv", encoding="utf-8")
