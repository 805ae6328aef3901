"""Official models on disk, written without the code under test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.nn.official_layout import options_of
from tests.reference import random_weights

N_WORDS = 12
WORDS = ("<S>", "</S>", "<UNK>", *(f"word{number}" for number in range(3, N_WORDS)))
VARIANTS: dict[str, dict[str, Any]] = {
    "published shape": options_of(),
    "no skip connections": options_of(use_skip_connections=False),
    "no projection of the LSTM": options_of(dim=4),
    "no projection of the characters": options_of(char_cnn={"filters": [[1, 1], [3, 3]]}),
    "no projection at all": options_of(dim=4, char_cnn={"filters": [[2, 4]]}),
    "one layer": options_of(n_layers=1),
    "no highway": options_of(char_cnn={"n_highway": 0}),
    "tanh": options_of(char_cnn={"activation": "tanh"}),
    "no clips": options_of(cell_clip=None, proj_clip=None),
    "word ids": options_of(has_characters=False),
    "word ids, no projection": options_of(has_characters=False, dim=4),
}


def write_hdf5(path: Path, weights: Mapping[str, np.ndarray], dtype: str = "float32") -> Path:
    with h5py.File(path, "w") as file:
        for name, value in weights.items():
            file.create_dataset(name, data=value.astype(dtype))
    return path


def write_model(
    folder: Path,
    options: Mapping[str, Any] | None = None,
    weights: Mapping[str, np.ndarray] | None = None,
    prefix: str = "",
) -> dict[str, np.ndarray]:
    """Write a random official model; returns its weights as float32."""
    options = options_of() if options is None else options
    weights = random_weights(options, np.random.default_rng(1), N_WORDS) if weights is None else weights
    folder.mkdir(exist_ok=True)
    (folder / f"{prefix}options.json").write_text(json.dumps(options))
    if "char_cnn" not in options:
        (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    write_hdf5(folder / f"{prefix}weights.hdf5", weights)
    return {name: value.astype(np.float32) for name, value in weights.items()}


def read_hdf5(path: Path) -> dict[str, np.ndarray]:
    found = {}
    with h5py.File(path, "r") as file:
        file.visititems(
            lambda name, item: found.update({name: item[...]} if isinstance(item, h5py.Dataset) else {})
        )
    return found
