"""What every encoder offers, and how a model of any kind is found by its name or path."""

from __future__ import annotations

import json
import shutil
import sys

import numpy as np
import pytest
import torch

from elmo_core import load_encoder
from elmo_core.encoders.bilm import context_halves, edge_outputs
from elmo_core.encoders.protocol import require_context_view
from elmo_core.exceptions import ConfigError, InputError, MissingExtraError, ModelNotFoundError
from elmo_core.weights.folder import write_folder
from elmo_core.weights.tiny import tiny_model


def test_a_bilm_is_an_encoder_with_both_abilities(elmo):
    encoder = load_encoder("tiny")
    assert encoder.fingerprint == elmo.fingerprint
    assert encoder.layer_names == ("Layer 0 (token)", "Layer 1", "Layer 2")
    assert encoder.word_predictions().words == elmo.vocabulary.words
    (found,) = encoder.embed([["The", "bank", "of", "New", "York"]])
    view = require_context_view(encoder)
    halves = context_halves(found.layers, edge_outputs(elmo.model, elmo.vocabulary))
    (parts,) = view.of([found], [[range(1, 2), range(3, 5)]])
    assert (view.n_parts, view.is_free, parts.shape) == (2, True, (2, 2, view.width))
    np.testing.assert_array_equal(parts[0], halves[:, 1])
    np.testing.assert_array_equal(parts[1], [halves[0, 3], halves[1, 4]])


def test_a_fingerprint_is_read_once_and_is_another_one_when_the_files_have_changed(tmp_path):
    stored = tiny_model()
    write_folder(stored, tmp_path / "model")
    before = load_encoder(tmp_path / "model")
    assert before.fingerprint is before.fingerprint
    with torch.no_grad():
        next(stored.model.parameters()).add_(1)
    write_folder(stored, tmp_path / "changed")
    shutil.copytree(tmp_path / "changed", tmp_path / "model", dirs_exist_ok=True)
    assert load_encoder(tmp_path / "model").fingerprint != before.fingerprint


def test_a_model_without_a_context_view_is_refused_in_one_sentence(elmo, monkeypatch):
    monkeypatch.setattr(type(elmo), "context_view", lambda self: None)
    with pytest.raises(InputError, match="tiny cannot look at a context"):
        require_context_view(elmo)


def test_a_transformer_without_the_extra_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    (tmp_path / "model.safetensors").touch()
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match=r"elmo-explorer\[transformers\]"):
        load_encoder(tmp_path)
    for name, error in (("tinny", ModelNotFoundError), (tmp_path / "none", ModelNotFoundError)):
        with pytest.raises(error):
            load_encoder(name)
    with pytest.raises(ConfigError, match="sub_words"):
        load_encoder("tiny", sub_words="middle")
