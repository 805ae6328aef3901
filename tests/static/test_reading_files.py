"""Files of GloVe, word2vec and fastText: as gensim reads them, and every fault by its line."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elmo_core.exceptions import CancelledError, ElmoError, InputError
from elmo_core.static.loading import LoadedVectors, forget, load_vectors_file
from elmo_core.static.registry import load_static

WORDS = ["the", "Größe", "日本", "don't", "</s>", "1.5", ",", "x_y"]


def keyed(dim: int = 6) -> KeyedVectors:
    vectors = KeyedVectors(dim)
    numbers = np.random.default_rng(1).standard_normal((len(WORDS), dim)).astype(np.float32)
    vectors.add_vectors(WORDS, numbers * np.float32(1e-3) ** np.arange(dim, dtype=np.float32))
    return vectors


@pytest.fixture
def load(tmp_path):
    return lambda path, **options: load_vectors_file(path, kept_in=tmp_path / "kept", **options)


def text(tmp_path: Path, content: str | bytes, name: str = "v.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("packing", ["plain", "gz", "zip"])
@pytest.mark.parametrize("kind", ["glove", "word2vec", "binary", "fasttext"])
def test_good_files_give_what_gensim_gives(load, tmp_path, kind, packing):
    path = tmp_path / "v.vec"
    keyed().save_word2vec_format(path, binary=kind == "binary")
    expected = KeyedVectors.load_word2vec_format(path, binary=kind == "binary")
    content = path.read_bytes()
    if kind == "glove":
        content = content.partition(b"\n")[2]
    elif kind == "fasttext":  # it ends every line with a blank
        content = content.replace(b"\n", b" \n")
    path.write_bytes(content)
    if packing == "gz":
        path.write_bytes(gzip.compress(content))
    elif packing == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("glove/v.txt", content)
            archive.writestr("__MACOSX/._v.txt", b"litter")
    found = load(path)
    assert list(found.vectors.words) == expected.index_to_key == WORDS
    np.testing.assert_array_max_ulp(np.asarray(found.vectors.matrix), expected.vectors, 1)
    assert found.report.n_faults == 0 and found.report.summary() == ""
    assert found.report.kind == ("binary" if kind == "binary" else "text")


def test_the_second_load_maps_what_the_first_kept(load, tmp_path):
    path = text(tmp_path, "a 1 2\nb 3\nc 5 6\n")
    first = load(path)
    (kept,) = (tmp_path / "kept").iterdir()
    again = load(path)
    assert isinstance(again.vectors.matrix, np.memmap)
    assert again.report == first.report and again.vectors.words == first.vectors.words
    (kept / "vocab.txt").write_text("a\n")
    assert load(path).vectors.words == ("a", "c")  # damaged: read anew
    path.write_text("z 1 2 3\n")
    assert load(path).vectors.words == ("z",)  # changed: read anew
    forget(again)
    assert not kept.exists()


def test_every_fault_is_reported_by_its_line(load, tmp_path):
    lines = [
        b"7 3",
        b"the 1 2 3",
        b"short 1 2",
        b"",
        b"long 1 2 3 4",
        b"word 1 x 3",
        b"the 9 9 9",
        b"caf\xe9 1 2 3",
        b"huge 1e99 0 0",
        b"nan nan 0 0",
        b"one two 4 5 6",
        b"tabs\t7\t8\t9",
        b"under 1_0 2 3",
        b"alone",
        b"x" * (2 << 20),
        b"last -1 -2 -3",
    ]
    found = load(text(tmp_path, b"\n".join(lines) + b"\n"))
    assert found.vectors.words == ("the", "one two", "tabs", "last")
    assert found.vectors["tabs"].tolist() == [7, 8, 9]
    by_line = {fault.line: fault.reason for fault in found.report.faults}
    assert by_line == {
        1: "wrong header: it says 7 words, 13 lines follow",
        3: "wrong width: 2 numbers instead of 3",
        5: "wrong width: 4 numbers instead of 3",
        6: "not a number",
        7: "word twice: it stands in line 2 already",
        8: "not UTF-8",
        9: "a number that is not finite",
        10: "a number that is not finite",
        13: "not a number",
        14: "wrong width: 0 numbers instead of 3",
        15: "line too long",
    }
    assert found.report.n_faults == 11
    assert found.report.summary().startswith("11 lines at fault (3 x wrong width, ")


def test_a_header_of_another_width_is_reported(load, tmp_path):
    found = load(text(tmp_path, "2 300\na 1 2\nb 3 4\n"))
    assert found.vectors.dim == 2
    assert [f.reason for f in found.report.faults] == [
        "wrong header: it says 300 numbers a word, the lines have 2"
    ]


def test_numbers_as_words_are_no_header(load, tmp_path):
    found = load(text(tmp_path, "5 3\n6 4\n7 5\n"))
    assert found.vectors.words == ("5", "6", "7")


def test_a_binary_file_that_breaks_off_says_where(load, tmp_path):
    path = tmp_path / "v.bin"
    keyed().save_word2vec_format(path, binary=True)
    path.write_bytes(path.read_bytes()[:-30])
    found = load(path)
    assert list(found.vectors.words) == WORDS[:6]
    assert found.report.summary() == (
        "2 records at fault (2 x missing at the end); the first is record 7: missing at the end: the file "
        "ends here."
    )


def test_the_limit_stops_early_and_says_so(load, tmp_path):
    path = text(tmp_path, "".join(f"w{number} {number} 1\n" for number in range(5000)))
    found = load(path, max_words=2500)
    assert len(found.vectors) == 2500 and found.report.has_limit
    assert found.vectors["w2499"].tolist() == [2499, 1]
    assert not load(path, max_words=5000).report.has_limit
    with pytest.raises(InputError, match="1 or more"):
        load(path, max_words=0)


def test_a_zip_with_several_files_asks_which(load, tmp_path):
    path = tmp_path / "glove.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("glove.2d.txt", "a 1 2\n")
        archive.writestr("glove.3d.txt", "a 1 2 3\n")
    with pytest.raises(InputError, match=r"holds 2 \(glove.2d.txt, glove.3d.txt\)"):
        load(path)
    assert load(path, member="glove.3d.txt").vectors.dim == 3
    with pytest.raises(InputError, match="holds no 'x'"):
        load(path, member="x")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"hello\n",
        b"3 4\n",
        b"a b c\nd e f\n",
        gzip.compress(b"a 1 2\n" * 99, mtime=0)[:-9],
        b"PK\x03\x04ab",
    ],
)
def test_what_holds_no_vector_is_one_sentence(load, tmp_path, content):
    with pytest.raises(InputError):
        load(text(tmp_path, content))
    assert not list((tmp_path / "kept").glob("*")) if (tmp_path / "kept").exists() else True


def test_there_is_no_such_file(load, tmp_path):
    with pytest.raises(InputError, match="no file"):
        load(tmp_path / "none.txt")


def test_stopping_leaves_nothing_behind(load, tmp_path):
    def stop(done: int, total: int) -> None:
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        load(text(tmp_path, "a 1 2\n" * 10), progress=stop)
    assert not list((tmp_path / "kept").iterdir())


def test_progress_ends_at_the_size_of_the_file(load, tmp_path):
    steps: list[tuple[int, int]] = []
    path = text(tmp_path, "".join(f"w{number} {number} 1\n" for number in range(9000)))
    load(path, progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (path.stat().st_size,) * 2
    assert steps == sorted(steps)


def test_a_file_is_found_by_load_static(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert load_static(text(tmp_path, "a 1 2\n")).words == ("a",)


PIECES = st.sampled_from(
    [
        b"a",
        b" ",
        b"1",
        b"-2.5",
        b"\n",
        b"\t",
        b"nan",
        b"\x00",
        b"\xff",
        b"2 2",
        b"1e400",
        b"PK\x03\x04",
        b"\x1f\x8b",
    ]
)


@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.lists(PIECES, max_size=40).map(b"".join),
        st.binary(max_size=90).map(lambda tail: b"3 2\n" + tail),
    )
)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_raise_anything_but_the_projects_errors(tmp_path, content):
    path = text(tmp_path, content)
    try:
        found = load_vectors_file(path, kept_in=tmp_path / "kept")
    except ElmoError as error:
        assert str(error)
    else:
        assert isinstance(found, LoadedVectors)
        assert np.isfinite(found.vectors.matrix).all()
        assert len(found.vectors) == found.report.n_read > 0
        forget(found)


@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=6),
            st.lists(st.floats(-1e6, 1e6, width=32), min_size=3, max_size=3),
        ),
        min_size=2,
        max_size=12,
        unique_by=lambda row: row[0],
    ),
    binary=st.booleans(),
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_gensim_writes_is_read_exactly(tmp_path, rows, binary):
    vectors = KeyedVectors(3)
    vectors.add_vectors([word for word, _ in rows], np.array([numbers for _, numbers in rows], np.float32))
    path = tmp_path / "v.vec"
    vectors.save_word2vec_format(path, binary=binary)
    found = load_vectors_file(path, kept_in=tmp_path / "kept")
    assert list(found.vectors.words) == [word for word, _ in rows]
    np.testing.assert_array_max_ulp(np.asarray(found.vectors.matrix), vectors.vectors, 1)
    forget(found)
