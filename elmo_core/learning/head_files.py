"""A fitted head on the disk, of whatever estimator: JSON and safetensors in a folder or a `.zip`."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from elmo_core.embedder import Elmo
from elmo_core.exceptions import ModelError, ModelNotFoundError
from elmo_core.files import OutputKind, atomic_file, atomic_folder, claim_output
from elmo_core.weights.archive import unpacked
from elmo_core.weights.fingerprint import fingerprint
from elmo_core.weights.jsonfile import read_json
from elmo_core.weights.registry import reference as registered
from elmo_core.weights.store import JsonValue

HEAD, CARD = "head.safetensors", "README.md"
FORMAT = 1


def reference(model: Elmo | str | Path, elmo: Elmo) -> str:
    """The name or path under which the biLM of an estimator can be loaded again."""
    if isinstance(model, str | Path):
        return str(model)
    return registered(elmo.name, elmo.about) or elmo.name


def model_facts(model: Elmo | str | Path, elmo: Elmo) -> dict[str, JsonValue]:
    """What is kept of the biLM: how to find it, and how to know it again."""
    return {
        "name": reference(model, elmo),
        "sha256": fingerprint(elmo.model),
        "layers": elmo.n_layers,
        "width": elmo.dim,
    }


def settings_of(estimator: Any, names: Iterable[str]) -> dict[str, Any]:
    """Settings as JSON has them: numpy's numbers as Python's, and the seed that was drawn."""
    found = {name: getattr(estimator, name) for name in names} | {"random_state": estimator.seed_}
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in found.items()}


def as_json(content: Mapping[str, Any], what: str) -> bytes:
    """A configuration as a file.

    Raises:
        ModelError: it holds what JSON has no form for.
    """
    try:
        return (json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n").encode()
    except (TypeError, ValueError) as error:
        raise ModelError(f"The {what} cannot be written as JSON ({error}).") from None


def head_bytes(head: torch.nn.Module, others: Mapping[str, torch.Tensor] | None = None) -> bytes:
    """The parameters of a head, and what else belongs to it, as a file."""
    own = {name: tensor.contiguous() for name, tensor in head.state_dict().items()}
    return save(own | dict(others or {}))


def output_kind(path: Path, what: str, config: str, files: frozenset[str]) -> OutputKind:
    """What `write_files` writes to a path: a `.zip`, or a folder.

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
        yield path
        return
    if not path.exists():
        raise ModelNotFoundError(f"There is no {what} {path}; check the path.")
    with unpacked(path) as folder:
        yield folder


def read_facts(path: Path | str, config: str, what: str) -> dict[str, JsonValue]:
    """The facts that were saved with a head; errors as `opened`."""
    with opened(path, what) as folder:
        facts = read_json(folder / config).get("facts")
    return facts if isinstance(facts, dict) else {}


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


def check_model(elmo: Elmo, about: Mapping[str, Any], what: str) -> None:
    """Raise ModelError unless a biLM is the one that was kept."""
    if fingerprint(elmo.model) != about.get("sha256"):
        raise ModelError(f"{elmo.name} is not the biLM this {what} was trained on; give that one as model.")


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
