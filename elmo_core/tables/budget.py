"""How much memory a table may take, counted while it is read."""

from __future__ import annotations

from collections.abc import Sequence

from elmo_core.exceptions import InputError

MAX_CELLS = 20_000_000
"""Tables with more cells are refused."""
_MOST_HELD = 1 << 30
_LEAST_HELD = 256 << 20
_RATIO = 16
_ROW, _CELL, _STRING = 250, 8, 50  # bytes of a row, a place in it, and a string beside its characters


def check_cells(n_cells: int, name: str) -> None:
    """Refuse a table with too many cells.

    Raises:
        InputError: it has more than `MAX_CELLS`.
    """
    if n_cells > MAX_CELLS:
        raise InputError(
            f"{name} has more than {MAX_CELLS:,} cells, the most a table may have; keep the rows and columns "
            "you need."
        )


class MemoryBudget:
    """A limit on what is held of one file, whatever its header claims.

    A table may have `MAX_CELLS` cells, and take 16 times the bytes of its file, but 256 MB at least and
    1 GB at most. Tables of 20 characters a row or more, and packed ones of usual text, stay below that.
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
        check_cells(self._n_cells, self._name)
        self.check(self._n_bytes)

    def check(self, n_bytes: int) -> None:
        """Refuse what would take more than the file may, before it is taken.

        Raises:
            InputError: it is more than `most_bytes`.
        """
        if n_bytes > self.most_bytes:
            raise InputError(
                f"{self._name} would take more than {self.most_bytes >> 20:,} MB of memory, which is too "
                "much for a file of its size; keep the rows and columns you need."
            )
