"""The rules of a vocabulary, in memory and as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo_core.exceptions import ModelError, ModelNotFoundError
from elmo_core.text.vocabulary import SPECIALS, Vocabulary


def test_ids_are_positions_and_unknown_words_share_one():
    words = Vocabulary([*SPECIALS, "the", "Bank"])
    assert len(words) == 5
    assert [words.id_of(word) for word in ("<S>", "</S>", "<UNK>", "the", "Bank")] == [0, 1, 2, 3, 4]
    assert words.id_of("bank") == words.id_of("") == words.unknown_id == 2
    assert [words[index] for index in (0, 4)] == ["<S>", "Bank"]
    assert "the" in words
    assert "The" not in words
    ids = words.ids_of(iter(["the", "x", "<S>"]))
    assert (ids.tolist(), ids.dtype) == ([3, 2, 0], np.int64)
    assert words.ids_of([]).shape == (0,)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], "<S>, </S>, <UNK> is missing, and it begins with nothing"),
        (["<S>", "</S>"], "<UNK> is missing, and it begins with '<S>', '</S>'"),
        (["<s>", "</s>", "<unk>", "a"], "<S>, </S>, <UNK> is missing, and it begins with '<s>'"),
        (["the", "<S>", "<UNK>"], "; </S> is missing"),
    ],
)
def test_a_missing_special_word_is_named(words: list[str], found: str):
    with pytest.raises(ModelError, match=f"must hold <S>, </S>, <UNK>.*{found}"):
        Vocabulary(words)


@given(st.permutations([*SPECIALS, "the", "Bank"]))
def test_special_words_may_stand_anywhere(words: list[str]):
    vocabulary = Vocabulary(words)
    ids = (vocabulary.start_id, vocabulary.end_id, vocabulary.unknown_id)
    assert ids == tuple(words.index(word) for word in SPECIALS)
    assert vocabulary.ids_of([*words, "unseen"]).tolist() == [0, 1, 2, 3, 4, vocabulary.unknown_id]


@pytest.mark.parametrize(("words", "twice"), [(["a", "b", "b", "a"], "b"), (["a", "<UNK>"], "<UNK>")])
def test_a_word_stands_once(words: list[str], twice: str):
    with pytest.raises(ModelError, match=f"holds '{twice}' twice"):
        Vocabulary([*SPECIALS, *words])


@given(st.lists(st.text(min_size=1).filter(lambda word: word.split() == [word]), unique=True))
def test_a_file_gives_back_every_word(tmp_path_factory: pytest.TempPathFactory, words: list[str]):
    kept = [word for word in words if word not in (*SPECIALS, "!!!MAXTERMID")]
    path = tmp_path_factory.mktemp("vocabulary") / "vocab.txt"
    Vocabulary([*SPECIALS, *kept]).write(path)
    assert Vocabulary.read(path).words == (*SPECIALS, *kept)


@pytest.mark.parametrize(
    "text",
    [
        "<S>\r\n</S>\r\n<UNK>\r\na\r\nb\r\n",
        "<S>\n</S>\n\n<UNK>\n a\t\nb",
        "<S>\n</S>\n<UNK>\na\n!!!MAXTERMID\nb\n",
        "\ufeff<S>\n</S>\n<UNK>\na\nb\n",
    ],
    ids=["CRLF", "blanks and no last line end", "official end mark", "byte-order mark"],
)
def test_files_written_elsewhere(tmp_path: Path, text: str):
    path = tmp_path / "vocab.txt"
    path.write_bytes(text.encode())
    assert Vocabulary.read(path).words == (*SPECIALS, "a", "b")


def test_only_line_feeds_end_a_line(tmp_path: Path):
    path = tmp_path / "vocab.txt"
    path.write_bytes("<S>\n</S>\n<UNK>\na\u2028b\nc\x0bd\n".encode())
    assert Vocabulary.read(path).words[3:] == ("a\u2028b", "c\x0bd")


def test_unusable_files_are_named(tmp_path: Path):
    with pytest.raises(ModelNotFoundError, match=r"no vocabulary at .*absent\.txt"):
        Vocabulary.read(tmp_path / "absent.txt")
    with pytest.raises(ModelError, match="cannot be read"):
        Vocabulary.read(tmp_path)
    latin = tmp_path / "latin.txt"
    latin.write_bytes("<S>\n</S>\n<UNK>\n\u00e9t\u00e9\n".encode("latin-1"))
    with pytest.raises(ModelError, match=r"latin\.txt is not UTF-8"):
        Vocabulary.read(latin)
    empty = tmp_path / "empty.txt"
    empty.touch()
    with pytest.raises(ModelError, match="begins with nothing"):
        Vocabulary.read(empty)
