"""Substitutes against the two distributions multiplied out, and the names of groups."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from elmo_core import Elmo, load_elmo
from elmo_core.encoders.bilm import context_halves, edge_outputs
from elmo_core.senses.group_names import name_groups
from elmo_core.senses.inflections import forms_of, lemma
from elmo_core.senses.substitutes import Substitutes, context_words, find_substitutes
from elmo_core.senses.use_vectors import embed_uses
from elmo_core.senses.uses import Uses, find_uses

TEXT = ["The river bank was high", "money in the bank", "Banks and a bank"]


@pytest.fixture(scope="module")
def uses() -> Uses:
    return find_uses([sentence.split() for sentence in TEXT], "bank")


def test_they_are_the_product_of_both_distributions_over_the_prior(elmo: Elmo, uses: Uses):
    found = find_substitutes(elmo, embed_uses(elmo, uses).expected, uses, n_kept=8)
    softmax, vocabulary = elmo.model.require_softmax(), elmo.vocabulary
    use = uses.uses[0]
    (embedding,) = elmo.embed([list(use.tokens)])
    halves = context_halves(embedding.layers, edge_outputs(elmo.model, elmo.vocabulary))[:, use.position]
    with torch.inference_mode():
        logs = torch.log_softmax(softmax(torch.from_numpy(halves)), dim=1).sum(dim=0)
        logs = logs - torch.log_softmax(softmax.bias, dim=0)
    words = [word for word, _ in found.of_use(0, 8)]
    ids = [vocabulary.id_of(word) for word in words]
    barred = {"<S>", "</S>", "<UNK>", "bank"}
    assert not barred & set(words)
    shares = torch.softmax(logs[ids], dim=0).numpy()
    np.testing.assert_allclose([weight for _, weight in found.of_use(0, 8)], shares, rtol=1e-3)
    others = [
        float(logs[i])
        for i, word in enumerate(vocabulary.words)
        if word in {"river", "money", "water", "city", "house", "door", "wind", "fire", "music", "school"}
        and word not in words
    ]
    assert min(float(logs[i]) for i in ids) >= max(others)


def test_forms_of_the_word_and_function_words_are_left_out(elmo: Elmo):
    uses = find_uses([["a", "house", "fell"]], "house")
    found = find_substitutes(elmo, embed_uses(elmo, uses).expected, uses, n_kept=500)
    assert found.kind == "substitutes"
    assert "house" not in found.words
    assert not {"the", "of", ",", "."} & set(found.words)
    assert found.weights.sum() == pytest.approx(1)
    assert (np.diff(found.weights[0]) <= 1e-7).all()


def test_a_model_without_softmax_has_context_words(elmo: Elmo, uses: Uses):
    silent = load_elmo("tiny")
    silent.model = type(elmo.model)(dataclasses.replace(elmo.config, has_softmax=False)).eval()
    found = find_substitutes(silent, np.zeros((3, 8), dtype=np.float32), uses)
    assert found.kind == "context words"
    assert found.of_use(0) == (("high", 0.5), ("river", 0.5))
    assert found.of_use(1) == (("money", 1.0),)
    assert found.of_use(2) == ()


def test_context_words_come_from_a_window():
    tokens = ["far", *["the"] * 5, "near", "bank", "close", *["the"] * 5, "away"]
    found = context_words(find_uses([tokens], "bank"), window=3)
    assert {word for word, _ in found.of_use(0)} == {"near", "close"}


def substitutes(rows: list[dict[str, float]]) -> Substitutes:
    words = tuple(dict.fromkeys(word for row in rows for word in row))
    ids = np.array([[words.index(word) for word in row] for row in rows], dtype=np.int32)
    return Substitutes("substitutes", words, ids, np.array([list(row.values()) for row in rows], np.float32))


def test_groups_are_named_by_what_sets_them_apart():
    found = substitutes(
        [{"place": 0.5, "shore": 0.3, "slope": 0.2}] * 5 + [{"place": 0.5, "lender": 0.4, "firm": 0.1}] * 5
    )
    first, second = name_groups(found, [0] * 5 + [1] * 5)
    assert (first.words, second.words) == (("shore", "slope"), ("lender", "firm"))
    assert (first.n, second.n, first.text) == (5, 5, "shore, slope")
    assert first.scores[0] > first.scores[1] > 0


def test_a_word_that_one_use_has_names_less_than_one_that_all_have():
    found = substitutes(
        [{"shore": 0.6, f"odd{row}": 0.4} for row in range(5)] + [{"firm": 0.5, "bond": 0.5}] * 5
    )
    (first, _) = name_groups(found, [0] * 5 + [1] * 5, n_words=2)
    assert first.words[0] == "shore"


def test_one_group_is_named_by_its_heaviest_words_and_strays_do_not_count():
    found = substitutes([{"a": 0.6, "b": 0.4}, {"a": 0.7, "b": 0.3}, {"c": 0.9, "b": 0.1}])
    (only,) = name_groups(found, [0, 0, -1])
    assert only.words == ("a", "b")
    assert only.n == 2


def test_a_group_without_words_has_a_number_for_a_name():
    found = Substitutes("context words", (), np.zeros((2, 0), np.int32), np.zeros((2, 0), np.float32))
    assert [name.text for name in name_groups(found, [0, 1])] == ["group 1", "group 2"]


@pytest.mark.parametrize(("word", "expected"), [("Banks", "bank"), ("went", "go"), ("zqx", "zqx"), ("", "")])
def test_lemmas(word: str, expected: str):
    assert lemma(word) == expected


def test_a_language_without_dictionary_leaves_words_as_they_are():
    assert lemma("Banks", "xx") == "banks"


def test_forms_of_a_word_are_those_of_its_lemma():
    assert forms_of("bank", ["Banks", "banker", "BANK", "river"]) == {"bank", "banks"}


def test_inflected_uses_are_found_on_request():
    text = ["The bank and its Banks.", ["two", "banks"], "snowbanks"]
    assert [use.word for use in find_uses(text, "bank").uses] == ["bank"]
    assert [use.word for use in find_uses(text, "bank", inflections=True).uses] == ["bank", "Banks", "banks"]
    assert [use.word for use in find_uses(text, "banks", inflections=True).uses] == ["bank", "Banks", "banks"]
