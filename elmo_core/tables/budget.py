"""How much memory a table may take, counted while it is read."""

from __future__ import annotations

from collections.abc import Sequence

from elmo_core.exceptions import InputError

MAX_CELLS = 20_000_000
"""Tables with more cells are refused."""
_MOST_HELD = 1 << 30
_LEAST_HELD = 64 << 20
_RATIO = 200
_ROW, _CELL, _STRING = 100, 8, 50  # bytes of a row, a place in it, and a string beside its characters


class MemoryBudget:
    """A limit on what is held of one file, whatever its header claims.

    A table may have `MAX_CELLS` cells, and take 200 times the bytes of its file, but 64 MB at least and
    1 GB at most: no file that people keep tables in is packed more tightly than that.
    """

    def __init__(self, name: str, n_bytes: int) -> None:
        """Start with nothing held.

        Args:
            name: of the file, for messages.
            n_bytes: of the file.
        """
        self.most_bytes = min(_MOST_HELD, max(_LEAST_HELD, _RATIO * n_bytes))
        self._name = name
        self._n_cells = 0
        self._n_bytes = 0

    def hold(self, cells: Sequence[str]) -> None:
        """Count a row.

        Raises:
            InputError: the table is too large with it.
        """
        self.take(len(cells), _ROW + sum(_STRING + len(cell) for cell in cells if cell))

    def take(self, n_cells: int, n_bytes: int) -> None:
        """Count cells and the bytes of what stands in them.

        Raises:
            InputError: the table is too large with them.
        """
        self._n_cells += n_cells
        self._n_bytes += _CELL * n_cells + n_bytes
        if self._n_cells > MAX_CELLS:
            raise InputError(
                f"{self._name} has more than {MAX_CELLS:,} cells, the most a table may have; keep the rows "
                "and columns you need."
            )
        if self._n_bytes > self.most_bytes:
            raise InputError(
                f"{self._name} would take more than {self.most_bytes >> 20:,} MB of memory, which is too "
                "much for a file of its size; keep the rows and columns you need."
            )
