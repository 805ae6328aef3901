"""Data-parallel training over processes (`torchrun`), by rows.

A replica is one of the processes. Each knows the whole batch and works on its share of the rows; gradients
are averaged before each step, so N replicas with B/N rows each do what one with B rows does. Replica 0
alone writes files. Checkpoints hold the states of all rows: any number of replicas can go on from them.
Workers that do not wait for each other are another thing: see `local_averaging`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import torch
import torch.distributed as dist
from torch import Tensor

from elmo_core.embedding.machine import choose_device
from elmo_core.exceptions import ConfigError, TrainingError


class Replicas:
    """The processes of one run; a single process needs no torch.distributed."""

    def __init__(self) -> None:
        """Join the group that `torchrun` describes in the environment."""
        self.size = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        if self.size > 1 and not dist.is_initialized():
            # long, because the others wait while replica 0 tokenises; a replica that dies is noticed at once
            backend = "nccl" if torch.cuda.is_available() else "gloo"
            dist.init_process_group(backend, timeout=timedelta(hours=6))

    def rows_of(self, rows: int) -> slice:
        """This replica's share of the rows of a batch.

        Raises:
            ConfigError: the rows cannot be shared out evenly.
        """
        if rows % self.size:
            raise ConfigError(f"{rows} rows cannot be shared evenly by {self.size} processes; change rows.")
        share = rows // self.size
        return slice(self.rank * share, (self.rank + 1) * share)

    def device(self, name: str) -> torch.device:
        """The device of this replica: on graphics processors one for each.

        Args:
            name: "auto", "cpu" or "cuda".

        Raises:
            ConfigError: there is no such device here.
        """
        chosen = choose_device(name)
        if chosen.type != "cuda":
            return chosen
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """Run a block in replica 0, then in the others, which find its files."""
        if not self.is_first:
            self._guard(dist.barrier)
        yield
        if self.is_first and self.size > 1:
            self._guard(dist.barrier)

    def share_weights(self, parameters: Iterable[Tensor]) -> None:
        """Give all replicas the weights of replica 0."""
        if self.size > 1:
            for parameter in parameters:
                self._guard(partial(dist.broadcast, parameter.data, 0))

    @property
    def is_first(self) -> bool:
        """Whether this process writes files."""
        return self.rank == 0

    def average_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Replace each gradient by its mean over the replicas.

        Raises:
            TrainingError: another replica is gone.
        """
        if self.size == 1:
            return
        for parameter in parameters:
            if parameter.grad is None:
                continue
            if not parameter.grad.is_sparse:
                self._sum(parameter.grad)
            elif dist.get_backend() == "gloo":
                parameter.grad = parameter.grad.coalesce()
                self._sum(parameter.grad)
            else:  # nccl does not sum sparse tensors, and the optimiser takes no others
                rows = parameter.grad.to_dense()
                self._sum(rows)
                parameter.grad = rows.to_sparse(1)
            parameter.grad.div_(self.size)

    def mean(self, value: float) -> float:
        """Mean of a number over the replicas."""
        if self.size == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=self.device("auto"))
        self._sum(total)
        return float(total) / self.size

    def all_rows(self, part: Tensor) -> Tensor:
        """The rows of all replicas, in order: (B / size, ...) -> (B, ...)."""
        if self.size == 1:
            return part
        parts = [torch.empty_like(part) for _ in range(self.size)]
        self._guard(partial(dist.all_gather, parts, part.contiguous()))
        return torch.cat(parts)

    def _sum(self, tensor: Tensor) -> None:
        self._guard(partial(dist.all_reduce, tensor))

    def _guard(self, collective: Callable[[], object]) -> None:
        try:
            collective()
        except RuntimeError as error:
            raise TrainingError(
                f"Process {self.rank} lost the others ({str(error).splitlines()[0]}); "
                "start again with --resume, with as many processes as there are."
            ) from error
