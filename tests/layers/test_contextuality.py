"""Contextuality against plain loops, and labelled data out of texts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from elmo_core import Elmo
from elmo_core.exceptions import InputError
from elmo_core.layers.contextuality import MIN_USES, measure_contextuality
from elmo_core.layers.labelled import join_words, label_texts, label_tokens, label_uses
from elmo_core.senses.uses import find_uses, gather_vectors

SENTENCES = [
    f"the {noun} saw the old {other}" for noun, other in itertools.permutations(["dog", "cat", "fox"], 2)
]


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_the_measures_are_those_of_plain_loops(elmo: Elmo):
    found = measure_contextuality(elmo, SENTENCES)
    embedded = elmo.embed(SENTENCES)
    tokens = [one.layers[:, at].astype(float) for one in embedded for at in range(len(one.tokens))]
    saw = [one.layers[:, one.tokens.index("saw")].astype(float) for one in embedded]
    assert found.n_tokens == len(tokens)
    assert {word.word for word in found.words} == {"the", "saw", "old"}
    word = next(word for word in found.words if word.word == "saw")
    assert word.n == len(SENTENCES)
    for layer in range(elmo.n_layers):
        pairs = itertools.combinations(range(len(tokens)), 2)
        baseline = np.mean([cosine(tokens[a][layer], tokens[b][layer]) for a, b in pairs])
        own = np.mean([cosine(a[layer], b[layer]) for a, b in itertools.combinations(saw, 2)])
        inside = np.mean(
            [
                np.mean([cosine(vector, one.layers[layer].mean(axis=0)) for vector in one.layers[layer]])
                for one in embedded
            ]
        )
        squares = np.linalg.svd(np.stack([one[layer] for one in saw]), compute_uv=False) ** 2
        assert found.anisotropy[layer].value == pytest.approx(baseline, abs=1e-5)
        assert word.self_similarity[layer] == pytest.approx(own - baseline, abs=1e-5)
        assert found.sentence_similarity[layer].value == pytest.approx(inside - baseline, abs=1e-4)
        raw = word.explained[layer] + found.explained_baseline[layer]  # all three words have six uses
        assert raw == pytest.approx(squares[0] / squares.sum(), abs=1e-5)


def test_the_token_vector_of_a_word_is_the_same_in_all_its_uses(elmo: Elmo):
    found = measure_contextuality(elmo, SENTENCES)
    for word in found.words:
        assert word.self_similarity[0] + found.anisotropy[0].value == pytest.approx(1, abs=1e-4)
    assert found.least_contextual(2)[0].self_similarity[2] >= found.most_contextual(2)[0].self_similarity[2]


def test_a_repeated_sentence_is_one_context(elmo: Elmo):
    with pytest.raises(InputError, match=f"{MIN_USES} uses in different sentences"):
        measure_contextuality(elmo, ["the dog saw the old cat"] * 20)


def test_texts_tokens_and_uses_become_labelled_vectors(elmo: Elmo):
    texts = ["good film", "bad film", "good", "bad", "", "lone"]
    data = label_texts(elmo, texts, ["+", "-", "+", "-", "+", "?"])
    assert data.contexts == ("good film", "bad film", "good", "bad")
    assert data.n_skipped == 2
    np.testing.assert_allclose(data.layers[:, 0], elmo.embed(["good film"])[0].layers.mean(axis=1), atol=1e-6)

    tagged = [[("A", "DET"), ("dog", "NOUN")], [("The", "DET"), ("cat", "NOUN")]]
    tokens = label_tokens(elmo, tagged)
    assert (tokens.labels, tokens.types) == (("DET", "NOUN", "DET", "NOUN"), ("a", "dog", "the", "cat"))
    np.testing.assert_allclose(tokens.layers[:, 3], elmo.embed([["The", "cat"]])[0].layers[:, 1], atol=1e-6)

    uses = find_uses(["a bank", "the Bank", "bank up", "no bank"], "bank", ["x", "y", "x", "y"])
    data = label_uses(elmo, uses)
    found = elmo.embed([list(use.tokens) for use in uses.uses])
    np.testing.assert_allclose(data.layers, gather_vectors(uses, [one.layers for one in found]), atol=1e-6)
    half, around = elmo.dim // 2, data.around
    assert around is not None
    np.testing.assert_allclose(around[0, :half], found[0].layers[-1, 0, :half], atol=1e-6)  # read before it
    np.testing.assert_allclose(around[2, half:], found[2].layers[-1, 1, half:], atol=1e-6)  # read after it
    assert label_texts(elmo, ["one", "two"] * 2, ["x", "y"] * 2).around is None
    both = join_words({"bank": data, "dog": tokens})
    assert both.labels == (
        "bank: x",
        "bank: y",
        "bank: x",
        "bank: y",
        *(f"dog: {one}" for one in tokens.labels),
    )
    assert both.types == ("bank",) * 4 + ("dog",) * 4 and both.around is not None
    np.testing.assert_array_equal(both.take([5]).around, tokens.around[[1]])
    assert data.types == ("bank",) * 4
    assert data.majority == 0.5
    assert len(data.sampled(3)) == 3
