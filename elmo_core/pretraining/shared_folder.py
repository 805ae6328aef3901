"""The folder through which the workers of `local_averaging` exchange weights.

start.safetensors       the weights that all workers began with, and what they learn from and how
worker-1.safetensors    what worker 1 has contributed so far; it alone writes this file

Nobody waits for a file. Each is written in one step and holds a checksum of its content, because a folder
that is mounted or synchronised between machines may show a part of a file. A worker keeps copies of the start
and of what it last read of each other one. So a file that is damaged or removed later still counts, and a
folder that cannot be reached for a while stops nobody.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from elmo_core.exceptions import OutputError, TrainingError
from elmo_core.files import OutputKind, atomic_file
from elmo_core.locking import locked

log = logging.getLogger(__name__)
_START, _FACTS, _CHECKSUM = "start.safetensors", "facts", "checksum"
_WORKER_FILE = re.compile(r"worker-([1-9][0-9]{0,5})\.safetensors")
WORKER_FILE = OutputKind("the weights of a worker", lambda path: True)
"""The file of a worker; whatever has its name in a shared folder is one."""


@dataclass(frozen=True)
class WeightFile:
    """One checked file of weights."""

    path: Path
    checksum: str
    """Of facts and tensors."""
    facts: dict[str, Any]

    def tensor(self, name: str) -> Tensor:
        """Read one tensor."""
        with safe_open(self.path, "pt") as stored:
            return stored.get_tensor(name).clone()  # type: ignore[no-any-return]

    def shapes(self) -> dict[str, list[int]]:
        """Return the shapes of all tensors by name."""
        with safe_open(self.path, "pt") as stored:
            return {name: stored.get_slice(name).get_shape() for name in stored.keys()}  # noqa: SIM118


class SharedFolder:
    """The shared folder as one worker sees it."""

    def __init__(self, folder: Path, worker: int, kept: Path) -> None:
        """Describe the folder; nothing is read or written yet.

        Args:
            folder: that all workers share.
            worker: number of the worker, from 1.
            kept: folder of its own for copies.
        """
        self.folder, self._kept = folder, kept
        self._own = folder / worker_file(worker)
        self._published: str | None = None  # checksum of the own file as it was last seen or written

    def start(self) -> WeightFile | None:
        """Return the weights that all workers began with; None where no worker has begun.

        Raises:
            TrainingError: the file is damaged, or the folder holds something else.
        """
        if not (self.folder / _START).exists():
            names = [path.name for path in self.folder.glob("[!.]*") if path.is_file()]
            if names:
                raise TrainingError(
                    f"{self.folder} holds {min(names)} and no {_START}, so it is no folder of workers; "
                    "share a new or empty one."
                )
            return None
        return self._read(self.folder / _START)

    def begin(self, weights: Mapping[str, Tensor], facts: Mapping[str, Any]) -> WeightFile:
        """Offer weights to begin with, and return a copy of those that all workers begin with.

        Args:
            weights: they become those of all workers where no other worker was faster.
            facts: to store beside them.

        Raises:
            TrainingError: as `start`.
            OutputError: the file cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / f".{_START}.lock", wait=True):
            start = self.start() or write_weights(self.folder / _START, weights, facts)
        shutil.rmtree(self._kept, ignore_errors=True)  # of a run that was killed before its first checkpoint
        self._kept.mkdir()
        with atomic_file(self._kept / _START) as partial:
            shutil.copyfile(start.path, partial)
        return read_weights(self._kept / _START)

    def begun(self, checksum: str) -> WeightFile:
        """Return the copy of the weights that all workers began with.

        Raises:
            TrainingError: the shared folder holds others, or none.
        """
        start = self.start()
        if start is None or start.checksum != checksum:
            raise TrainingError(
                f"{self.folder} is not the folder that this worker shared before; give that one."
            )
        return read_weights(self._kept / _START)

    def own(self) -> WeightFile | None:
        """Return what this worker has published, and remember it as its own; None if there is nothing.

        Raises:
            TrainingError: the file is damaged.
        """
        self._published = _checksum_noted(self._own)
        return self._read(self._own) if self._own.exists() else None

    def _read(self, path: Path) -> WeightFile:
        try:
            return read_weights(path)
        except TrainingError as error:
            raise TrainingError(
                f"{str(error).removesuffix('.')}; put back a copy from {self._kept.name}/ in a worker's run, "
                "or share another folder."
            ) from None

    def publish(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Replace what this worker has published; where the disk refuses, a warning says so.

        Raises:
            TrainingError: another process has published under the same number.
        """
        if _checksum_noted(self._own) not in (None, self._published):
            raise TrainingError(
                f"{self._own} was written by another process; start every worker with a number of its own "
                "(--worker 1/2, --worker 2/2) and resume this one afterwards."
            )
        try:
            self._published = write_weights(self._own, tensors, facts).checksum
        except OutputError as error:
            log.warning("%s The next round publishes this one as well.", error)

    def others(self, start: WeightFile, prefixes: Sequence[str]) -> dict[int, WeightFile]:
        """Return copies of what each other worker has published, by number.

        A file that cannot be used is left out, and a warning says so. Where an earlier version of it was
        read, that one is returned.

        Args:
            start: files of workers that began with other weights are left out.
            prefixes: of the names of the tensors that must be there for each weight of the start.
        """
        try:
            published = [path for path in self.folder.iterdir() if _WORKER_FILE.fullmatch(path.name)]
        except OSError as error:
            log.warning(
                "%s cannot be read (%s); what was read of it last counts.", self.folder, error.strerror
            )
            published = []
        for path in sorted(published):
            if path != self._own:
                self._keep(path, start, prefixes)
        kept = ((path, _WORKER_FILE.fullmatch(path.name)) for path in self._kept.iterdir())
        found = {int(match[1]): read_weights(path, checked=True) for path, match in kept if match}
        return dict(sorted(found.items()))

    def _keep(self, path: Path, start: WeightFile, prefixes: Sequence[str]) -> None:
        """Copy a file of another worker, if it is new and can be used."""
        copy = self._kept / path.name
        noted = _checksum_noted(path)
        if noted is not None and noted == _checksum_noted(copy):
            return
        try:
            with atomic_file(copy) as partial:
                shutil.copyfile(path, partial)
                found = read_weights(partial, name=path)
                if found.facts.get("start") != start.checksum:
                    raise TrainingError(f"{path} is of another run: its worker began with other weights")
                shapes = found.shapes()
                weights = [
                    (prefix + name, shape) for prefix in prefixes for name, shape in start.shapes().items()
                ]
                if any(shapes.get(name) != shape for name, shape in weights):
                    raise TrainingError(f"{path} holds weights of another shape")
        except (TrainingError, OutputError, OSError) as error:
            log.warning("%s; it is left out.", str(error).removesuffix("."))


def worker_file(worker: int) -> str:
    """Return the name of the file of a worker."""
    return f"worker-{worker}.safetensors"


def write_weights(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> WeightFile:
    """Write tensors and JSON facts to a file in one step.

    Raises:
        OutputError: the disk refuses.
    """
    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    digest = _Digest(facts)
    for name in sorted(stored):
        digest.add(name, stored[name])
    # one entry alone: the order of several differs from file to file
    noted = {_FACTS: json.dumps({**facts, _CHECKSUM: digest.hexdigest()}, sort_keys=True)}
    try:
        with atomic_file(path) as partial:
            save_file(stored, partial, noted)
    except SafetensorError as error:
        raise OutputError(f"{path} could not be written ({error}).") from None
    return WeightFile(path, digest.hexdigest(), dict(facts))


def read_weights(path: Path, *, name: Path | None = None, checked: bool = False) -> WeightFile:
    """Open a file of weights and check its content.

    Args:
        path: of the file.
        name: of the file in messages; default: its path.
        checked: whether the content was checked before.

    Raises:
        TrainingError: it is damaged, is something else, or holds numbers that are not finite.
    """
    name = name or path
    try:
        with safe_open(path, "pt") as stored:
            facts = json.loads(stored.metadata()[_FACTS])
            checksum = facts.pop(_CHECKSUM)
            if not checked:
                digest = _Digest(facts)
                for tensor in sorted(stored.keys()):
                    digest.add(tensor, stored.get_tensor(tensor))
                if digest.hexdigest() != checksum:
                    raise TrainingError(f"{name} is damaged: its content does not fit its checksum.")
                if not digest.is_finite:
                    raise TrainingError(f"{name} holds numbers that are not finite.")
    except (SafetensorError, OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"{name} is damaged or holds something else ({error}).") from None
    return WeightFile(path, checksum, facts)


def _checksum_noted(path: Path) -> str | None:
    """Return the checksum that a file gives for itself; None where there is no such file or it is damaged."""
    try:
        return read_weights(path, checked=True).checksum
    except TrainingError:
        return None


class _Digest:
    """The checksum of facts and tensors."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._digest, self.is_finite = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()), True

    def add(self, name: str, tensor: Tensor) -> None:
        """Take in one tensor; in the order of their names."""
        self._digest.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        self._digest.update(tensor.contiguous().numpy().data)
        self.is_finite = self.is_finite and bool(torch.isfinite(tensor).all())

    def hexdigest(self) -> str:
        """Return the checksum so far."""
        return self._digest.hexdigest()
