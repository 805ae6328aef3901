"""In which order the library of products adds up, found out by asking it.

A product of matrices (sgemm) cuts the K terms of each sum into blocks, adds up a block term by term with one
rounding each, and adds the blocks to each other. Where it cuts depends on the library, the processor and the
shape, but it shows: 2^24 + 1 - 2^24 is 0 in float32 when the three are neighbours within a block (the 1 is
lost), and 1 when a block begins at the middle one. With the cuts known, `nn.kernels.row_product` gives a single row
the bits it would have among many.
"""

from __future__ import annotations

import functools

import numpy as np
import torch
from torch import Tensor

from elmo_core.nn.kernels import row_product

_BIG = float(2**24)  # the least float32 that stays the same when 1 is added
_ROWS = 64
_STEP = 4  # terms that the kernel adds in one pass: cuts elsewhere are of no use to it


@functools.cache
def block_ends(n_terms: int, n_columns: int) -> tuple[int, ...] | None:
    """Where the blocks of sums end in products with weights of one shape, in float32 on the CPU.

    Args:
        n_terms: K, rows of the weight.
        n_columns: M, columns of the weight.

    Returns:
        Ends of the blocks, rising, the last one K; None where sums are made in another way (they are
        compared, bit by bit, on random numbers).
    """
    if n_terms % _STEP:
        return None
    ends = (*_cuts(n_terms, n_columns), n_terms)
    return ends if _is_right(ends, n_columns) else None


def _cuts(n_terms: int, n_columns: int) -> list[int]:
    ones = torch.ones(n_terms, n_columns)
    candidates = torch.arange(_STEP, n_terms, _STEP)
    found = []
    for some in candidates.split(_ROWS):
        rows = torch.zeros(max(len(some), _STEP), n_terms)
        number = torch.arange(len(some))
        rows[number, some - 1], rows[number, some], rows[number, some + 1] = _BIG, 1.0, -_BIG
        begins = (rows @ ones)[: len(some), 0] != 0
        found += some[begins].tolist()
    return found


def _is_right(ends: tuple[int, ...], n_columns: int) -> bool:
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(ends[-1], n_columns, generator=generator)
    rows = torch.randn(_STEP, ends[-1], generator=generator)
    return torch.equal(_row_by_row(rows, weight, ends), rows @ weight)


def _row_by_row(rows: Tensor, weight: Tensor, ends: tuple[int, ...]) -> Tensor:
    found = rows.new_empty(len(rows), weight.shape[1])
    for row, out in zip(rows, found, strict=True):
        row_product(row.numpy(), weight.numpy(), np.array(ends), out.numpy())
    return found
