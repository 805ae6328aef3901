"""The reference against the vectors that the original implementation published."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.reference import bilm, character_ids, token_vector, zero_states

FILES = {
    "allennlp": ("allennlp", "sentences.json"),
    "bilm_tf": ("bilm_tf/model", "lm_embeddings_sentences.json"),
}


def _read(folder: Path, sentences_name: str) -> tuple[dict[str, np.ndarray], dict, list[list[list[str]]]]:
    """Weights, options and batches of three sentences with their boundaries."""
    weights: dict[str, np.ndarray] = {}
    with h5py.File(folder / "lm_weights.hdf5") as file:
        file.visititems(
            lambda name, item: (
                weights.update({name: item[()].astype(np.float64)})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    options = json.loads((folder / "options.json").read_text())
    columns = json.loads((folder / sentences_name).read_text())
    batches = [[["<S>", *text.split(), "</S>"] for text in batch] for batch in zip(*columns, strict=True)]
    return weights, options, batches


@pytest.mark.parametrize("name", FILES)
def test_carried_state_gives_the_published_vectors(fixtures_dir: Path, name: str):
    folder = fixtures_dir / FILES[name][0]
    weights, options, batches = _read(folder, FILES[name][1])
    golden = np.load(fixtures_dir / "golden_all_layers.npz")
    states = zero_states(options, 3)
    for index, batch in enumerate(batches):
        layers, states = bilm(weights, options, batch, states)
        for row, found in enumerate(layers):
            wanted = golden[f"{name}/stateful/b{index}/layers"][row, :, : len(batch[row])]
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)
            with h5py.File(folder / f"lm_embeddings_{row}.hdf5") as file:
                top = np.concatenate(list(file[str(index)][()]), axis=1)
            np.testing.assert_allclose(found[-1, 1:-1], top, rtol=0, atol=2e-6)


@pytest.mark.parametrize("name", FILES)
def test_zero_state_gives_the_golden_vectors(fixtures_dir: Path, name: str):
    weights, options, batches = _read(fixtures_dir / FILES[name][0], FILES[name][1])
    golden = np.load(fixtures_dir / "golden_all_layers.npz")
    for index, batch in list(enumerate(batches))[::3]:
        layers, _ = bilm(weights, options, batch)
        for row, found in enumerate(layers):
            wanted = golden[f"{name}/stateless/b{index}/layers"][row, :, : len(batch[row])]
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)


def test_token_vectors_as_published(fixtures_dir: Path):
    folder = fixtures_dir / "allennlp"
    weights, options, _ = _read(folder, "sentences.json")
    words = (folder / "vocab_test.txt").read_text(encoding="utf-8").split("\n")
    with h5py.File(folder / "elmo_token_embeddings.hdf5") as file:
        wanted = file["embedding"][()]
    for word, vector in list(zip(words, wanted, strict=False))[::6]:
        found = token_vector(character_ids(word), weights, options)
        np.testing.assert_allclose(found, vector, rtol=0, atol=2e-6)
