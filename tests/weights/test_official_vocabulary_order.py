"""Special words may stand anywhere in the vocabulary of an official model, as in bilm-tf."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from elmo_core.embedder import Elmo
from elmo_core.nn.bilm import BiLM
from elmo_core.text.vocabulary import SPECIALS, Vocabulary
from elmo_core.weights.official import read_official, write_official
from elmo_core.weights.store import StoredModel
from elmo_core.weights.tiny import tiny_model

WORDS = ["the", "bank", "raised", "rates"]
SENTENCES = [["the", "bank"], ["a", "rates"], ["raised"]]


@pytest.mark.parametrize(
    "words",
    [["</S>", "<S>", "<UNK>", *WORDS], ["<UNK>", *WORDS, "<S>", "</S>"], ["the", *SPECIALS, *WORDS[1:]]],
)
def test_word_ids_follow_the_file(tmp_path: Path, words: list[str]):
    config = dataclasses.replace(tiny_model().model.config, char_cnn=None, has_softmax=False, n_words=7)
    torch.manual_seed(1)
    model, usual = BiLM(config).eval(), Vocabulary([*SPECIALS, *WORDS])
    expected = Elmo(StoredModel("usual", model, usual, {})).embed(SENTENCES)
    write_official(model, usual, tmp_path)
    (tmp_path / "vocab.txt").write_text("\n".join(words) + "\n")
    with h5py.File(tmp_path / "weights.hdf5", "r+") as file:
        file["embedding"][...] = file["embedding"][...][[usual.words.index(word) for word in words]]
    stored = read_official(tmp_path)
    assert stored.vocabulary is not None and list(stored.vocabulary.words) == words
    for found, wanted in zip(Elmo(stored).embed(SENTENCES), expected, strict=True):
        np.testing.assert_allclose(found.layers, wanted.layers, atol=1e-6)
