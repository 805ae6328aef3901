"""Models by name: shipped with the program, the user's own, the official ones, the built-in one."""

from __future__ import annotations

import contextlib
import difflib
import functools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from elmo_core.exceptions import ModelError, ModelNotFoundError
from elmo_core.progress import Progress
from elmo_core.shipped import shipped
from elmo_core.weights import tiny
from elmo_core.weights.download import by_hand, download_official
from elmo_core.weights.folder import CONFIG, read_about
from elmo_core.weights.formats import has_model, memory_bytes, read_model, transformer_type
from elmo_core.weights.official import read_official
from elmo_core.weights.published import PUBLISHED, PublishedModel
from elmo_core.weights.store import JsonValue, StoredModel

MODELS_VARIABLE = "ELMO_MODELS"
"""Environment variable: the folder whose subfolders are the user's models, in place of the usual one."""

ModelKind = Literal["shipped", "local", "official", "built-in"]

_SHIPPED = shipped("data/models")
_OFFICIAL = {model.name: model for model in PUBLISHED}


def own_models_folder() -> Path:
    """The folder whose subfolders are the user's models: that of ELMO_MODELS, else one in the user's data."""
    if asked := os.environ.get(MODELS_VARIABLE):
        return Path(asked).expanduser()
    return Path(platformdirs.user_data_dir("elmo-explorer", appauthor=False)) / "models"


@dataclass(frozen=True)
class ModelEntry:
    """One name that `load_model` accepts."""

    name: str
    title: str
    kind: ModelKind
    size_bytes: int
    """Bytes on disk or of the download; 0 = made in code."""
    available: bool
    """Whether it can be loaded without a network."""
    path: Path | None
    """Its folder, also where that is still to be filled; None = made in code."""
    transformer: str = ""
    """The architecture of a transformer, such as "bert"; empty for a biLM."""

    @property
    def memory_bytes(self) -> int:
        """Bytes that its weights take once it is loaded; 0 where its files are not here."""
        return memory_bytes(self.path) if self.path and self.available else 0


def known_models() -> tuple[ModelEntry, ...]:
    """All models that have a name; where two have the same, the one that `load_model` takes."""
    entries: dict[str, ModelEntry] = {}
    for entry in (*map(_reserved_entry, (tiny.NAME, *_OFFICIAL)), *_folder_entries()):
        entries.setdefault(entry.name, entry)
    order: tuple[ModelKind, ...] = ("shipped", "local", "official", "built-in")
    return tuple(sorted(entries.values(), key=lambda entry: order.index(entry.kind)))


def find_model(name: str) -> ModelEntry | None:
    """The model that has a name; None where none has it."""
    if name == tiny.NAME or name in _OFFICIAL:
        return _reserved_entry(name)
    for kind, root in _roots():
        if name in _names_in(root) and (found := _folder_entry(kind, root / name)):
            return found
    return None


def load_model(
    name_or_path: str | Path, *, download: bool = False, progress: Progress | None = None
) -> StoredModel:
    """Load a model.

    Args:
        name_or_path: a name of `known_models`, or the path of a folder, a `.zip` or an official
            `*options.json`; where both exist, the name counts.
        download: whether an official model that is not on this machine may be fetched.
        progress: called with (bytes received, bytes in all).

    Raises:
        ModelNotFoundError: no such name or path, or an official model that is not on this machine.
        ModelError: the files are damaged, unsafe, incomplete or of another family of models.
        DownloadError: the download failed.
    """
    if not isinstance(name_or_path, str | os.PathLike):
        raise ModelNotFoundError(f"A model has a name or a path, not {name_or_path!r}.")
    entry = find_model(str(name_or_path))
    if entry is None:
        return _load_path(Path(name_or_path).expanduser())
    if entry.path is None:
        return tiny.tiny_model()
    if entry.kind != "official":
        return read_model(entry.path)
    model = _OFFICIAL[entry.name]
    if not entry.available:
        if not download:
            raise ModelNotFoundError(_not_here(model))
        download_official(model, progress=progress)
    return read_official(model.folder)


def reference(name: str, about: Mapping[str, JsonValue]) -> str | None:
    """The name or path under which a loaded model can be loaded again; None = it was made in memory.

    Args:
        name: name of the model.
        about: its facts.
    """
    if find_model(name):
        return name
    source = about.get("source")
    return str(Path(str(source)).absolute()) if source else None


def download(entry: ModelEntry, *, progress: Progress | None = None) -> Path:
    """Fetch an official model, or go on with a fetch that broke off.

    Args:
        entry: of kind "official".
        progress: called with (bytes received, bytes in all).

    Returns:
        The folder of the model.

    Raises:
        ModelError: the entry is of another kind.
        DownloadError: the download failed; the message says how to place the files by hand.
    """
    if entry.kind != "official":
        raise ModelError(f"{entry.name} is not a model to download; only the official models are.")
    return download_official(_OFFICIAL[entry.name], progress=progress)


def how_to_place(entry: ModelEntry) -> str:
    """One sentence: how to use an official model on a machine without a network; empty for other models."""
    return by_hand(_OFFICIAL[entry.name]) if entry.name in _OFFICIAL else ""


def _load_path(path: Path) -> StoredModel:
    if os.path.exists(path) or path.suffix == ".zip" or len(path.parts) > 1:
        return read_model(path)
    names = [entry.name for entry in known_models()]
    close = difflib.get_close_matches(str(path), names, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(names)}."
    raise ModelNotFoundError(f"There is no model named {str(path)!r}, nor such a folder or .zip; {hint}")


def _not_here(model: PublishedModel) -> str:
    return (
        f"{model.title} is not on this machine; allow its download of {model.size_bytes / 1e6:.0f} MB "
        f"(download=True). {by_hand(model)}"
    )


def _reserved_entry(name: str) -> ModelEntry:
    """The built-in model, or an official one, whether its files are here or not."""
    if name == tiny.NAME:
        return ModelEntry(name, tiny.TITLE, "built-in", 0, True, None)
    model = _OFFICIAL[name]
    return ModelEntry(name, model.title, "official", model.size_bytes, model.is_available, model.folder)


def _folder_entries() -> Iterator[ModelEntry]:
    for kind, root in _roots():
        for name in sorted(_names_in(root)):
            if found := _folder_entry(kind, root / name):
                yield found


def _roots() -> tuple[tuple[ModelKind, Path], ...]:
    return ("shipped", _SHIPPED), ("local", own_models_folder())


def _names_in(root: Path) -> list[str]:
    return os.listdir(root) if root.is_dir() else []


def _folder_entry(kind: ModelKind, folder: Path) -> ModelEntry | None:
    with contextlib.suppress(OSError):  # it may be replaced or removed this very moment
        if folder.is_dir() and not folder.name.startswith(".") and has_model(folder):
            size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
            architecture = transformer_type(folder)
            title = folder.name if architecture else _title(folder)
            return ModelEntry(folder.name, title, kind, size, True, folder, architecture)
    return None


def _title(folder: Path) -> str:
    """The title in its own facts; of a damaged model, the name (loading it says what is wrong)."""
    config = folder / CONFIG
    title = _title_in(folder, config.stat().st_mtime_ns) if config.is_file() else None
    return title or folder.name


@functools.lru_cache(64)
def _title_in(folder: Path, changed_ns: int) -> str | None:
    """The title in a config that was changed at a time."""
    try:
        title = read_about(folder).get("title")
    except ModelError:
        return None
    return title if isinstance(title, str) else None
