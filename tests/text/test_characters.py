"""Words as rows of character ids: the official examples, and what holds for any string."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from elmo_core.config import N_CHARACTERS
from elmo_core.exceptions import InputError
from elmo_core.text.characters import (
    BOS,
    BOW,
    EOS,
    EOW,
    MASK,
    PAD,
    word_lengths,
    word_to_ids,
    words_to_ids,
)
from tests.reference import character_ids

ANY_TEXT = st.text(st.characters(), max_size=70)  # lone surrogates and control characters included


def test_the_marks_are_the_official_ones():
    assert (MASK, BOS, EOS, BOW, EOW, PAD, N_CHARACTERS) == (0, 257, 258, 259, 260, 261, 262)


@pytest.mark.parametrize(
    ("word", "start"),
    [
        ("The", [259, 85, 105, 102, 260, 261]),
        (".", [259, 47, 260, 261]),
        ("<S>", [259, 257, 260, 261]),
        ("</S>", [259, 258, 260, 261]),
        ("", [259, 260, 261]),
        ("<UNK>", [259, 61, 86, 79, 76, 63, 260, 261]),
        ("<s>", [259, 61, 116, 63, 260, 261]),
        ("\x00", [259, 1, 260, 261]),
        ("\u00e9", [259, 0xC3 + 1, 0xA9 + 1, 260, 261]),
        ("e\u0301", [259, 102, 0xCC + 1, 0x81 + 1, 260, 261]),
        ("\U0001f600", [259, 0xF0 + 1, 0x9F + 1, 0x98 + 1, 0x80 + 1, 260, 261]),
        ("\u05e9\u05dc", [259, 0xD7 + 1, 0xA9 + 1, 0xD7 + 1, 0x9C + 1, 260, 261]),
        ("\ud83d", [259, 260, 261]),
        ("a\udc00b", [259, 98, 99, 260, 261]),
    ],
    ids=ascii,
)
def test_golden_rows(word: str, start: list[int]):
    row = words_to_ids([word])[0]
    assert row.tolist() == start + [261] * (50 - len(start))


@given(ANY_TEXT)
@example("\u202e\u05d0\u200f")
@example("\ud800\udc00")
@example("x" * 47)
@example("<S> ")
def test_every_row_is_that_of_the_reference(word: str):
    ids = word_to_ids(word)
    assert 2 <= len(ids) <= 50
    assert (ids[0], ids[-1]) == (BOW, EOW)
    assert words_to_ids([word])[0].tolist() == character_ids(word)


@given(st.text(max_size=48).filter(lambda word: word not in ("<S>", "</S>")))
def test_bytes_can_be_read_back(word: str):
    encoded = word.encode()
    assert bytes(i - 1 for i in word_to_ids(word)[1:-1]) == encoded[:48]


@pytest.mark.parametrize(
    ("word", "kept"),
    [("a" * 47, 47), ("a" * 48, 48), ("a" * 49, 48), ("\u6f22" * 17, 48), ("a" + "\u6f22" * 16, 48)],
    ids=["47", "48", "49", "whole code points", "a cut code point"],
)
def test_words_are_cut_at_48_bytes(word: str, kept: int):
    row = words_to_ids([word])[0]
    assert row[1 : kept + 1].tolist() == [byte + 1 for byte in word.encode()[:48]]
    assert row[kept + 1] == EOW
    assert (row[kept + 2 :] == PAD).all()


@given(ANY_TEXT, st.integers(3, 60))
def test_shorter_and_longer_rows(word: str, columns: int):
    ids = word_to_ids(word, columns)
    assert len(ids) <= columns
    assert ids[-1] == EOW
    assert words_to_ids([word], columns).shape == (1, columns)


@given(st.lists(ANY_TEXT, max_size=6))
def test_many_words_are_the_words_alone(words: list[str]):
    ids = words_to_ids(words)
    assert (ids.shape, ids.dtype) == ((len(words), 50), np.int16)
    assert ids.tolist() == [words_to_ids([word])[0].tolist() for word in words]
    lengths = word_lengths(ids)
    assert lengths.dtype == np.int64
    assert lengths.tolist() == [len(word_to_ids(word)) for word in words]


@pytest.mark.parametrize(
    ("token", "name"), [(None, "NoneType"), (3, "int"), (["a"], "list"), (b"a", "bytes")]
)
def test_a_token_that_is_no_string_is_refused(token: object, name: str):
    with pytest.raises(InputError, match=f"token 1 is a {name}"):
        words_to_ids(["the", token])
