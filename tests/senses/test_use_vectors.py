"""Vectors of uses: equal to those of the model, one reading of each sentence, exact re-pairing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elmo_core import Elmo
from elmo_core.encoders.bilm import context_halves, edge_outputs
from elmo_core.nn.bilm import BACKWARD, FORWARD
from elmo_core.senses.context_centres import PRIOR_PLACES, ContextCentres
from elmo_core.senses.use_vectors import embed_uses
from elmo_core.senses.uses import Uses, find_uses
from elmo_core.text.characters import words_to_ids

SENTENCES = [
    ["The", "bank", "raised", "its", "rates", "."],
    ["They", "sat", "on", "the", "bank"],
    ["bank", "after", "bank", "closed"],
    ["bank"],
]


@pytest.fixture(scope="module")
def uses() -> Uses:
    return find_uses(SENTENCES, "bank")


def top_outputs(elmo: Elmo, tokens: list[str], direction: int) -> np.ndarray:
    """The top layer of one direction over a sentence with both its boundaries, in reading order."""
    marked = ["<S>", *tokens, "</S>"][:: 1 if direction == FORWARD else -1]
    with torch.inference_mode():
        vectors = elmo.model.encode(torch.from_numpy(words_to_ids(marked)))
        states = elmo.model.zero_states(1)
        layers, _ = elmo.model.run_direction(direction, vectors, [1] * len(marked), states)
    return layers[-1].numpy()[:: 1 if direction == FORWARD else -1]


def test_contexts_are_the_outputs_beside_each_token(elmo: Elmo):
    tokens = SENTENCES[0]
    (found,) = elmo.embed([tokens])
    halves = context_halves(found.layers, edge_outputs(elmo.model, elmo.vocabulary))
    np.testing.assert_allclose(halves[0], top_outputs(elmo, tokens, FORWARD)[:-2], atol=1e-6)
    np.testing.assert_allclose(halves[1], top_outputs(elmo, tokens, BACKWARD)[2:], atol=1e-6)


def test_layers_are_those_of_embed(elmo: Elmo, uses: Uses):
    vectors = embed_uses(elmo, uses)
    for row, use in enumerate(uses.uses):
        (found,) = elmo.embed([list(use.tokens)])
        np.testing.assert_allclose(vectors.layers[:, row], found.layers[:, use.position], atol=1e-6)


def test_every_sentence_is_read_once(elmo: Elmo, uses: Uses, monkeypatch: pytest.MonkeyPatch):
    read: list[list[str]] = []
    stream, shares = Elmo.stream, []

    def watched(self, sentences, **options):
        read.extend(map(list, sentences))
        return stream(self, sentences, **options)

    monkeypatch.setattr(Elmo, "stream", watched)
    vectors = embed_uses(elmo, uses, report=lambda doing, share: shares.append(share))
    assert read == SENTENCES
    assert shares == sorted(shares) and shares[-1] == 1
    assert vectors.layers.shape == (3, 5, elmo.dim)


def test_repairing_halves_is_what_the_model_computes(elmo: Elmo, uses: Uses):
    """Left context of the first use, right context of the second: one sentence that is really read."""
    vectors = embed_uses(elmo, uses)
    pairing = np.array([1, 0, 2, 3, 4])
    mixed = find_uses([["The", "bank"]], "bank")  # "The bank raised ..." with the end of "... the bank"
    crossed = embed_uses(elmo, mixed, beside=vectors)
    np.testing.assert_allclose(vectors.contexts.units(pairing)[0], crossed.contexts.units()[0], atol=1e-5)


def test_the_spelling_of_the_word_does_not_matter(elmo: Elmo):
    lower, upper = (
        embed_uses(elmo, find_uses([["the", spelling, "fell"]], "bank")) for spelling in ("bank", "BANK")
    )
    np.testing.assert_array_equal(lower.expected, upper.expected)
    assert not np.allclose(lower.layers, upper.layers)


def test_a_view_has_both_halves_and_the_mean_of_its_layers(elmo: Elmo, uses: Uses):
    vectors = embed_uses(elmo, uses)
    view = vectors.view((0, 0.5, 0.5))
    expected = (vectors.layers[1:] - vectors.layer_means[1:, None]).mean(axis=0)
    np.testing.assert_allclose(view.forward + view.backward, expected, atol=1e-6)
    half = elmo.dim // 2
    assert not view.forward[:, half:].any()
    assert not view.backward[:, :half].any()


def test_centres_are_means_by_neighbour_drawn_to_the_mean_of_all():
    generator = np.random.default_rng(0)
    halves = generator.standard_normal((2, 5, 4)).astype(np.float32)
    centres = ContextCentres(4)
    tokens = ["In", "x", "in", "y", "z"]
    for _ in range(3):
        centres.add(tokens, range(4), halves[:, :4].transpose(1, 0, 2))
    mean = halves[:, :4].mean(axis=1)
    after_in = halves[0, [1, 3]].mean(axis=0)
    found = centres.of(["IN", "word"], range(1, 2))
    np.testing.assert_allclose(
        found[0], (6 * after_in + PRIOR_PLACES * mean[0]) / (6 + PRIOR_PLACES), rtol=1e-5
    )
    np.testing.assert_allclose(found[1], mean[1], rtol=1e-5)  # nothing stood before the end: z is left out


def test_rare_neighbours_are_forgotten():
    centres = ContextCentres(2)
    centres.add(["a", "b"], [0, 1], np.ones((2, 2, 2), dtype=np.float32))
    centres.add(["a", "c"], [0, 1], np.zeros((2, 2, 2), dtype=np.float32))
    centres.forget_rare()
    np.testing.assert_allclose(centres.of(["a", "x"], range(1, 2))[0], [0.5, 0.5])
