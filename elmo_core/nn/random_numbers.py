"""Random numbers of torch that belong to one training, whatever other threads draw meanwhile.

torch has one generator for all threads of a process, so two trainings that run at once would draw from each
other's numbers. A training with `RandomNumbers` has the bits of one that runs alone after
`torch.manual_seed(seed)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

T = TypeVar("T")


class _FromOneGenerator(TorchDispatchMode):
    """While it is entered, what this thread draws on the processor comes from one generator."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._generator = generator

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = dict(kwargs or {})
        is_drawn = any(argument.name == "generator" for argument in func._schema.arguments)
        if is_drawn and not any(isinstance(one, Tensor) and one.device.type != "cpu" for one in args):
            given["generator"] = self._generator
        return func(*args, **given)


class RandomNumbers:
    """A sequence of random numbers of its own for a training."""

    def __init__(self, seed: int) -> None:
        """Start the sequence of a seed."""
        self._generator = torch.Generator()
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Go on with the sequence of another seed."""
        self._generator.manual_seed(seed)

    def make(self, build: Callable[[], T]) -> T:
        """Return what a function builds; the random weights of its modules are drawn from this sequence."""
        with _FromOneGenerator(self._generator):
            return build()

    @contextmanager
    def drawn(self) -> Iterator[None]:
        """Let `drop` draw from this sequence in this thread."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def drop(self, values: Tensor, share: float, is_training: bool) -> Tensor:
        """As the function `drop`, from this sequence."""
        with _FromOneGenerator(self._generator) if is_training and share else nullcontext():
            return functional.dropout(values, share, is_training)


_current: ContextVar[RandomNumbers | None] = ContextVar("random numbers", default=None)


def drop(values: Tensor, share: float, is_training: bool) -> Tensor:
    """Drop a share of values as torch does, from the random numbers of this thread's training.

    Args:
        values: any shape.
        share: that becomes 0; the others grow by 1 / (1 - share).
        is_training: otherwise nothing is dropped.
    """
    own = _current.get()
    if own is None:
        return functional.dropout(values, share, is_training)
    return own.drop(values, share, is_training)


class Dropout(nn.Dropout):
    """`drop` as a module."""

    def forward(self, input: Tensor) -> Tensor:
        """Drop a share of values while training."""
        return drop(input, self.p, self.training)
