"""What the biases of a softmax start from."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.unigrams import unigram_probabilities
from elmo_core.text.vocabulary import Vocabulary

TEXT = "the cat saw the dog\nthe dog saw a bird\na bird sang\n"


def test_they_are_the_shares_of_what_is_predicted(tmp_path: Path):
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    cache = open_corpus(str(tmp_path / "a.txt"), tmp_path / "cache", tokenised=True)
    vocabulary = Vocabulary(words := ["<S>", "</S>", "<UNK>", "saw", "the", "unseen"])
    found = unigram_probabilities(vocabulary, cache.types, cache)
    counts = Counter(TEXT.split())
    unknown = sum(n for word, n in counts.items() if word not in words)
    wanted = np.array([3, 3, unknown, counts["saw"], counts["the"], 1])
    assert found == pytest.approx(wanted / wanted.sum())
