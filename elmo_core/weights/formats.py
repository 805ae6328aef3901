"""Recognises the format of a model at any path, and reads it."""

from __future__ import annotations

import dataclasses
import json
import os
import zipfile
from pathlib import Path

from elmo_core.exceptions import ModelError, ModelNotFoundError
from elmo_core.weights import folder, official
from elmo_core.weights.archive import unpacked
from elmo_core.weights.families import refuse_many_langs, refuse_other_families
from elmo_core.weights.jsonfile import read_json
from elmo_core.weights.official_files import OPTIONS_SUFFIX
from elmo_core.weights.store import StoredModel

_MANY_LANGS_KEYS = {"token_embedder", "encoder", "config_path"}
_WANTED = "a model is config.json and model.safetensors, or the official options.json and weights.hdf5"


def read_model(path: Path) -> StoredModel:
    """Read a model of any format this program knows.

    Args:
        path: a folder, a `.zip`, or an official `*options.json`.

    Raises:
        ModelNotFoundError: there is nothing at this path, or no model in it.
        ModelError: the model is damaged, unsafe, incomplete or of another family.
    """
    if not os.path.exists(path):  # False for impossible names too, where Path.exists raises
        raise ModelNotFoundError(f"There is no file or folder {path}; check the path.")
    if path.is_dir():
        return _read_directory(path)
    if path.name.endswith(OPTIONS_SUFFIX):
        return official.read_official(path)
    refuse_other_families([path.name], path)
    if path.suffix.lower() != ".zip" and not zipfile.is_zipfile(path):
        raise ModelNotFoundError(
            f"{path} is neither a folder nor a .zip; {_WANTED}: give the folder that holds them."
        )
    return _read_archive(path)


def has_model(directory: Path) -> bool:
    """Whether a folder seems to hold a model of a known format."""
    if (directory / folder.WEIGHTS).is_file() or any(directory.glob(f"*{OPTIONS_SUFFIX}")):
        return True
    return any(directory.glob("*.safetensors")) and bool(transformer_type(directory))


def transformer_type(directory: Path) -> str:
    """The architecture in the settings of the library transformers, such as "bert"; empty without them.

    `elmo_core.models` loads these models.
    """
    try:
        settings = json.loads((directory / folder.CONFIG).read_bytes())
    except (OSError, ValueError, RecursionError):
        return ""
    return str(settings.get("model_type", "")) if isinstance(settings, dict) else ""


def memory_bytes(directory: Path) -> int:
    """Bytes that the weights in a folder take in memory, as float32; damaged files are not counted."""
    total = 0
    for file in directory.iterdir():
        if file.suffix == ".safetensors":
            total += 4 * folder.count_numbers(file)
        elif file.suffix == ".hdf5":
            total += file.stat().st_size
    return total


def _read_archive(path: Path) -> StoredModel:
    with unpacked(path) as directory:
        try:
            stored = _read_directory(directory)
        except ModelError as error:  # the user knows the archive, not where it was unpacked
            raise type(error)(str(error).replace(str(directory), str(path))) from None
    return dataclasses.replace(stored, name=path.stem, about={**stored.about, "source": str(path)})


def _read_directory(directory: Path) -> StoredModel:
    if transformer_type(directory):
        raise ModelError(
            f"{directory} is a transformer, and a biLM is needed here; choose a biLM. (A packed transformer "
            "is unpacked first, or added on the page Models.)"
        )
    if (directory / folder.WEIGHTS).is_file():
        return folder.read_folder(directory)
    if any(directory.glob(f"*{OPTIONS_SUFFIX}")):
        return official.read_official(directory)
    refuse_other_families([entry.name for entry in directory.iterdir()], directory)
    if (directory / folder.CONFIG).is_file():
        if _MANY_LANGS_KEYS & set(read_json(directory / folder.CONFIG)):
            refuse_many_langs(directory)
        return folder.read_folder(directory)
    raise ModelNotFoundError(f"There is no model in {directory}; {_WANTED}.")
