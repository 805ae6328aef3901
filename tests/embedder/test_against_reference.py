"""All shapes of models, both ways to treat the state, against plain loops written from the equations."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from elmo_core.embedder import Elmo
from elmo_core.text.vocabulary import Vocabulary
from elmo_core.weights.store import StoredModel
from tests.nn.official_layout import model_of
from tests.reference import bilm, random_weights, zero_states
from tests.weights.official_files import N_WORDS, VARIANTS, WORDS

SENTENCES = [
    ["word3", "word4", "word3"],
    ["word5"],
    [],
    ["word6", "nobody", "word7", "word8", "word9"],
    ["word4", "word3"],
]
ROWS = 2


@pytest.fixture(params=VARIANTS)
def variant(request):
    """A model, and the reference's layers of a batch that goes on from given states."""
    options = VARIANTS[request.param]
    weights = random_weights(options, np.random.default_rng(4), N_WORDS)
    has_characters = "char_cnn" in options
    model = model_of(weights, options, torch.float32, 0 if has_characters else N_WORDS)
    vocabulary = Vocabulary(WORDS)

    def reference(batch, states):
        marked = [["<S>", *sentence, "</S>"] for sentence in batch]
        ids = marked if has_characters else [vocabulary.ids_of(tokens).tolist() for tokens in marked]
        layers, states = bilm(weights, options, ids, states)
        return [found[:, 1:-1] for found in layers], states

    elmo = Elmo(StoredModel("random", model, None if has_characters else vocabulary))
    return elmo, reference, zero_states(options, ROWS)


def test_state_zero(variant):
    elmo, reference, _ = variant
    for sentence, ours in zip(SENTENCES, elmo.embed(SENTENCES), strict=True):
        (wanted,), _ = reference([sentence], None)
        np.testing.assert_allclose(ours.layers, wanted, atol=2e-6, rtol=0)


def test_state_carried_over_a_short_last_batch_and_a_blank_sentence(variant):
    elmo, reference, states = variant
    wanted = []
    bounds = [*range(0, len(SENTENCES), ROWS), len(SENTENCES)]
    for start, end in pairwise(bounds):
        layers, states = reference(SENTENCES[start:end], states)
        wanted += layers
    found = elmo.embed(SENTENCES, state="carry", batch_size=ROWS)
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours.layers, theirs, atol=2e-6, rtol=0)
