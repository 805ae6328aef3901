"""Transformers as encoders: beside the library itself, on a random BERT made here."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from elmo_core import load_encoder
from elmo_core.contrast.text_space import embed_text
from elmo_core.exceptions import InputError, ModelError, ModelNotFoundError
from elmo_core.layers.labelled import label_texts
from elmo_core.maps.points import text_points
from elmo_core.plots.sense_groups import describe_candidates, plot_candidates
from elmo_core.senses.groups import NO_NULL
from elmo_core.senses.headline import explain_groups_found
from elmo_core.senses.study import group_uses, study_uses
from elmo_core.senses.uses import find_uses
from elmo_core.senses.what_if import place_use

transformers = pytest.importorskip(
    "transformers", reason="the extra [transformers] is not installed", exc_type=ImportError
)

SENTENCES = [["The", "bank", "raised", "rates", "!"], ["river", "banks"], [], ["", "\x00", "qqq", "raised"]]


@pytest.fixture(scope="module")
def folder(random_bert):
    return random_bert


@pytest.fixture(scope="module")
def encoder(folder):
    return load_encoder(folder, device="cpu")


@pytest.fixture(scope="module")
def library(folder):
    """The library's own model and tokenizer."""
    model = transformers.AutoModelForMaskedLM.from_pretrained(folder).eval()
    return model, transformers.AutoTokenizer.from_pretrained(folder)


@torch.inference_mode()
def hidden(library, words):
    """Layers (L, S, D) of one sentence as the library computes them, and the word of each sub-word."""
    model, tokenizer = library
    encoded = tokenizer(words, is_split_into_words=True, return_tensors="pt")
    output = model.bert(**encoded, output_hidden_states=True)
    return torch.cat(output.hidden_states).numpy(), encoded.word_ids(0)


@pytest.mark.parametrize("joining", ["mean", "first", "last"])
def test_layers_are_those_of_the_library(folder, library, joining):
    encoder = load_encoder(folder, device="cpu", sub_words=joining)
    found = encoder.embed(SENTENCES)
    assert (encoder.n_layers, encoder.dim, len(encoder.layer_names)) == (4, 16, 4)
    join = {"mean": lambda own: own.mean(1), "first": lambda own: own[:, 0], "last": lambda own: own[:, -1]}[
        joining
    ]
    for tokens, one in zip(SENTENCES, found, strict=True):
        assert one.tokens == tokens and one.layers.shape == (4, len(tokens), 16)
        assert one.layers.dtype == np.float32
        if tokens:
            layers, words = hidden(library, [token.strip("\x00") or "[UNK]" for token in tokens])
            for place in range(len(tokens)):
                own = layers[:, [at for at, word in enumerate(words) if word == place]]
                np.testing.assert_allclose(one.layers[:, place], join(own), atol=1e-5, rtol=0)
    streamed = [one for block in encoder.stream(SENTENCES) for one in block]
    for one, other in zip(found, streamed, strict=True):
        np.testing.assert_array_equal(one.layers, other.layers)


def test_a_long_text_is_read_in_windows_that_overlap(encoder, library):
    """The first window holds 22 sub-words; its first words are as if nothing followed them."""
    words = ["the", "bank", "raised", "river", "rate"] * 12
    (found,) = encoder.embed([words])
    assert np.abs(found.layers).sum(axis=(0, 2)).min() > 0
    alone, _ = hidden(library, words[:18])  # 22 sub-words: raised has two
    np.testing.assert_allclose(found.layers[:, 0], alone[:, 1], atol=1e-5, rtol=0)
    (one_word,) = encoder.embed([["banks" * 40]])
    assert one_word.layers.shape == (4, 1, 16)


def test_the_context_is_the_masked_word_and_the_head_predicts_it(encoder, library):
    found, spans = encoder.embed(SENTENCES[:2]), [[range(1, 2), range(2, 4)], [range(0, 1)]]
    view, words = encoder.context_view(), encoder.word_predictions()
    first, second = view.of(found, spans)
    assert (view.n_parts, view.is_free, first.shape, second.shape) == (1, False, (2, 1, 16), (1, 1, 16))
    wanted, _ = hidden(library, ["The", "[MASK]", "raised", "rates", "!"])
    np.testing.assert_allclose(first[0, 0], wanted[-1, 2], atol=1e-5, rtol=0)
    phrase, _ = hidden(library, ["The", "bank", "[MASK]", "!"])
    np.testing.assert_allclose(first[1, 0], phrase[-1, 3], atol=1e-5, rtol=0)
    assert words.words[5:10] == ("the", "bank", "river", "rais", "")
    model, tokenizer = library
    with torch.inference_mode():
        ids = tokenizer(
            ["The", "[MASK]", "raised", "rates", "!"], is_split_into_words=True, return_tensors="pt"
        )
        logits = model(**ids).logits[0, 2]
    torch.testing.assert_close(words.scores(first[0])[0], logits, atol=1e-5, rtol=0)


