"""Our own folder of a model.

    config.json         {"format": 1, "model": settings of the biLM, "about": facts of the card}
    model.safetensors   all parameters by name, softmax included, float16 or float32
    vocab.txt           the vocabulary, where the model has one
    README.md           the model card, where one was given

Half precision is for the disk alone: a model is always float32 in memory.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from elmo_core.config import BiLMConfig
from elmo_core.exceptions import ConfigError, ModelError, ModelNotFoundError
from elmo_core.files import OutputKind, atomic_folder
from elmo_core.nn.bilm import BiLM
from elmo_core.text.vocabulary import Vocabulary
from elmo_core.weights.assembly import check_parts, check_shapes, fill, skeleton
from elmo_core.weights.jsonfile import read_json
from elmo_core.weights.store import JsonValue, StoredModel

CONFIG, WEIGHTS, VOCABULARY, CARD = "config.json", "model.safetensors", "vocab.txt", "README.md"
FORMAT = 1
_SET_BY_READERS = ("format", "source")
_DTYPES = {"float16": torch.float16, "float32": torch.float32}
_STORED_DTYPES = {"F16", "F32"}


def _is_model(folder: Path) -> bool:
    """Whether a folder holds a model of ours, of whatever version (other programs use the same names)."""
    try:
        content = read_json(folder / CONFIG)
    except ModelError:
        return False
    return isinstance(content.get("format"), int) and isinstance(content.get("model"), dict)


MODEL_FOLDER = OutputKind("a model", _is_model, frozenset({CONFIG, WEIGHTS, VOCABULARY, CARD}))


def read_folder(folder: Path) -> StoredModel:
    """Read a model from our own folder.

    Raises:
        ModelNotFoundError: one of its files is missing.
        ModelError: a file is damaged, from a newer version, or the files do not belong together.
    """
    config, facts = _read_config(folder / CONFIG)
    vocabulary = _read_vocabulary(folder / VOCABULARY, config)
    model = _read_weights(folder / WEIGHTS, config)
    about: dict[str, JsonValue] = {**facts, "format": "folder", "source": str(folder)}
    return StoredModel(folder.resolve().name, model, vocabulary, about)


def write_folder(
    stored: StoredModel, folder: Path, *, dtype: Literal["float16", "float32"] = "float16", card: str = ""
) -> None:
    """Write a model as our own folder, complete or not at all.

    Args:
        stored: the model; its name is not kept, the folder's name becomes it.
        folder: a new or empty folder, or one that holds nothing but such a model (then replaced).
        dtype: number format of the weights on disk.
        card: text of README.md.

    Raises:
        ModelError: vocabulary or weights do not fit.
        OutputError: the folder cannot be written.
    """
    config = stored.model.config
    n_words = len(stored.vocabulary) if stored.vocabulary else 0
    if n_words != config.n_words:
        raise ModelError(
            f"The vocabulary has {n_words} words, the model {config.n_words}; give the model's own."
        )
    facts = {name: value for name, value in stored.about.items() if name not in _SET_BY_READERS}
    content = _to_json({"format": FORMAT, "model": config.to_dict(), "about": facts})
    tensors = {name: _for_disk(name, tensor, dtype) for name, tensor in stored.model.named_parameters()}
    with atomic_folder(folder, MODEL_FOLDER) as partial:
        (partial / CONFIG).write_text(content, encoding="utf-8")
        save_file(tensors, partial / WEIGHTS)
        if stored.vocabulary:
            stored.vocabulary.write(partial / VOCABULARY)
        if card:
            (partial / CARD).write_text(card, encoding="utf-8")


def read_about(folder: Path) -> dict[str, JsonValue]:
    """The facts in the config of one of our folders, without loading its model.

    Raises:
        ModelError: as `read_folder` for this one file.
    """
    return _read_config(folder / CONFIG)[1]


def count_numbers(path: Path) -> int:
    """How many numbers a safetensors file holds, read from its header; 0 of a damaged one."""
    try:
        with _opened(path) as file:
            return sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    except ModelError:
        return 0


def _to_json(content: dict[str, Any]) -> str:
    try:
        return json.dumps(content, indent=2, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"The facts about the model are not JSON ({error}); leave out what is not."
        ) from None


def _for_disk(name: str, tensor: torch.Tensor, dtype: str) -> torch.Tensor:
    stored = tensor.detach().to("cpu", _DTYPES[dtype]).contiguous()
    low, high = torch.aminmax(stored)
    if not (torch.isfinite(low) and torch.isfinite(high)):
        raise ModelError(
            f"{name} holds numbers that {dtype} cannot hold; write float32, or an earlier checkpoint."
        )
    return stored


def _read_config(path: Path) -> tuple[BiLMConfig, dict[str, JsonValue]]:
    content = read_json(path)
    number, settings, facts = content.get("format"), content.get("model"), content.get("about", {})
    if not isinstance(number, int) or not isinstance(settings, dict) or not isinstance(facts, dict):
        raise ModelError(
            f"{path} does not describe a model of this program; it needs 'format', 'model' and 'about'."
        )
    if number != FORMAT:
        raise ModelError(
            f"{path} has format {number}, this version reads format {FORMAT}; use a newer version."
        )
    try:
        return BiLMConfig.from_dict(settings), facts
    except ConfigError as error:
        raise ModelError(f"{path} cannot be used: {error}") from None


def _read_vocabulary(path: Path, config: BiLMConfig) -> Vocabulary | None:
    if not config.n_words and not path.exists():
        return None
    vocabulary = Vocabulary.read(path)
    if len(vocabulary) != config.n_words:
        raise ModelError(
            f"{path} lists {len(vocabulary)} words where config.json says {config.n_words}; "
            "the two files do not belong together."
        )
    return vocabulary


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open safetensors by reads, not as a memory map, so that each number is in memory once."""
    if not path.is_file():
        raise ModelNotFoundError(f"There is no {path.name} in {path.parent}; a model needs this file.")
    try:
        with safe_open(path, framework="pt", backend="pread") as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} is truncated or damaged ({error}); use an undamaged copy.") from None


def _read_weights(path: Path, config: BiLMConfig) -> BiLM:
    with _opened(path) as file:
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        odd = [name for name, part in slices.items() if part.get_dtype() not in _STORED_DTYPES]
        if odd:
            raise ModelError(
                f"{path}: {odd[0]} is {slices[odd[0]].get_dtype()}, neither F16 nor F32; convert the file."
            )
        check_parts(config, len(slices), path)
        model = skeleton(config)
        expected = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
        check_shapes(expected, {name: tuple(part.get_shape()) for name, part in slices.items()}, path)
        tensors = {name: file.get_tensor(name).to(torch.float32) for name in expected}
    return fill(model, tensors, path)
