"""Perplexity against a plain loop, token by token."""

from __future__ import annotations

import itertools
import json
import math

import h5py
import pytest
import torch

from elmo_core.exceptions import ConfigError, InputError
from elmo_core.nn.bilm import BACKWARD, FORWARD
from elmo_core.pretraining.evaluation import text_perplexity
from elmo_core.text.characters import words_to_ids
from elmo_core.weights.official import write_official
from elmo_core.weights.tiny import tiny_model
from tests.reference import carried_perplexity

SENTENCES = [
    ["the", "time", "of", "zebras"],
    ["I", "know"],
    [],
    ["people", "and", "the", "day", "."],
    ["way"],
]


def naive_loss(model, vocabulary, sentences, direction):
    """Sum of the losses of sentences read one after another in one row."""
    total, states = 0.0, model.zero_states(1)
    for words in sentences:
        marked = ["<S>", *words, "</S>"]
        marked = marked if direction == FORWARD else marked[::-1]
        for word, target in itertools.pairwise(marked):
            vector = model.encode(torch.from_numpy(words_to_ids([word])))
            outputs, states = model.run_direction(direction, vector, [1], states)
            scores = torch.log_softmax(model.softmax(outputs[-1])[0], dim=0)
            total -= float(scores[vocabulary.id_of(target)])
    return total


@torch.no_grad()
@pytest.mark.parametrize("state", ["carry", "zero"])
def test_equals_a_plain_loop(state):
    stored = tiny_model()
    kept = [sentence for sentence in SENTENCES if sentence]
    count = sum(len(sentence) + 1 for sentence in kept)
    rows = [kept] if state == "carry" else [[sentence] for sentence in kept]
    expected = [
        math.exp(sum(naive_loss(stored.model, stored.vocabulary, row, direction) for row in rows) / count)
        for direction in (FORWARD, BACKWARD)
    ]
    found = text_perplexity(stored.model, stored.vocabulary, SENTENCES, state=state, rows=1)
    assert [found.forward, found.backward] == pytest.approx(expected, rel=1e-5)
    assert found.mean == pytest.approx(sum(expected) / 2, rel=1e-5)
    assert found.n_predictions == count
    unknown = sum(word not in stored.vocabulary for sentence in kept for word in sentence)
    assert found.unknown_share == pytest.approx(unknown / count)


def test_zero_state_does_not_depend_on_rows():
    stored = tiny_model()
    one, many = (
        text_perplexity(stored.model, stored.vocabulary, SENTENCES, state="zero", rows=rows)
        for rows in (1, 9)
    )
    assert one.mean == pytest.approx(many.mean, rel=1e-5)


def test_long_rows_cross_blocks_of_steps():
    stored = tiny_model()
    sentence = ["the", "day", "of", "time"] * 40
    found = text_perplexity(stored.model, stored.vocabulary, [sentence], rows=1)
    with torch.no_grad():
        expected = naive_loss(stored.model, stored.vocabulary, [sentence], BACKWARD)
    assert found.backward == pytest.approx(math.exp(expected / 161), rel=1e-5)


def test_carrying_equals_the_numpy_reference_sentence_by_sentence(tmp_path):
    stored = tiny_model()
    kept = [sentence for sentence in SENTENCES if sentence]
    found = text_perplexity(stored.model, stored.vocabulary, SENTENCES)
    assert (found.rows, found.state) == (1, "carry") and "whole text (1 row)" in found.carried
    write_official(stored.model, stored.vocabulary, tmp_path / "official")
    options = json.loads((tmp_path / "official" / "options.json").read_text())
    weights = {}
    with h5py.File(tmp_path / "official" / "weights.hdf5") as file:
        file.visititems(
            lambda name, item: weights.update({name: item[...]} if hasattr(item, "shape") else {})
        )
    softmax = tuple(getattr(stored.model.softmax, name).detach().numpy() for name in ("weight", "bias"))
    for direction, value in ((FORWARD, found.forward), (BACKWARD, found.backward)):
        expected = carried_perplexity(weights, options, softmax, stored.vocabulary.words, kept, direction)
        assert value == pytest.approx(expected, rel=1e-4)
    apart = text_perplexity(stored.model, stored.vocabulary, SENTENCES, state="zero")
    assert apart.rows is None and "on its own" in apart.carried
    assert abs(apart.mean - found.mean) > 1e-3  # something is carried


def test_rows_are_chosen_so_that_state_is_carried():
    stored = tiny_model()
    sentences = [["the", "day", "of", "time"]] * 410  # 2,050 predictions
    found = text_perplexity(stored.model, stored.vocabulary, sentences)
    assert found.rows == 4 and "inside each of 4 parts" in found.carried
    few = text_perplexity(stored.model, stored.vocabulary, sentences[:100], rows=64)
    assert few.rows == 64 or few.rows == 50
    with pytest.raises(ConfigError, match="rows must be 1 or more, got 0"):
        text_perplexity(stored.model, stored.vocabulary, sentences, rows=0)


def test_parts_are_read_on_their_own():
    stored = tiny_model()
    kept = [sentence for sentence in SENTENCES if sentence] * 3
    both = text_perplexity(stored.model, stored.vocabulary, kept * 2, rows=2)
    one = text_perplexity(stored.model, stored.vocabulary, kept, rows=1)
    assert (both.rows, both.n_predictions) == (2, 2 * one.n_predictions)
    assert [both.forward, both.backward] == pytest.approx([one.forward, one.backward], rel=1e-5)


def test_a_loss_beyond_any_number_is_no_overflow():
    stored = tiny_model()
    with torch.no_grad():
        stored.model.softmax.bias[3:] = -5000.0
        stored.model.softmax.bias[2] = 5000.0
    found = text_perplexity(stored.model, stored.vocabulary, [["the", "the"]])
    assert found.mean == math.inf and found.loss > 1000
    with torch.no_grad():
        stored.model.softmax.bias[:] = math.nan
    assert text_perplexity(stored.model, stored.vocabulary, [["the"]]).mean == math.inf


@pytest.mark.parametrize(("words", "share"), [(["zz", "yy"], 2 / 3), (["the", "the"], 0.0)])
def test_unknown_words_are_warned_of(words, share):
    stored = tiny_model()
    found = text_perplexity(stored.model, stored.vocabulary, [words])
    assert found.unknown_share == pytest.approx(share)
    assert (found.warning or "").startswith("67% of the predictions") == (share > 0.3)


def test_no_text_and_no_softmax():
    stored = tiny_model()
    with pytest.raises(InputError, match="no token"):
        text_perplexity(stored.model, stored.vocabulary, [[], []])
    stored.model.softmax = None
    with pytest.raises(ConfigError, match="no softmax"):
        text_perplexity(stored.model, stored.vocabulary, SENTENCES)
