"""ELMo as a layer: the published vectors, gradients, the state that is carried, and what is refused."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call

from elmo_core import ElmoLayer, load_elmo
from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.embedder import Elmo
from elmo_core.exceptions import ConfigError, InputError
from elmo_core.weights.store import StoredModel
from elmo_core.weights.tiny import random_model
from tests.embedder.test_official_fixtures import load_set

SENTENCES = [
    ["The", "bank", "raised", "rates"],
    [],
    ["They", "bank", "here", "again", "and", "again"],
    ["No"],
]


@pytest.fixture(scope="module")
def smallest() -> Elmo:
    """A biLM with so few weights that finite differences are cheap."""
    cnn = CharCNNConfig(embedding_dim=2, filters=((1, 2), (2, 3)), n_highway=1, max_characters=8)
    config = BiLMConfig(lstm_dim=4, projection_dim=2, char_cnn=cnn, cell_clip=None, projection_clip=None)
    return Elmo(StoredModel("smallest", random_model(config, 3), None))


def single(layer: ElmoLayer, index: int) -> ElmoLayer:
    """The same module, with mixtures of one biLM layer alone."""
    for mixture in layer.mixtures:
        mixture.weights.data.fill_(-1e9)[index] = 0.0
    return layer


@pytest.mark.parametrize(("name", "tolerance"), [("allennlp", 2e-6), ("bilm_tf", 1e-6)])
def test_the_published_vectors(fixtures_dir, name, tolerance):
    elmo, sentences, published = load_set(fixtures_dir, name)
    layer = single(ElmoLayer(elmo, state="carry").eval(), -1)
    for start in range(0, len(sentences), 3):
        batch = sentences[start : start + 3]
        words = batch if start % 2 else layer.character_ids(batch)
        (mixed,), mask = layer(words)
        assert mask.sum(1).tolist() == [len(sentence) for sentence in batch]
        for ours, kept, theirs in zip(mixed, mask, published[start : start + 3], strict=True):
            np.testing.assert_allclose(ours[kept].detach(), theirs, atol=tolerance, rtol=0)
            assert not ours[~kept].any()


@pytest.mark.parametrize("trainable", [False, True])
def test_the_vectors_of_embed_in_every_layer(elmo, trainable):
    found = elmo.embed(SENTENCES)
    for index in range(elmo.n_layers):
        layer = single(ElmoLayer(elmo, 2, trainable=trainable).eval(), index)
        for words in (SENTENCES, layer.character_ids(SENTENCES)):
            mixtures, mask = layer(words)
            for one in mixtures:
                for row, kept, whole in zip(one, mask, found, strict=True):
                    np.testing.assert_allclose(row[kept].detach(), whole.layers[index], atol=1e-6, rtol=0)


def test_boundaries_stand_around_the_words(elmo):
    layer, plain = ElmoLayer(elmo, keep_sentence_boundaries=True).eval(), ElmoLayer(elmo).eval()
    (mixed,), mask = layer(SENTENCES)
    (without,), _ = plain(SENTENCES)
    assert mixed.shape == (4, 8, elmo.dim) and mask.sum(1).tolist() == [6, 2, 8, 3]
    assert mixed[1, :2].abs().sum() > 0  # those of a sentence without words
    torch.testing.assert_close(mixed[2, 1:-1], without[2])
    assert plain([])[0][0].shape == (0, 0, elmo.dim)


def test_a_carried_state_equals_reading_on(elmo):
    """Rows read on from batch to batch, also where a batch has fewer rows or more than the one before."""
    layer = single(ElmoLayer(elmo, state="carry").eval(), 1)
    batches = [SENTENCES[:2], SENTENCES[2:3], SENTENCES]
    found = [layer(batch)[0][0].detach().numpy() for batch in batches]
    forward = slice(0, elmo.dim // 2)
    read_on = elmo.embed([*SENTENCES[:1], *SENTENCES[2:3], *SENTENCES[:1]], state="carry", batch_size=1)
    for mixed, whole in zip(found, read_on, strict=True):
        np.testing.assert_allclose(mixed[0, : len(whole.tokens)], whole.layers[1], atol=1e-6, rtol=0)
    cold = elmo.embed(SENTENCES)
    assert np.abs(found[2][0, :4, forward] - cold[0].layers[1][:, forward]).max() > 1e-4
    np.testing.assert_allclose(found[2][3, :1], cold[3].layers[1], atol=1e-6, rtol=0)  # a row never used
    layer.reset_state()
    np.testing.assert_allclose(layer(batches[0])[0][0].detach(), found[0], atol=1e-6, rtol=0)


@pytest.mark.parametrize("options", [{"layer_norm": True}, {"state": "carry"}])
def test_gradients_of_all_weights_by_finite_differences(smallest, options):
    layer = ElmoLayer(smallest, 2, trainable=True, dropout=0.0, l2=0.1, **options).double()
    with torch.no_grad():
        for mixture in layer.mixtures:
            mixture.weights.normal_()
    names, values = zip(*layer.named_parameters(), strict=True)

    def run(*tensors):
        layer.reset_state()
        mixtures, _ = functional_call(layer, dict(zip(names, tensors, strict=True)), (SENTENCES,))
        return (*mixtures, layer.penalty())

    assert torch.autograd.gradcheck(run, values, fast_mode=True)


def test_training_learns_the_mixture_alone_or_the_bilm_too(elmo):
    """A network learns which of two senses a word has; the model that was handed in stays as it was."""
    before = copy.deepcopy(elmo.model.state_dict())
    sentences = [
        ["the", "river", "bank"],
        ["a", "bank", "loan"],
        ["green", "bank"],
        ["my", "bank", "account"],
    ]
    senses = torch.tensor([0, 1, 0, 1])
    for trainable in (False, True):
        torch.manual_seed(0)
        layer = ElmoLayer(elmo, trainable=trainable, dropout=0.1, l2=0.001)
        head = nn.Linear(layer.dim, 2)
        learned = [p for p in (*layer.parameters(), *head.parameters()) if p.requires_grad]
        optimiser = torch.optim.Adam(learned, lr=0.02)
        losses = []
        for _ in range(25):
            (mixed,), mask = layer(sentences)
            pooled = mixed.sum(1) / mask.sum(1, keepdim=True)
            loss = nn.functional.cross_entropy(head(pooled), senses) + layer.penalty()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        assert losses[-1] < 0.7 * losses[0]
        moved = [
            not torch.equal(layer.bilm.state_dict()[name], before[name]) for name in layer.bilm.state_dict()
        ]
        assert any(moved) == trainable
    assert all(torch.equal(elmo.model.state_dict()[name], value) for name, value in before.items())


def test_released_parts_learn_and_weights_survive_saving(elmo):
    layer = ElmoLayer(elmo)
    layer.bilm.directions[0].requires_grad_(True)
    layer(SENTENCES)[0][0].sum().backward()
    learned = {name for name, parameter in layer.bilm.named_parameters() if parameter.grad is not None}
    assert learned and all(name.startswith("directions.0") for name in learned)
    other = ElmoLayer(load_elmo("tiny"))
    with torch.no_grad():
        layer.mixtures[0].weights.normal_()
    other.load_state_dict(layer.state_dict())
    torch.testing.assert_close(other.eval()(SENTENCES)[0][0], layer.eval()(SENTENCES)[0][0])


@pytest.mark.parametrize("options", [{"n_mixtures": 0}, {"dropout": 1.0}, {"state": "kept"}])
def test_impossible_settings_are_refused(elmo, options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        ElmoLayer(elmo, **options)


def test_wrong_input_is_refused(elmo):
    layer = ElmoLayer(elmo)
    ids = layer.character_ids(SENTENCES)
    holes = ids.clone()
    holes[0, 1] = 0
    for words, message in (
        (["A string."], "lists of tokens"),
        ("A string.", "one string"),
        ([["a", 3]], "token 1 is a int"),
        (ids[0], "of shape"),
        (ids.float(), "integers"),
        (ids + 300, "less than 262"),
        (holes, "after the words"),
    ):
        with pytest.raises(InputError, match=message):
            layer(words)