@pytest.fixture(scope="module")
def study(encoder):
    """Uses of a word, as a transformer sees them."""
    around = ("the", "river", "rates", "!", "raised")
    sentences = [[a, "bank", b, c] for a in around for b in around for c in around[:2]]
    return study_uses(encoder, find_uses(sentences, "bank"))


def test_senses_without_the_null_that_needs_two_directions(encoder, study):
    """The map, groups as asked and names remain; groups are not claimed, and one sentence says why."""
    assert study.vectors.layers.shape == (4, 50, 16) and study.vectors.contexts.forward.shape == (50, 16)
    assert study.substitutes.kind == "substitutes"
    grouping = group_uses(study)
    assert (grouping.k, grouping.card.objections[-1]) == (1, NO_NULL)
    assert "nan" not in grouping.card.sentence and "nan" not in describe_candidates(grouping.groups)
    unproven = replace(grouping, card=replace(grouping.card, objections=(NO_NULL,)))
    assert "both sides at once" in explain_groups_found(unproven)
    assert len(plot_candidates(grouping.groups).data[0].x) == 0
    asked = group_uses(study, k=2)
    assert asked.k == 2 and sorted(set(asked.labels)) == [0, 1]
    placed = place_use(encoder, ["the", "bank", "!", "river"], 1, study.vectors, asked.labels)
    assert sum(placed.posterior) == pytest.approx(1) and placed.forward == placed.backward == ()
    assert len(placed.influences) == 3
    for view in study.views:
        assert study.halves(view).units().shape == (50, 16)


def test_the_centre_of_contexts_is_that_of_other_places(study):
    """It is taken off every context: at least a part of what all of them have in common."""
    before, after = study.vectors.expected, study.vectors.contexts.forward
    np.testing.assert_allclose(before - after, np.broadcast_to(before[0] - after[0], before.shape), atol=1e-5)


def test_maps_and_layers_take_any_encoder(encoder):
    texts = ["the river raised", "bank rates !", "the bank", "river banks raised"]
    points = text_points(encoder, texts)
    assert points.views == encoder.layer_names and points.vectors.shape == (4, 4, 16)
    space = embed_text(encoder, [text.split() for text in texts])
    assert space.layers.shape == (4, 11, 16)
    data = label_texts(encoder, texts, ["a", "b", "a", "b"])
    np.testing.assert_allclose(data.layers, points.vectors, atol=1e-6)


def test_the_fingerprint_tells_models_apart(folder, encoder):
    assert encoder.fingerprint == load_encoder(folder, device="cpu").fingerprint
    assert encoder.fingerprint != load_encoder(folder, device="cpu", sub_words="first").fingerprint


def test_what_is_unsafe_or_damaged_is_refused(folder, tmp_path):
    for change, error, message in (
        (
            lambda path: (path / "model.safetensors").rename(path / "pytorch_model.bin"),
            ModelError,
            "save_pretrained",
        ),
        (lambda path: (path / "model.safetensors").unlink(), ModelError, "holds no weights"),
        (lambda path: (path / "model.safetensors").write_bytes(b"\x00" * 99), ModelError, "cannot be read"),
        (lambda path: (path / "tokenizer.json").write_text("{"), ModelError, "cannot be read"),
        (lambda path: _remote_code(path), ModelError, "cannot be read"),
        (lambda path: _deeper(path), ModelError, "lack"),
    ):
        path = tmp_path / "model"
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(folder, path)
        change(path)
        with pytest.raises(error, match=message) as caught:
            load_encoder(path)
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "ran").exists()
    with pytest.raises(ModelNotFoundError, match="download=True"):
        load_encoder("nobody/no-such-model")
    with pytest.raises(InputError, match="one string"):
        load_encoder(folder).embed("a string")


def _remote_code(path):
    """Settings of a model whose class is code beside the weights."""
    settings = json.loads((path / "config.json").read_text())
    settings |= {"model_type": "own", "auto_map": {"AutoConfig": "code.Config", "AutoModel": "code.Model"}}
    (path / "config.json").write_text(json.dumps(settings))
    (path / "code.py").write_text(f"open({str(path.parent / 'ran')!r}, 'w')")


def _deeper(path):
    """Settings that ask for more layers than there are weights."""
    settings = json.loads((path / "config.json").read_text()) | {"num_hidden_layers": 5}
    (path / "config.json").write_text(json.dumps(settings))
