"""Stratified splits that tolerate rare classes and keep near-duplicates on one side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

_MANY = 1500


@dataclass(frozen=True, eq=False)
class Split:
    """Rows to learn from and rows to test on."""

    train: np.ndarray
    """int64, in rising order."""
    test: np.ndarray

    def among(self, rows: np.ndarray) -> Split:
        """As far as it is of these rows (int64, in rising order), and as positions among them."""
        parts = (np.intersect1d(part, rows) for part in (self.train, self.test))
        return Split(*(np.searchsorted(rows, part) for part in parts))


def stratified_folds(
    codes: np.ndarray, n_folds: int, seed: int, together: Iterable[tuple[int, int]] = ()
) -> list[Split]:
    """Deal the rows of each class out to folds, as evenly as it goes.

    Args:
        codes: int (n,), the class of each row.
        n_folds: parts, each of which is the test rows once.
        seed: of the order.
        together: pairs of rows that must not be in different folds.
    """
    rng = np.random.default_rng(seed)
    groups = _groups(together)
    alone = np.ones(len(codes), dtype=bool)
    for group in groups:
        alone[group] = False
    rows = rng.permutation(np.flatnonzero(alone))
    units = [*sorted(groups, key=len, reverse=True), *rows[:, None]]
    folds = np.full(len(codes), -1)
    sizes = np.zeros((n_folds, int(codes.max()) + 1 if len(codes) else 1))
    for unit in units:
        order = np.lexsort((sizes.sum(axis=1), sizes[:, codes[unit[0]]]))
        fold = int(order[0])
        folds[unit] = fold
        sizes[fold] += np.bincount(codes[unit], minlength=sizes.shape[1])
    return [Split(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(n_folds)]


def stratified_split(
    codes: np.ndarray, test_share: float, seed: int, together: Sequence[tuple[int, int]] = ()
) -> Split:
    """One split: a share of every class is set apart, at least one row where a class has two.

    Args:
        codes: int (n,), the class of each row.
        test_share: of the test rows, between 0 and 1.
        seed: of the order.
        together: pairs of rows that must not be on different sides; a pair that would be is learned from.
    """
    rng = np.random.default_rng(seed)
    is_test = np.zeros(len(codes), dtype=bool)
    for code in np.unique(codes):
        rows = rng.permutation(np.flatnonzero(codes == code))
        n_test = min(max(round(test_share * len(rows)), 1), len(rows) - 1)
        is_test[rows[:n_test]] = True
    for group in _groups(together):
        if not is_test[group].all():
            is_test[group] = False
    return Split(np.flatnonzero(~is_test), np.flatnonzero(is_test))


def held_out_splits(codes: np.ndarray, seed: int) -> list[Split]:
    """Splits of training rows to choose settings on: one where there are many rows, else four folds.

    Args:
        codes: int (n,), the class of each row.
        seed: of the order.
    """
    if len(codes) >= _MANY:
        return [stratified_split(codes, 0.2, seed)]
    folds = stratified_folds(codes, 4, seed)
    return [fold for fold in folds if len(fold.train) and len(fold.test)]


def _groups(together: Iterable[tuple[int, int]]) -> list[np.ndarray]:
    """Rows that stand or fall together: int64 arrays of two rows or more."""
    parent: dict[int, int] = {}

    def root(row: int) -> int:
        while parent.setdefault(row, row) != row:
            row = parent[row]
        return row

    for a, b in together:
        parent[root(a)] = root(b)
    members: dict[int, list[int]] = {}
    for row in list(parent):
        members.setdefault(root(row), []).append(row)
    return [np.array(rows) for rows in members.values()]
