"""Files of vectors as they should not be: read with faults counted, or refused in one sentence."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import gensim
import h5py
import numpy as np
import pytest
from gensim.models import KeyedVectors, Word2Vec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from elmo_core.exceptions import InputError
from elmo_core.static.loading import LoadedVectors, forget, load_vectors_file
from elmo_core.static.registry import load_static
from elmo_core.static.vectors import StaticVectors

GENSIM_FILES = Path(gensim.__file__).parent / "test" / "test_data"


@pytest.fixture
def load(tmp_path):
    return lambda path, **options: load_vectors_file(path, kept_in=tmp_path / "kept", **options)


def written(tmp_path: Path, content: str | bytes, name: str = "v.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def binary(words: list[str], matrix: np.ndarray, end: bytes = b"", header: str = "") -> bytes:
    """The words as word2vec.c (end = a line feed) or gensim (no end) write them."""
    records = [
        word.encode() + b" " + row.astype("<f4").tobytes() for word, row in zip(words, matrix, strict=True)
    ]
    return (header or f"{len(matrix)} {matrix.shape[1]}").encode() + b"\n" + end.join([*records, b""])


WORDS = ["the", "my name", "bank", "river", "it"]
MATRIX = np.random.default_rng(2).standard_normal((5, 8)).astype(np.float32)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"], ids=["gensim", "word2vec.c", "CRLF"])
@pytest.mark.parametrize(
    "phrase", ["my name", "New York", "a b", "the United States of America", "ice tea 3", "É à"]
)
def test_a_binary_file_with_a_blank_in_a_word_is_refused(load, tmp_path, phrase, end):
    words = [phrase if word == "my name" else word for word in WORDS]
    with pytest.raises(
        InputError, match=r"v\.bin is out of step at record [23].*in place of blanks"
    ) as error:
        load(written(tmp_path, binary(words, MATRIX, end), "v.bin"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
@pytest.mark.parametrize("header", ["5 7", "5 9", "5 4", "5 16", "40 2"])
def test_a_binary_file_with_a_wrong_width_is_refused(load, tmp_path, header, end):
    words = [word.replace(" ", "_") for word in WORDS]
    with pytest.raises(InputError, match="out of step"):
        load(written(tmp_path, binary(words, MATRIX, end, header), "v.bin"))


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_line_ends_between_records_make_no_difference(load, tmp_path, end):
    words = [word.replace(" ", "_") for word in WORDS]
    found = load(written(tmp_path, binary(words, MATRIX, end), "v.bin"))
    assert list(found.vectors.words) == words and found.report.summary() == ""
    np.testing.assert_array_equal(found.vectors.matrix, MATRIX)


def test_counts_of_a_binary_file_are_checked(load, tmp_path):
    words = [word.replace(" ", "_") for word in WORDS]
    more = load(written(tmp_path, binary(words, MATRIX, b"\n", "3 8"), "a.bin"))
    assert (
        len(more.vectors) == 3 and "it says 3 words, more follows the last of them" in more.report.summary()
    )
    fewer = load(written(tmp_path, binary(words, MATRIX, b"\n", "9 8"), "b.bin"))
    assert len(fewer.vectors) == 5 and fewer.report.n_left_out == 4


def test_a_word_that_is_not_utf8_is_a_fault_of_its_record_alone(load, tmp_path):
    content = binary(["the", "cafX", "bank", "river", "it"], MATRIX, b"\n").replace(b"cafX", b"caf\xe9")
    found = load(written(tmp_path, content, "v.bin"))
    assert found.vectors.words == ("the", "bank", "river", "it")
    assert found.report.counts == {"not UTF-8 text": 1}
    np.testing.assert_array_equal(found.vectors["bank"], MATRIX[2])


@pytest.mark.parametrize(
    ("content", "words", "note"),
    [
        ("the 0,5 1,25\nbank -1,5 2\n", ("the", "bank"), "decimal commas"),
        ("3 2\nthe;0,5;1,25\nbank;-1,5;2\nx y;1;2\n", ("the", "bank", "x y"), "separated by semicolons"),
        ('the,0.5,1.25\n"bank",-1.5,2\n,,3,4\n', ("the", "bank", ","), "separated by commas"),
        ("the, 0.5, 1.25\nbank, -1.5, 2\n", ("the", "bank"), "separated by commas"),
        ("\ufeffthe 0.5 1.25\nbank -1.5 2\n", ("the", "bank"), None),
        ("\ufeff2 2\nthe 0.5 1.25\nbank -1.5 2\n", ("the", "bank"), None),
        ("the\t0.5\t1.25\r\nbank\t-1.5\t2\r\n", ("the", "bank"), None),
        ("2 2 \nthe 0.5 1.25 \nbank -1.5 2 \n", ("the", "bank"), None),
        ("the 0.5 1.25\n1999 7 8\n2000 9 1\nbank -1.5 2\n", ("the", "1999", "2000", "bank"), None),
        ("the 0.5 1.25\nbank -1.5 2", ("the", "bank"), "Line 2, the last, has no line end"),
        (", 0.5 1.25\n; 1 2\n. 3 4\nthe 0.5 1.25\n", (",", ";", ".", "the"), None),
    ],
)
def test_text_in_other_hands_is_read_and_guesses_are_said(load, tmp_path, content, words, note):
    found = load(written(tmp_path, content))
    assert found.vectors.words == words and found.report.n_faults == 0
    known = "the" if "the" in words else words[0]
    assert found.vectors[known].tolist() == [0.5, 1.25]
    assert (note in found.report.summary()) if note else found.report.summary() == ""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, bz2.compress, lzma.compress], ids=lambda pack: pack.__name__
)
def test_wide_encodings_and_packings_are_read(load, tmp_path, encoding, pack):
    path = written(tmp_path, pack("2 2\nthe 0.5 1.25\nGröße -1.5 2\n".encode(encoding)), "vectors.bin")
    found = load(path)
    assert found.vectors.words == ("the", "Größe") and found.report.summary() == ""
    assert found.vectors["the"].tolist() == [0.5, 1.25]


@pytest.mark.parametrize(
    ("content", "n_words", "dim"),
    [
        ("3 1\n4 1\n5 1\n", 3, 1),
        ("2 1\n4 1\n5 1\n", 2, 1),
        ("2 1\na 1\nb 2\n", 2, 1),
        ("2 3\n4 1 2 3\n5 1 2 3\n", 2, 3),
    ],
)
def test_a_line_of_two_numbers_is_a_header_or_a_vector(load, tmp_path, content, n_words, dim):
    found = load(written(tmp_path, content))
    assert (len(found.vectors), found.vectors.dim) == (n_words, dim)
    assert found.report.n_faults == 0


def foreign_files(folder: Path) -> dict[str, str]:
    """Files of other formats, as their own programs write them, and what they must be called."""
    matrix = np.ones((2, 3), np.float32)
    keyed = KeyedVectors(3)
    keyed.add_vectors(["a", "b"], matrix)
    keyed.save(str(folder / "a.kv"))
    Word2Vec([["a", "b"]] * 3, vector_size=3, min_count=1, epochs=1).save(str(folder / "a.model"))
    (folder / "a.pkl").write_bytes(pickle.dumps({"a": [1.0]}))
    np.save(folder / "a.npy", matrix)
    np.savez(folder / "a.npz", words=["a"], vectors=matrix)
    save_file({"vectors": matrix}, folder / "a.safetensors")
    with sqlite3.connect(folder / "a.db") as database:
        database.execute("create table vectors (word text)")
    with h5py.File(folder / "a.hdf5", "w") as file:
        file["vectors"] = matrix
    with tarfile.open(folder / "a.tar.gz", "w:gz") as archive:
        archive.add(folder / "a.npy", "vectors.txt")
    with tarfile.open(folder / "a.tar", "w") as archive:
        archive.add(folder / "a.npy", "vectors.txt")
    with zipfile.ZipFile(folder / "a.pt", "w") as archive:
        archive.writestr("a/data.pkl", b"x")
    (folder / "a.html").write_text("\n<!DOCTYPE html><html><body>404</body></html>")
    (folder / "lfs.txt").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\n")
    (folder / "a.gz").write_bytes(gzip.compress((folder / "a.kv").read_bytes()))
    for number, name in enumerate(("lee_fasttext_new.bin", "crime-and-punishment.bin", "lee_fasttext.bin")):
        (folder / f"fasttext{number}.ftz").write_bytes((GENSIM_FILES / name).read_bytes())
    return {
        "a.kv": "gensim's own format (.kv); it is not read here: open it with gensim",
        "a.model": "Word2Vec model (.model).*Word2Vec.load(path).wv.save_word2vec_format",
        "a.pkl": "is a pickle",
        "a.npy": "a NumPy array (.npy) without words",
        "a.npz": "an archive of NumPy arrays (.npz: words, vectors)",
        "a.safetensors": "a safetensors file, which holds no words",
        "a.db": "an SQLite database",
        "a.hdf5": "an HDF5 file",
        "a.tar.gz": "archive",
        "a.tar": "a tar archive",
        "a.pt": "a PyTorch file",
        "a.html": "a web page",
        "lfs.txt": "Git LFS pointer",
        "a.gz": "gensim's own format",
        "fasttext0.ftz": "fastText model (.bin or .ftz)",
        "fasttext1.ftz": "fastText model",
        "fasttext2.ftz": "a binary file of an unknown format",
    }


def test_other_formats_are_called_by_their_names(load, tmp_path):
    for name, called in foreign_files(tmp_path).items():
        with pytest.raises(InputError) as error:
            load(tmp_path / name)
        first, _, rest = called.partition(".*")
        assert first in str(error.value) and rest in str(error.value), name
        assert str(error.value).startswith(name.split(":")[0]) and "\n" not in str(error.value)


def test_the_report_of_a_file_stays_with_its_vectors(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = written(tmp_path, "a 1 2\nb 3\na 5 6\nc nan 1\n")
    for _ in range(2):  # read, then mapped
        caplog.clear()
        vectors = load_static(path)
        assert vectors.report is not None and vectors.report.n_left_out == 3
        assert "3 lines at fault" in caplog.text and "v.txt" in caplog.text
    assert load_static("english-word2vec").report is None


def test_words_that_look_the_same_are_found():
    words = ["don\u2019t", "cafe\u0301", "bank", "na\u00efve"]
    vectors = StaticVectors("v", words, np.eye(4, dtype=np.float32))
    assert vectors.spelling_of("don't") == "don\u2019t" and vectors.spelling_of("caf\u00e9") == "cafe\u0301"
    assert vectors.spelling_of("\u200bBank") == "bank" and vectors.spelling_of("Nai\u0308ve") == "na\u00efve"
    assert vectors.spelling_of("it's") is None


def good_file(kind: str) -> bytes:
    words = ["the", "bank", "don't", "日本", "river", "it"]
    matrix = np.random.default_rng(4).standard_normal((6, 5)).astype(np.float32)
    if kind.startswith("binary"):
        return binary(words, matrix, b"\n" if kind == "binary lines" else b"")
    lines = [
        f"{word} {' '.join(f'{number:.4f}' for number in row)}"
        for word, row in zip(words, matrix, strict=True)
    ]
    return ("\n".join(["6 5", *lines] if kind == "word2vec" else lines) + "\n").encode()


@given(
    kind=st.sampled_from(["glove", "word2vec", "binary", "binary lines"]),
    cut=st.floats(0, 1),
    swaps=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4),
    inserted=st.binary(max_size=6),
    count=st.none() | st.integers(0, 12),
    doubled=st.booleans(),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_is_counted_or_refused(tmp_path, kind, cut, swaps, inserted, count, doubled):
    content = bytearray(good_file(kind))
    if count is not None and kind != "glove":
        content[:1] = str(count).encode()
    for place, byte in swaps:
        content[int(place * (len(content) - 1))] = byte
    at = int(cut * len(content))
    damaged = bytes(content[:at]) + inserted + (bytes(content[at:]) * 2 if doubled else b"")
    path = written(tmp_path, damaged)
    try:
        found: LoadedVectors = load_vectors_file(path, kept_in=tmp_path / "kept")
    except InputError as error:
        assert "\n" not in str(error).replace(repr("\n"), "")
        return
    report = found.report
    assert np.isfinite(found.vectors.matrix).all() and np.abs(found.vectors.matrix).max() < 1e16
    assert report.n_read == len(found.vectors) > 0
    assert report.n_read + report.n_left_out == report.n_lines
    if report.kind == "text":
        filled = [
            line for line in io.BytesIO(damaged) if line.removeprefix(b"\xef\xbb\xbf").strip(b"\r\n").rstrip()
        ]
        assert report.n_lines in (len(filled), len(filled) - 1)
    forget(found)
