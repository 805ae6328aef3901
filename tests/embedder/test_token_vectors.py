"""The memory of token vectors: bounded, shared between threads, never to be seen in a result."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core.embedder import Elmo, load_elmo
from elmo_core.nn.char_cnn import CharCNN
from elmo_core.weights.tiny import tiny_model

WORDS = [f"word{number}" * (1 + number % 5) for number in range(300)]


def token_vectors(elmo, words):
    return [found.layers[0, 0] for found in elmo.embed([[word] for word in words])]


@pytest.fixture
def encoded(monkeypatch):
    """Words that went through the char CNN, rows of padding left out."""
    counts = []
    forward = CharCNN.forward

    def counting(self, characters, dtype=None):
        counts.append(int((characters[:, 0] != 0).sum()))
        return forward(self, characters, dtype)

    monkeypatch.setattr(CharCNN, "forward", counting)
    return counts


def test_each_word_is_encoded_once(encoded):
    elmo = load_elmo("tiny")
    elmo.embed([["a", "b", "a"], ["b", "c"]])
    assert sum(encoded) == 5  # a, b, c and the two boundaries
    elmo.embed([["c", "a"], ["d"]])
    assert sum(encoded) == 6


def test_what_is_forgotten_comes_back_with_the_same_bits():
    elmo, forgetful = load_elmo("tiny"), Elmo(tiny_model())
    forgetful._engine._vectors._capacity = 7
    wanted = token_vectors(elmo, WORDS)
    for part in (WORDS, WORDS[::-1], WORDS[5:6]):
        for word, ours in zip(part, token_vectors(forgetful, part), strict=True):
            np.testing.assert_array_equal(ours, wanted[WORDS.index(word)])
    assert len(forgetful._engine._vectors._cache) == 7


def test_the_words_used_last_are_kept(encoded):
    elmo = load_elmo("tiny")
    elmo._engine._vectors._capacity = 4
    elmo.embed([["a"], ["b"]])
    for word in "cdef":
        elmo.embed([["a", word]])
    assert sum(encoded) == 2 + 2 + 4  # neither "a" nor the boundaries were forgotten


def test_a_word_of_a_megabyte_is_read_but_not_kept():
    elmo = load_elmo("tiny")
    (found,) = elmo.embed([["x" * (1 << 20), "a"]])
    (short,) = elmo.embed([["x" * 48, "a"]])
    np.testing.assert_array_equal(found.layers, short.layers)
    assert max(map(len, elmo._engine._vectors._cache)) == 48
