"""Perplexity against a plain loop, token by token."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from elmo_core.exceptions import ConfigError, InputError
from elmo_core.nn.bilm import BACKWARD, FORWARD
from elmo_core.pretraining.evaluation import text_perplexity
from elmo_core.text.characters import words_to_ids
from elmo_core.weights.tiny import tiny_model

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
    for words in sentences if direction == FORWARD else sentences[::-1]:
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


def test_no_text_and_no_softmax():
    stored = tiny_model()
    with pytest.raises(InputError, match="no token"):
        text_perplexity(stored.model, stored.vocabulary, [[], []])
    stored.model.softmax = None
    with pytest.raises(ConfigError, match="no softmax"):
        text_perplexity(stored.model, stored.vocabulary, SENTENCES)
