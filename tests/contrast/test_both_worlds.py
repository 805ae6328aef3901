"""The same question in both worlds, on a text of a few sentences and the model of random weights."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core.contrast.as_static import type_averages, vectors_of_words_alone
from elmo_core.contrast.comparison import (
    contextual_neighbours,
    nearest_uses,
    overlap,
    read_query,
    static_neighbours,
)
from elmo_core.contrast.sensitivity import rank_by_context
from elmo_core.contrast.text_space import TextSpace, embed_text, views_of, weights_of
from elmo_core.contrast.word_spaces import (
    WordNeighbour,
    WordSpace,
    candidates,
    contextual_space,
    static_space,
)
from elmo_core.exceptions import InputError
from elmo_core.static.vectors import StaticVectors
from elmo_core.text.tokenisation import tokenise

SENTENCES = [
    "The bank of the river was steep .",
    "A bank lends money to the town .",
    "We sat on the bank and fished .",
    "The Bank raised its rates again .",
    "The river ran past the town .",
    "Money is what the town wants .",
]
TOP, LAYER_0 = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def text(elmo) -> TextSpace:
    return embed_text(elmo, [tokenise(sentence) for sentence in SENTENCES])


@pytest.fixture(scope="module")
def static(text) -> StaticVectors:
    words = ("bank", "river", "money", "town", "the", "rates", "zebra")
    return StaticVectors("mine", words, np.random.default_rng(0).standard_normal((7, 8)).astype(np.float32))


def test_a_text_space_is_what_the_model_gives(elmo, text):
    found = elmo.embed([list(tokens) for tokens in text.sentences])
    wanted = np.concatenate([one.layers for one in found], axis=1)
    np.testing.assert_allclose(text.layers, wanted, atol=2e-3)
    assert text.tokens == tuple(token for one in found for token in one.tokens)
    assert text.rows_by_word["bank"].tolist() == [1, 9, 20, 25]
    assert text.spellings["bank"] == "bank" and "." not in text.rows_by_word
    assert abs(text.view(TOP).mean(axis=0)).max() < 1e-4


def test_the_context_of_a_token_is_one_layer_more_where_it_is_free(elmo, text):
    space = embed_text(elmo, text.sentences, with_context=True)
    np.testing.assert_array_equal(space.layers[:-1], text.layers)
    half, rows = elmo.dim // 2, len(text.sentences[0])
    for row in range(1, rows - 1):  # what both directions have read beside it
        np.testing.assert_array_equal(space.layers[-1, row, :half], text.layers[-1, row - 1, :half])
        np.testing.assert_array_equal(space.layers[-1, row, half:], text.layers[-1, row + 1, half:])
    assert views_of(elmo) == ("Context", "Layer 0 (token)", "Layer 1", "Layer 2", "Uniform mix")
    context = weights_of("Context", elmo, with_context=True)
    assert context == (0, 0, 0, 1) and weights_of("Uniform mix", elmo, with_context=True) == (1, 1, 1, 0)
    first, second = (
        read_query(elmo, f"We sat on the {word} and fished.", word, with_context=True)
        for word in ("bank", "pier")
    )
    np.testing.assert_allclose(first.layers[-1], second.layers[-1], atol=1e-5)  # whatever the word is
    assert abs(first.layers[0] - second.layers[0]).max() > 0.01


def test_a_long_text_is_cut_after_a_sentence(elmo):
    space = embed_text(elmo, [["one", "two"]] * 5, max_tokens=7)
    assert len(space.sentences) == 3 and space.n_sentences == 5
    with pytest.raises(InputError, match="no sentence"):
        embed_text(elmo, [])


def test_candidates_are_known_to_both(text, static):
    assert candidates(text, static) == {
        word: word for word in ("the", "bank", "river", "money", "town", "rates")
    }
    assert "rates" not in candidates(text, static, min_uses=2)


def test_nearest_words_are_those_of_brute_force_with_their_percentile(text, static):
    space = static_space(static, candidates(text, static))
    found = static_neighbours(space, "BANK", 3)
    cosines = {
        word: float(space.units[space.rows["bank"]] @ space.units[space.rows[word]])
        for word in space.words
        if word != "bank"
    }
    assert [near.cosine for near in found] == pytest.approx(sorted(cosines.values())[:-4:-1], abs=1e-6)
    assert [cosines[near.word] for near in found] == pytest.approx([near.cosine for near in found], abs=1e-6)
    pairs = np.array(
        [
            float(space.units[a] @ space.units[b])
            for a in range(len(space.words))
            for b in range(a + 1, len(space.words))
        ]
    )
    for near in found:  # pairs nearer to it than rounding may count as lower, as equal or as higher
        lower, not_higher = (np.mean(pairs < near.cosine + tie) for tie in (-1e-6, 1e-6))
        assert lower <= near.percentile <= not_higher
    assert static_neighbours(space, "zebra", 3) == ()


def test_the_contextual_list_depends_on_the_sentence_and_by_layer_0_it_does_not(elmo, text, static):
    words = list(candidates(text, static))
    queries = [
        read_query(elmo, sentence, "bank") for sentence in ("The bank was steep.", "Her bank failed us")
    ]
    lists = {}
    for name, weights in (("top", TOP), ("0", LAYER_0)):
        space = contextual_space(text, weights, words, name)
        lists[name] = [contextual_neighbours(text, space, query, weights, 5) for query in queries]
    assert lists["top"][0] != lists["top"][1]
    assert [near.word for near in lists["0"][0]] == [near.word for near in lists["0"][1]]


def test_a_use_is_not_its_own_neighbour(elmo, text):
    query = read_query(elmo, SENTENCES[2], "bank")
    near = nearest_uses(text, query, TOP, len(text.tokens))
    assert len(near) == len(text.tokens) - 1 and 20 not in [one.row for one in near]
    assert [one.cosine for one in near] == sorted((one.cosine for one in near), reverse=True)
    tokens = nearest_uses(text, query, LAYER_0, 2)
    assert {text.tokens[one.row] for one in tokens} == {"bank"} and tokens[0].cosine == pytest.approx(
        1, abs=1e-3
    )


def test_a_sentence_without_the_word_is_one_sentence_of_complaint(elmo):
    with pytest.raises(InputError, match="does not use 'bank': The shore"):
        read_query(elmo, "The shore was steep.", "bank")


def test_overlaps_say_what_is_common_gained_and_lost():
    first, second = ([WordNeighbour(word, 0.5, 0.9) for word in words] for words in ("abcd", "cdef"))
    found = overlap(first, second, 40)
    assert (found.common, found.gained, found.lost) == (("c", "d"), ("e", "f"), ("a", "b"))
    assert found.chance == pytest.approx(0.4)


def test_the_ranking_puts_what_varies_before_what_does_not(text):
    generator = np.random.default_rng(0)
    rows = [["steady", "wild", "other"] for _ in range(30)]
    layers = generator.standard_normal((1, 90, 16)).astype(np.float16)
    layers[0, ::3] = layers[0, 0]
    space = TextSpace(tuple(map(tuple, rows)), 30, layers)
    words = WordSpace("s", ("steady", "wild", "other"), np.eye(3, 16, dtype=np.float32))
    found = rank_by_context(space, (1.0,), words, words)
    assert found.words[-1].word == "steady" and found.words[-1].self_similarity == pytest.approx(1, abs=1e-3)
    assert abs(found.words[0].self_similarity - np.mean(_pairs(space, found.words[0].word))) < 1e-5
    assert all(one.low <= one.self_similarity + 0.05 and one.n == 30 for one in found.words)
    assert rank_by_context(space, (1.0,), words, words, min_uses=31).words == ()
    assert found == rank_by_context(space, (1.0,), words, words)


def _pairs(space: TextSpace, word: str) -> list[float]:
    vectors = space.view((1.0,))[space.rows_by_word[word]]
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return [float(vectors[a] @ vectors[b]) for a in range(30) for b in range(a + 1, 30)]


def test_the_model_itself_as_static_vectors(elmo, text):
    alone = vectors_of_words_alone(elmo, ("bank", "river"), LAYER_0, "layer 0")
    (found,) = elmo.embed([["the", "bank"]])
    np.testing.assert_allclose(alone["bank"], found.layers[0, 1], atol=1e-6)
    averages = type_averages(text, TOP, "averages")
    np.testing.assert_allclose(
        averages["bank"], text.view(TOP)[[1, 9, 20, 25]].mean(axis=0), rtol=1e-4, atol=1e-5
    )
