"""The files of a saved head: read from and written to a folder or a `.zip`, checked before they are used."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from elmo_core.exceptions import ModelError, ModelNotFoundError
from elmo_core.files import OutputKind, atomic_file, atomic_folder, claim_output
from elmo_core.weights.archive import unpacked
from elmo_core.weights.jsonfile import read_json

HEAD, CARD = "head.safetensors", "README.md"
FORMAT = 1
KINDS = ("classifier", "tagger")
"""What is saved; each kind has a `KIND.json`."""


def output_kind(path: Path, what: str, config: str, files: frozenset[str]) -> OutputKind:
    """Describe what `write_files` writes to a path: a `.zip`, or a folder.

    Args:
        path: where.
        what: the estimator, such as "classifier".
        config: name of its configuration, by which it is known again.
        files: names of all files that it may have.
    """
    if path.suffix.lower() == ".zip":
        return OutputKind(f"a zipped {what}", lambda place: _names_format(_from_zip(place, config)))
    return OutputKind(f"a {what}", lambda place: _names_format(_from_folder(place / config)), files)


def _names_format(content: bytes) -> bool:
    try:
        value = json.loads(content)
    except ValueError:
        return False
    return isinstance(value, dict) and {"format", "settings", "model"} <= value.keys()


def _from_zip(path: Path, config: str) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(config)
    except (OSError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile):
        return b""


def _from_folder(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def write_files(files: Mapping[str, bytes], path: Path, kind: OutputKind) -> None:
    """Write files, all or none.

    Args:
        files: by name.
        path: a new or empty folder, one that holds such files (then replaced), or a `.zip`.
        kind: from `output_kind`.

    Raises:
        OutputError: they cannot be written there.
    """
    if kind.form == "file":
        with claim_output(path, kind=kind) as place, atomic_file(place) as partial:
            partial.write_bytes(zip_bytes(files))
        return
    with atomic_folder(path, kind) as partial:
        for name, content in files.items():
            (partial / name).write_bytes(content)


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """Files by name as one `.zip`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@contextmanager
def opened(path: Path | str, what: str) -> Iterator[Path]:
    """The folder of a saved head; that of a `.zip` is there while the context lasts.

    Raises:
        ModelNotFoundError: there is nothing.
        ModelError: the archive is damaged or unsafe.
    """
    path = Path(path)
    if path.is_dir():
        _refuse_other_kind(path, path, what)
        yield path
        return
    if not path.exists():
        raise ModelNotFoundError(f"There is no {what} {path}; check the path.")
    with unpacked(path) as folder:
        try:
            _refuse_other_kind(folder, path, what)
            yield folder
        except ModelError as error:  # the user knows the archive, not where it was unpacked
            raise type(error)(str(error).replace(str(folder), str(path))) from None


def _refuse_other_kind(folder: Path, path: Path, what: str) -> None:
    found = [kind for kind in KINDS if (folder / f"{kind}.json").is_file()]
    if found and what not in found:
        raise ModelError(f"{path} holds a {found[0]}, and a {what} is needed here.")


def read_config(path: Path) -> dict[str, Any]:
    """A configuration of the format that this version reads.

    Raises:
        ModelNotFoundError: it is missing.
        ModelError: it is damaged or of another format.
    """
    content = read_json(path)
    if content.get("format") != FORMAT:
        raise ModelError(
            f"{path.name} has format {content.get('format')}, this version reads format {FORMAT}; "
            "use the version it was written with, or a newer one."
        )
    return content


def section(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object of a configuration; TypeError if it is none, KeyError if it is missing."""
    value = content[name]
    if not isinstance(value, dict):
        raise TypeError(f"{name} is not an object")
    return value


def require_file(path: Path, config: str, what: str) -> Path:
    """A file that has to be there, or ModelNotFoundError."""
    if not path.is_file():
        raise ModelNotFoundError(f"There is no {path.name} beside {config}; a {what} needs this file.")
    return path


def read_tensors(folder: Path, config: str, what: str) -> dict[str, torch.Tensor]:
    """All tensors that were kept.

    Raises:
        ModelNotFoundError: their file is missing.
        ModelError: it is damaged, or holds numbers that are not finite.
    """
    try:
        tensors = load_file(require_file(folder / HEAD, config, what))
    except (SafetensorError, OSError) as error:
        if isinstance(error, ModelNotFoundError):
            raise
        raise ModelError(f"{HEAD} is damaged ({error}); use an undamaged copy.") from None
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise ModelError(f"{HEAD} holds numbers that are not finite; use an undamaged copy.")
    return tensors


def fill(head: torch.nn.Module, tensors: Mapping[str, torch.Tensor], what: str) -> None:
    """Load the parameters of a head, or raise ModelError where they are those of another one."""
    try:
        head.load_state_dict(tensors)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise ModelError(f"{HEAD} is damaged or of another {what} ({reason}).") from None
