"""Full-batch L-BFGS, a few iterations at a time, so that whoever calls it can report and stop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

_AT_A_TIME = 10


def minimise(
    parameters: Sequence[nn.Parameter], loss: Callable[[], Tensor], *, max_iterations: int = 60
) -> Iterator[float]:
    """Minimise a smooth loss from where the parameters are.

    Args:
        parameters: changed in place.
        loss: of the parameters as they are, a scalar.
        max_iterations: most iterations of L-BFGS with a strong Wolfe line search.

    Yields:
        The loss before each ten iterations; the last one is not finite where the loss was not.
    """
    optimiser = torch.optim.LBFGS(
        parameters, max_iter=_AT_A_TIME, history_size=10, tolerance_grad=1e-5, tolerance_change=1e-8,
        line_search_fn="strong_wolfe",
    )  # fmt: skip

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = loss()
        value.backward()
        return value

    before = math.inf
    for _ in range(max_iterations // _AT_A_TIME):
        after = float(optimiser.step(closure).detach())
        yield after
        if not math.isfinite(after) or before - after < 1e-5 * abs(after):
            break
        before = after
