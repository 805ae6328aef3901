"""The official format, `options.json` + `weights.hdf5` (bilm-tf, AllenNLP), read and written.

Numbers go straight from the file into the parameters, dataset by dataset: beside the model itself
there is never more than one matrix in memory.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from torch import Tensor

from elmo_core.config import N_CHARACTERS, BiLMConfig
from elmo_core.exceptions import ModelError
from elmo_core.files import OutputKind, atomic_folder
from elmo_core.nn.bilm import BiLM
from elmo_core.text.vocabulary import Vocabulary
from elmo_core.weights.assembly import Shape, check_parts, check_shapes, fill, skeleton
from elmo_core.weights.jsonfile import read_json
from elmo_core.weights.official_files import find_official, opened_weights
from elmo_core.weights.official_names import (
    CHARACTER_TABLE,
    WORD_TABLE,
    Piece,
    is_part_of_bilm,
    official_names,
)
from elmo_core.weights.options import config_to_options, options_to_config
from elmo_core.weights.store import JsonValue, StoredModel

log = logging.getLogger(__name__)

OPTIONS, WEIGHTS, VOCABULARY = "options.json", "weights.hdf5", "vocab.txt"
_MAX_EXPANSION = 8
"""Weights in memory over bytes in the file; compression and half precision together stay below."""

_WRITER = "written_by"
"""Attribute of weights.hdf5 that marks an export of this project, not a published model."""

Names = Mapping[str, tuple[Piece, ...]]


def _is_export(folder: Path) -> bool:
    """Whether a folder was written by `write_official`."""
    try:
        with h5py.File(folder / WEIGHTS) as file:
            return bool(file.attrs.get(_WRITER) == __package__)
    except (OSError, ValueError, KeyError):
        return False


OFFICIAL_FOLDER = OutputKind("an exported model", _is_export, frozenset({OPTIONS, WEIGHTS, VOCABULARY}))


def read_official(folder_or_options: Path, weights: Path | None = None) -> StoredModel:
    """Read a model in the official format.

    A `vocab.txt` beside it is read too. With character input it is not needed, and one that breaks
    the rules is left out with a warning; with word-id input it is required.

    Args:
        folder_or_options: the folder of the model, or its `*options.json`.
        weights: its HDF5 file, where it lies elsewhere.

    Raises:
        ModelNotFoundError: a file is missing.
        ModelError: a file is damaged, or the files do not belong together.
    """
    options, weights = find_official(folder_or_options, weights)
    config, vocabulary = _read_settings(options)
    with opened_weights(weights) as datasets:
        model = _checked_skeleton(config, datasets, weights)
        # zeros, as the row of the mask in the table of characters is in no file
        parameters = {name: torch.zeros(meta.shape) for name, meta in model.named_parameters()}
        _read_parameters(datasets, official_names(config), parameters)
    fill(model, parameters, weights)
    about: dict[str, JsonValue] = {"format": "official", "source": str(options.parent)}
    return StoredModel(options.parent.resolve().name, model, vocabulary, about)


def check_official(options: Path, weights: Path) -> None:
    """Check that two files make a model, by their headers alone.

    Raises:
        ModelError: as `read_official`, except that weights which are not finite go unseen.
    """
    config, _ = _read_settings(options)
    with opened_weights(weights) as datasets:
        _checked_skeleton(config, datasets, weights)


def write_official(
    model: BiLM,
    vocabulary: Vocabulary | None,
    folder: Path,
    training: Mapping[str, JsonValue] | None = None,
) -> None:
    """Write a model in the official format, which holds no softmax.

    Args:
        model: any biLM.
        vocabulary: written as `vocab.txt` where it is given; required with word-id input.
        folder: a new or empty folder, or one that holds nothing but an earlier export (then replaced).
        training: values of bilm-tf's training options, where they are known.

    Raises:
        ModelError: the vocabulary does not fit, or the format has no place for a part of the model.
        OutputError: the folder cannot be written.
    """
    config = model.config
    if config.tags:
        raise ModelError(
            "A model with part-of-speech tags cannot be written in the official format, "
            "which has no place for them; keep its own folder."
        )
    if vocabulary is None and config.char_cnn is None:
        raise ModelError("A model with word-id input cannot be written without its vocabulary; give it.")
    if vocabulary is not None and len(vocabulary) != config.n_words:
        raise ModelError(
            f"The vocabulary has {len(vocabulary)} words, the model {config.n_words}; give the model's own."
        )
    options = json.dumps(config_to_options(config, training), indent=2) + "\n"
    with atomic_folder(folder, OFFICIAL_FOLDER) as partial:
        (partial / OPTIONS).write_text(options, encoding="utf-8")
        # through a Python file, which says in a word that the disk is full
        with (partial / WEIGHTS).open("w+b") as raw, h5py.File(raw, "w") as file:
            file.attrs[_WRITER] = __package__
            _write_parameters(file, official_names(config), dict(model.named_parameters()))
        if vocabulary is not None:
            vocabulary.write(partial / VOCABULARY)


def _read_settings(options: Path) -> tuple[BiLMConfig, Vocabulary | None]:
    content = read_json(options)
    reads_words = "char_cnn" not in content
    vocabulary = _read_vocabulary(options.with_name(VOCABULARY), reads_words)
    return options_to_config(content, len(vocabulary) if vocabulary else 0, options), vocabulary


def _read_vocabulary(path: Path, is_required: bool) -> Vocabulary | None:
    if is_required:
        return Vocabulary.read(path)
    if not path.is_file():
        return None
    try:
        return Vocabulary.read(path)
    except ModelError as error:
        log.warning("%s is left out, as character input does not need it: %s", path, error)
        return None


def _checked_skeleton(config: BiLMConfig, datasets: Mapping[str, Any], where: Path) -> BiLM:
    """A model on the meta device whose parameters the datasets fill exactly."""
    check_parts(config, len(datasets), where)
    model = skeleton(config)
    expected = _shapes(official_names(config), dict(model.named_parameters()))
    check_shapes(expected, _found_shapes(config, datasets, expected, where), where)
    n_bytes, n_stored = 4 * sum(math.prod(shape) for shape in expected.values()), where.stat().st_size
    if n_bytes > _MAX_EXPANSION * n_stored:
        raise ModelError(
            f"{where} claims {n_bytes:,} bytes of weights in a file of {n_stored:,}; it is incomplete, "
            "use another copy."
        )
    return model


def _found_shapes(
    config: BiLMConfig, datasets: Mapping[str, Any], expected: Mapping[str, Shape], where: Path
) -> dict[str, Shape]:
    """Shapes in the file of what is, or looks like, a part of a biLM; the rest is no concern of ours."""
    found: dict[str, Shape] = {
        name: dataset.shape for name, dataset in datasets.items() if name in expected or is_part_of_bilm(name)
    }
    if found.get(CHARACTER_TABLE, ())[:1] == (N_CHARACTERS,):
        found[CHARACTER_TABLE] = (N_CHARACTERS - 1, *found[CHARACTER_TABLE][1:])  # see `_first_row`
    n_vectors = found.get(WORD_TABLE, (config.n_words,))[0]
    if n_vectors != config.n_words:
        raise ModelError(
            f"{where} has vectors for {n_vectors} words, but the vocab.txt of this model lists "
            f"{config.n_words}; the two files do not belong together."
        )
    return found


def _shapes(names: Names, parameters: Mapping[str, Tensor]) -> dict[str, Shape]:
    """Shape of each dataset: its pieces one below the other."""
    shapes = {}
    for name, pieces in names.items():
        views = [piece.as_stored(parameters[piece.parameter]) for piece in pieces]
        shapes[name] = (sum(len(view) for view in views), *views[0].shape[1:])
    return shapes


def _read_parameters(datasets: Mapping[str, Any], names: Names, parameters: Mapping[str, Tensor]) -> None:
    for name, pieces in names.items():
        row = _first_row(name, datasets[name])
        for piece in pieces:
            array = piece.as_stored(parameters[piece.parameter]).numpy()
            rows = np.s_[row : row + len(array)]
            if array.flags.c_contiguous:
                datasets[name].read_direct(array, rows)
            else:
                array[...] = datasets[name][rows]
            row += len(array)


def _first_row(name: str, dataset: Any) -> int:
    """Where the characters begin in a table of 262 rows.

    A model trained with `n_characters` 262 has a row at the end that nothing was ever trained with;
    a table that was written after the mask was added begins with its zeros.
    """
    has_mask = name == CHARACTER_TABLE and len(dataset) == N_CHARACTERS and not dataset[0].any()
    return 1 if has_mask else 0


def _write_parameters(file: h5py.File, names: Names, parameters: Mapping[str, Tensor]) -> None:
    for name, shape in _shapes(names, parameters).items():
        dataset, row = file.create_dataset(name, shape, dtype="float32"), 0
        for piece in names[name]:
            view = piece.as_stored(parameters[piece.parameter].detach())
            dataset[row : row + len(view)] = view.float().cpu().numpy()
            row += len(view)
