"""The user's own models: taken into one folder under a name, and removed from it.

A model is read before it is taken in, so a damaged or unsafe file adds nothing. A biLM is written as our own
folder (`weights.folder`), whatever format it came in, a transformer as its library writes it: no file of the
source is copied, and the weights keep their bits. From then on its name is known to `load_encoder`, to every
command and to every page.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import torch

from elmo_core.encoders.loading import quiet_library, transformer_from_folder
from elmo_core.encoders.transformer import TransformerEncoder
from elmo_core.exceptions import ModelError, OutputError
from elmo_core.files import OutputKind, atomic_folder
from elmo_core.memory import require_memory_for_model
from elmo_core.names import free_name, refuse_name
from elmo_core.nn.bilm import BiLM
from elmo_core.weights.archive import unpacked
from elmo_core.weights.folder import CARD, write_folder
from elmo_core.weights.formats import memory_bytes, read_model, transformer_type
from elmo_core.weights.registry import ModelEntry, find_model, known_models, own_models_folder

_TRANSFORMER = OutputKind("a transformer", lambda folder: bool(transformer_type(folder)), frozenset())


def add_model(source: Path, name: str, *, card: str | None = None) -> ModelEntry:
    """Take a model into the user's models.

    Args:
        source: a folder, a `.zip` or an official `*options.json`, see `weights.formats.read_model`; or the
            folder of a transformer, packed or not.
        name: under which it will be known.
        card: text of its card; None = that of the source.

    Raises:
        ModelError: the source holds no model that can be read.
        InputError: the name is impossible or taken, or the weights do not fit into the memory that is free.
        MissingExtraError: it is a transformer, and their library is not installed.
        OutputError: the folder of the user's models cannot be written.
    """
    refuse_model_name(name)
    with _opened(source) as opened:
        if opened.is_dir():
            require_memory_for_model(name, memory_bytes(opened))
        if transformer_type(opened):
            encoder = transformer_from_folder(opened, str(source), device="cpu")
            _write_transformer(encoder, _place_of(name), card=_card(opened) if card is None else card)
        else:
            stored, card = read_model(opened), _card(opened) if card is None else card
            write_folder(stored, _place_of(name), dtype=_smallest_dtype(stored.model), card=card)
    (entry,) = (entry for entry in known_models() if entry.name == name)
    return entry


@contextmanager
def _opened(source: Path) -> Iterator[Path]:
    """The folder of a model, unpacked where it is in a `.zip`; another path as it is."""
    if source.suffix.lower() != ".zip" or not source.is_file():
        yield source
        return
    with unpacked(source) as folder:
        try:
            yield folder
        except ModelError as error:  # the user knows the archive, not where it was unpacked
            raise type(error)(str(error).replace(str(folder), source.name)) from None


def _place_of(name: str) -> Path:
    """The folder of a new model; that of all models is made where it is missing."""
    folder = own_models_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {folder} could not be made ({error}).") from error
    return folder / name


def _write_transformer(encoder: TransformerEncoder, target: Path, *, card: str) -> None:
    with atomic_folder(target, _TRANSFORMER) as partial, quiet_library():
        encoder.save(partial)
        if card:
            (partial / CARD).write_text(card, encoding="utf-8")


def refuse_model_name(name: str) -> None:
    """Refuse a name that no new model can have; errors as `names.refuse_name`."""
    refuse_name(name, "model", _is_taken)


def free_model_name(wish: str) -> str:
    """Return a name for a new model, see `names.free_name`."""
    return free_name(wish, _is_taken)


def _is_taken(name: str) -> bool:
    return find_model(name) is not None


def remove_model(name: str) -> None:
    """Delete one of the user's models from the disk.

    Raises:
        ModelError: there is no such model, or it is not the user's.
        OutputError: it cannot be deleted.
    """
    entry = find_model(name)
    if entry is None or entry.kind != "local" or entry.path is None:
        raise ModelError(f"{name} is none of your own models, so it cannot be removed here.")
    try:
        # out of sight in one step: a model that is half deleted must not be found under its name
        aside = Path(tempfile.mkdtemp(prefix=".removed-", dir=entry.path.parent))
        entry.path.rename(aside / name)
        shutil.rmtree(aside)
    except OSError as error:
        raise OutputError(f"{entry.path} could not be removed ({error}).") from error


def _smallest_dtype(model: BiLM) -> Literal["float16", "float32"]:
    """Half precision where it holds every weight exactly, as in a model that was written in it."""
    exact = all(torch.equal(weight, weight.half().float()) for weight in model.parameters())
    return "float16" if exact else "float32"


def _card(source: Path) -> str:
    """The model card beside the files of a folder; empty where there is none."""
    card = source / CARD
    return card.read_text("utf-8", errors="replace") if source.is_dir() and card.is_file() else ""
