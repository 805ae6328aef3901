"""Static vectors in our own folder, and by name."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from elmo_core.exceptions import InputError, ModelError, ModelNotFoundError
from elmo_core.static.folder import read_vectors_folder, write_vectors_folder
from elmo_core.static.registry import SHIPPED, known_static, load_static
from elmo_core.static.vectors import StaticVectors
from elmo_core.weights.registry import load_model

WORDS = ("<UNK>", "bank", "Bank", "river\u2028side", "nil")


@pytest.fixture
def vectors() -> StaticVectors:
    matrix = np.random.default_rng(0).standard_normal((5, 7)).astype(np.float32)
    matrix[4] = 0
    return StaticVectors("mine", WORDS, matrix, {"name": "mine", "corpus_tokens": 12})


@pytest.mark.parametrize(("dtype", "error"), [("float32", 0), ("float16", 1e-3)])
def test_a_folder_gives_back_what_was_written(vectors, tmp_path, dtype, error):
    write_vectors_folder(vectors, tmp_path / "v", dtype=dtype, card="# mine")
    again = load_static(tmp_path / "v")
    assert again.words == WORDS
    assert again.about == vectors.about
    assert isinstance(again.matrix, np.memmap)
    assert np.abs(again.matrix - vectors.matrix).max() <= error * 4
    assert (tmp_path / "v" / "README.md").read_text() == "# mine"
    assert {path.name for path in tmp_path.iterdir()} == {"v"}


def test_other_programs_read_the_file(vectors, tmp_path):
    write_vectors_folder(vectors, tmp_path / "v", dtype="float32")
    (read,) = load_file(tmp_path / "v" / "vectors.safetensors").values()
    assert (read == vectors.matrix).all()


def test_it_is_a_mapping_of_words_that_have_a_direction(vectors):
    assert "bank" in vectors and "nil" not in vectors and "money" not in vectors and 3 not in vectors
    assert vectors["bank"].dtype == np.float32
    with pytest.raises(KeyError):
        vectors["nil"]
    assert vectors.spelling_of("BANK") == "bank"
    assert vectors.spelling_of("Bank") == "Bank"
    assert vectors.spelling_of("money") is None


def test_cosines_are_those_of_the_definition(vectors):
    wanted = vectors["bank"]
    found = vectors.cosines_with(3 * wanted)
    for row, word in enumerate(WORDS[:4]):
        other = vectors[word]
        expected = wanted @ other / np.sqrt((wanted @ wanted) * (other @ other))
        assert found[row] == pytest.approx(expected, abs=1e-6)
    assert found[4] == -np.inf


def test_what_does_not_belong_together_is_refused(vectors, tmp_path):
    with pytest.raises(InputError, match="twice"):
        StaticVectors("x", ("a", "a"), np.ones((2, 3)))
    with pytest.raises(InputError, match="2 words for vectors of shape"):
        StaticVectors("x", ("a", "b"), np.ones((3, 3)))
    folder = tmp_path / "v"
    write_vectors_folder(vectors, folder)
    (folder / "vocab.txt").write_text("a\nb\n")
    with pytest.raises(ModelError, match="2 words for 5 vectors"):
        read_vectors_folder(folder)
    (folder / "vocab.txt").write_text("a\na\nb\nc\nd\n")
    with pytest.raises(ModelError, match="twice"):
        read_vectors_folder(folder)


@pytest.mark.parametrize("name", ["config.json", "vectors.safetensors", "vocab.txt"])
def test_a_missing_or_damaged_file_is_one_sentence(vectors, tmp_path, name):
    write_vectors_folder(vectors, tmp_path / "v")
    path = tmp_path / "v" / name
    path.write_bytes(path.read_bytes()[:9] + b"\xff\xfe")
    with pytest.raises(ModelError):
        read_vectors_folder(tmp_path / "v")
    path.unlink()
    with pytest.raises(ModelNotFoundError, match=name):
        read_vectors_folder(tmp_path / "v")


def test_numbers_of_another_kind_are_refused(vectors, tmp_path):
    write_vectors_folder(vectors, tmp_path / "v")
    save_file({"vectors": np.ones((5, 7), dtype=np.int32)}, tmp_path / "v" / "vectors.safetensors")
    with pytest.raises(ModelError, match="I32"):
        read_vectors_folder(tmp_path / "v")


def test_a_number_that_half_precision_cannot_hold_is_not_written(tmp_path):
    huge = StaticVectors("huge", ("a",), np.array([[1e9, 1.0]]))
    with pytest.raises(ModelError, match=r"'a'.*float16"):
        write_vectors_folder(huge, tmp_path / "v")
    assert not (tmp_path / "v").exists()


def test_names_are_looked_up_with_a_hint():
    with pytest.raises(ModelNotFoundError, match="did you mean english-word2vec"):
        load_static("english-word2vek")


def test_the_shipped_vectors_have_exactly_the_words_of_the_shipped_model():
    assert SHIPPED in known_static()
    vectors = load_static(SHIPPED)
    stored = load_model("english-small")
    assert stored.vocabulary is not None
    assert vectors.words == stored.vocabulary.words
    assert vectors.matrix.dtype == np.float16
    assert "<S>" not in vectors and "the" in vectors
    assert int((vectors.lengths == 0).sum()) == 2
    config = json.loads(((vectors_folder := _folder()) / "config.json").read_text())
    assert config["about"]["corpus_tokens"] > config["about"]["covered_tokens"] > 50_000_000
    size = sum(path.stat().st_size for path in vectors_folder.iterdir())
    assert size < 15_000_000


def test_the_shipped_vectors_know_what_is_alike():
    vectors = load_static(SHIPPED)
    cosines = vectors.cosines_with(vectors["river"])
    near = [vectors.words[row] for row in np.argsort(-cosines)[1:30]]
    assert {"lake", "stream"} & set(near), near


def _folder():
    from elmo_core.static import registry

    return registry._ROOT / SHIPPED
