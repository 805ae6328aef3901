"""Rows of tokens as bilm-tf feeds them."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from elmo_core.exceptions import CorpusError
from elmo_core.nn.bilm import BACKWARD, FORWARD
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.streams import TokenStream
from tests.pretraining.corpora import write_corpus


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    return open_corpus(str(write_corpus(folder / "a.txt", 60)), folder / "cache", tokenised=True)


def rows_of(stream, steps, n):
    """Inputs and targets of each row over n batches, as (B, n * steps)."""
    batches = [stream.next_batch(steps) for _ in range(n)]
    return tuple(np.concatenate([part.T for part in parts], axis=1) for parts in zip(*batches, strict=True))


@pytest.mark.parametrize("direction", [FORWARD, BACKWARD])
def test_each_row_reads_whole_sentences_one_after_another(cache, direction):
    inputs, targets = rows_of(TokenStream(cache, direction, 4, "sentences", 1), 7, 40)
    start, end = (0, 1) if direction == FORWARD else (1, 0)
    sentences = {tuple(cache.sentence(i).tolist()[:: 1 if direction == FORWARD else -1]) for i in range(60)}
    for row_in, row_out in zip(inputs.tolist(), targets.tolist(), strict=True):
        assert row_in[0] == start
        starts = [i for i, token in enumerate(row_in) if token == start] + [len(row_in)]
        for a, b in itertools.pairwise(starts[:-1]):
            assert tuple(row_in[a + 1 : b]) in sentences
            assert row_out[a:b] == [*row_in[a + 1 : b], end]


def test_an_epoch_reads_every_sentence_once_and_the_next_is_shuffled_anew(cache):
    stream = TokenStream(cache, FORWARD, 1, "sentences", 1)
    n_tokens = len(cache.tokens) + cache.n_sentences
    first, _ = rows_of(stream, n_tokens, 1)
    second, _ = rows_of(stream, n_tokens, 1)
    expected = Counter(cache.tokens.tolist()) + Counter({0: cache.n_sentences})
    assert Counter(first[0].tolist()) == expected == Counter(second[0].tolist())
    assert first.tolist() != second.tolist()


def test_directions_shuffle_independently(cache):
    forward = TokenStream(cache, FORWARD, 4, "sentences", 1).next_batch(8).inputs
    backward = TokenStream(cache, BACKWARD, 4, "sentences", 1).next_batch(8).inputs
    assert set(forward[1].tolist()) != set(backward[1].tolist())


def test_documents_are_read_in_order(tmp_path):
    documents = [[f"d{document}s{sentence} x" for sentence in range(3)] for document in range(5)]
    (tmp_path / "a.txt").write_text("\n\n".join("\n".join(document) for document in documents))
    cache = open_corpus(str(tmp_path / "a.txt"), tmp_path / "cache", tokenised=True)
    inputs, _ = rows_of(
        TokenStream(cache, FORWARD, 1, "documents", 3), len(cache.tokens) + cache.n_sentences, 1
    )
    names = [cache.types[i] for i in inputs[0] if cache.types[i].startswith("d")]
    order = [name[:2] for name in names[::3]]
    assert sorted(order) == [f"d{document}" for document in range(5)] != order
    assert names == [f"{document}s{sentence}" for document in order for sentence in range(3)]


@pytest.mark.parametrize("order", ["sentences", "documents"])
def test_position_goes_on_exactly(cache, order):
    stream = TokenStream(cache, BACKWARD, 3, order, 5)
    rows_of(stream, 6, 25)  # into the second epoch
    position = stream.position()
    expected = rows_of(stream, 6, 30)
    again = TokenStream(cache, BACKWARD, 3, order, 5)
    again.seek(position)
    for ours, theirs in zip(rows_of(again, 6, 30), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_too_small_a_corpus_says_what_to_do(cache):
    with pytest.raises(CorpusError, match="60 sentences, too few for 100 parallel rows; lower rows to 15"):
        TokenStream(cache, FORWARD, 100, "sentences", 1)
