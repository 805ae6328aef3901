"""The plan alone, without any model: every word is read and every output lands, once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elmo_core.embedding.plan import carried, independent
from elmo_core.embedding.reading import END, START, TokenisedText, number_words, read_texts
from elmo_core.nn.bilm import BACKWARD, FORWARD

TEXTS = st.lists(st.lists(st.integers(0, 9), max_size=3).map(tuple), max_size=12)


def texts_of(lengths):
    """One text for each tuple of sentence lengths, all its tokens distinct."""
    return [
        TokenisedText(
            [f"{index}:{token}" for token in range(sum(sentences))], tuple(n for n in sentences if n)
        )
        for index, sentences in enumerate(lengths)
    ]


@settings(deadline=None)
@given(TEXTS, st.integers(1, 5), st.integers(1, 40), st.sampled_from([independent, carried]))
def test_every_word_is_read_and_placed_once(lengths, rows, budget, plan):
    texts = texts_of(lengths)
    words, sentences = number_words(texts)
    for direction in (FORWARD, BACKWARD):
        landed = [[None] * len(text.tokens) for text in texts]
        for batch in (batch for chain in plan(sentences, rows) for batch in chain):
            assert len(batch.sentences) <= rows
            alive = []
            for chunk in batch.chunks(direction, budget):
                assert len(chunk.words) == sum(chunk.sizes)
                assert len(chunk.words) <= budget or len(chunk.sizes) == 1
                alive += chunk.sizes
                for place in chunk.places:
                    positions = range(len(landed[place.text]))[place.target]
                    for position, source in zip(positions, place.source, strict=True):
                        assert landed[place.text][position] is None
                        landed[place.text][position] = words[chunk.words[source]]
            assert alive == sorted(alive, reverse=True)
            assert sum(alive) == batch.n_steps
        assert landed == [text.tokens for text in texts]


@pytest.mark.parametrize(("direction", "first"), [(FORWARD, START), (BACKWARD, END)])
def test_boundaries_stand_around_a_sentence(direction, first):
    _, sentences = number_words(read_texts([["a", "b"]]))
    (alone,), (kept,) = independent(sentences, 1)[0], carried(sentences, 1)[0]
    inner = [2, 3] if direction == FORWARD else [3, 2]
    (chunk,) = alone.chunks(direction, 100)
    assert chunk.words.tolist() == [first, *inner]  # nobody would see what the last boundary does
    (chunk,) = kept.chunks(direction, 100)
    assert chunk.words.tolist() == [first, *inner, END if first == START else START]


def test_blank_texts_keep_their_row_only_where_the_state_is_carried():
    _, sentences = number_words(read_texts([["a"], [], "", ["b", "c"]]))
    assert [len(s.words) for chain in independent(sentences, 2) for s in chain[0].sentences] == [2, 1]
    (chain,) = carried(sentences, 2)
    assert [[sentence.text for sentence in batch.sentences] for batch in chain] == [[0, 1], [3, 2]]
    assert [batch.rows.tolist() for batch in chain] == [[0, 1], [1, 0]]


def test_sentences_of_one_string_stay_apart():
    (text,) = read_texts(["We sat. They left.\nWhy?"])
    assert text.tokens == ("We", "sat", ".", "They", "left", ".", "Why", "?")
    assert text.lengths == (3, 3, 2)
    _, sentences = number_words([text])
    assert [(sentence.start, len(sentence.words)) for sentence in sentences] == [(0, 3), (3, 3), (6, 2)]
    assert np.concatenate([sentence.words for sentence in sentences]).tolist() == [2, 3, 4, 5, 6, 4, 7, 8]
