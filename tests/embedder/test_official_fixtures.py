"""The published arrays of the official implementations, and the golden ones of all layers."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest

from elmo_core.embedder import load_elmo

SETS = {"allennlp": 2e-6, "bilm_tf": 1e-6}


def load_set(fixtures_dir, name):
    """Model, sentences in stream order (10 batches of 3) and the published top layers in that order."""
    folder = fixtures_dir / name if name == "allennlp" else fixtures_dir / name / "model"
    (path,) = folder.glob("*sentences.json")
    rows = json.loads(path.read_text())
    sentences = [rows[row][batch].split() for batch in range(10) for row in range(3)]
    published = []
    for batch in range(10):
        for row in range(3):
            with h5py.File(folder / f"lm_embeddings_{row}.hdf5") as file:
                published.append(np.concatenate(list(file[str(batch)][:]), axis=-1))
    return load_elmo(folder), sentences, published


@pytest.mark.parametrize(("name", "tolerance"), SETS.items())
def test_top_layer_of_all_thirty_sentences(fixtures_dir, name, tolerance):
    elmo, sentences, published = load_set(fixtures_dir, name)
    found = elmo.embed(sentences, state="carry", batch_size=3)
    for ours, theirs in zip(found, published, strict=True):
        np.testing.assert_allclose(ours.layers[-1], theirs, atol=tolerance, rtol=0)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("state", ["carry", "zero"])
def test_all_layers_in_both_modes(fixtures_dir, name, state):
    elmo, sentences, _ = load_set(fixtures_dir, name)
    golden = np.load(fixtures_dir / "golden_all_layers.npz", allow_pickle=False)
    size = {"carry": {"state": "carry", "batch_size": 3}, "zero": {}}[state]
    found = elmo.embed(sentences, **size)
    mode = {"carry": "stateful", "zero": "stateless"}[state]
    for batch in range(10):
        layers = golden[f"{name}/{mode}/b{batch}/layers"]  # (3, 3, T + 2, 32)
        for row, length in enumerate(golden[f"{name}/{mode}/b{batch}/lens"]):
            ours = found[3 * batch + row].layers
            wanted = layers[row, :, 1 : length - 1]
            assert ours.shape == wanted.shape
            np.testing.assert_allclose(ours, wanted, atol=3e-6, rtol=0)


def test_the_458_token_vectors(fixtures_dir):
    folder = fixtures_dir / "allennlp"
    words = (folder / "vocab_test.txt").read_text(encoding="utf-8").split("\n")
    with h5py.File(folder / "elmo_token_embeddings.hdf5") as file:
        published = file["embedding"][:]
    words = [word for word in words if word][: len(published)]
    assert len(words) == len(published) == 458
    found = load_elmo(folder).embed([[word] for word in words])
    ours = np.stack([item.layers[0, 0] for item in found])
    np.testing.assert_allclose(ours, np.concatenate([published, published], axis=1), atol=1e-6, rtol=0)
