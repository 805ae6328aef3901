"""Stratified splits that tolerate rare classes and keep near-duplicates in one part.

Rows that are linked, directly or through other rows, form a group, and a group is drawn as a unit: no
group is ever in two parts. Within this rule a test part has the share of each class that was asked for:

* A class with two rows or more is learned from and, where the groups have one class each, tested on.
* Where the groups have one class each, the test rows of a class differ from what was asked by at most
  half of its largest group; single rows fill what groups leave, so with enough of them by nothing.
* Where groups mix classes, the size of the test part differs from what was asked by less than the
  largest group, as long as every class stays in both parts.
* In folds, the rows of a class differ from fold to fold by at most its largest group, for groups of one
  class.

Where all rows of a class are in one group, the class could not be both learned and tested. That group is
divided row by row, and `rows_beside_training` counts the test rows for which this is so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

_MANY = 1500
_NEVER_LEARNED, _NEVER_TESTED = 1e9, 1e6
"""Misfit of a class without training rows, or without test rows: more than any number of rows."""

Pairs = Iterable[tuple[int, int]]


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


def stratified_folds(codes: np.ndarray, n_folds: int, seed: int, together: Pairs = ()) -> list[Split]:
    """Deal the rows of each class out to folds, as evenly as the groups allow.

    Args:
        codes: int (n,), the class of each row.
        n_folds: parts, each of which is the test rows once; some are empty if there are fewer groups.
        seed: seed of the order.
        together: pairs of near-duplicates; see the rule above.
    """
    rng = np.random.default_rng(seed)
    groups, alone = _units(codes, together)
    rows = rng.permutation(np.flatnonzero(alone))
    units = [*sorted(groups, key=len, reverse=True), *rows[:, None]]
    folds = np.full(len(codes), -1)
    sizes = np.zeros((n_folds, int(codes.max()) + 1 if len(codes) else 1))
    for unit in units:
        classes, counts = np.unique(codes[unit], return_counts=True)
        order = np.lexsort((sizes.sum(axis=1), sizes[:, classes] @ counts))
        fold = int(order[0])
        folds[unit] = fold
        sizes[fold, classes] += counts
    return [Split(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(n_folds)]


def stratified_split(codes: np.ndarray, test_share: float, seed: int, together: Pairs = ()) -> Split:
    """Set a share of every class apart, at least one row where a class has two.

    Args:
        codes: int (n,), the class of each row.
        test_share: of the test rows, between 0 and 1.
        seed: seed of the choice of rows.
        together: pairs of near-duplicates; see the rule above.
    """
    rng = np.random.default_rng(seed)
    groups, alone = _units(codes, together)
    n_classes = int(codes.max()) + 1 if len(codes) else 0
    n_alone = np.bincount(codes[alone], minlength=n_classes)
    counts = np.zeros((len(groups), n_classes), dtype=np.int64)
    for number, group in enumerate(groups):
        counts[number] = np.bincount(codes[group], minlength=n_classes)
    draw = _Draw(counts, n_alone, test_share)
    is_test = np.zeros(len(codes), dtype=bool)
    for number in np.flatnonzero(draw.groups(np.random.default_rng((seed, 1)))).tolist():
        is_test[groups[number]] = True
    wanted = draw.rows_alone(np.bincount(codes[is_test], minlength=n_classes))
    for code in np.unique(codes):
        rows = rng.permutation(np.flatnonzero(alone & (codes == code)))
        is_test[rows[: wanted[code]]] = True
    return Split(np.flatnonzero(~is_test), np.flatnonzero(is_test))


def is_on_folds(n: int) -> bool:
    """Whether `held_out_splits` deals n rows out to four folds; otherwise it holds a fifth of them out."""
    return n < _MANY


def held_out_splits(codes: np.ndarray, seed: int) -> list[Split]:
    """Splits of training rows to choose settings on: one where there are many rows, else four folds.

    Args:
        codes: int (n,), the class of each row.
        seed: seed of the order.
    """
    if not is_on_folds(len(codes)):
        return [stratified_split(codes, 0.2, seed)]
    folds = stratified_folds(codes, 4, seed)
    return [fold for fold in folds if len(fold.train) and len(fold.test)]


def rows_beside_training(splits: Iterable[Split], together: Pairs) -> int:
    """Count test rows that have a near-duplicate among the training rows of their split.

    Args:
        splits: splits of the same rows.
        together: pairs of near-duplicates; a pair links rows directly or through others.
    """
    groups = _linked(together)
    if not groups:
        return 0
    rows, labels = np.concatenate(groups), np.repeat(np.arange(len(groups)), list(map(len, groups)))
    n = 0
    for split in splits:
        learned = np.unique(labels[np.isin(rows, split.train)])
        n += int((np.isin(rows, split.test) & np.isin(labels, learned)).sum())
    return n


class _Draw:
    """Draws the groups of a test part, then says how many single rows fill it; G groups, K classes."""

    def __init__(self, counts: np.ndarray, n_alone: np.ndarray, share: float) -> None:
        """Set what is wanted of each class.

        Args:
            counts: int (G, K), rows of each class in each group.
            n_alone: int (K,), rows of each class outside the groups.
            share: of the test rows.
        """
        self._counts, self._n_alone, self._share = counts, n_alone, share
        self._grouped = counts.sum(axis=0)
        n_rows = self._grouped + n_alone
        self._target = np.clip(np.round(share * n_rows).astype(int), 1, None)
        self._target = np.minimum(self._target, np.maximum(n_rows - 1, 0))
        self._is_divisible = (counts > 0).sum(axis=0) + n_alone >= 2
        self._mixes = bool(((counts > 0).sum(axis=1) > 1).any())

    def groups(self, rng: np.random.Generator) -> np.ndarray:
        """Mark the test groups, bool (G,): the first ones until the wanted share is reached.

        Then groups change sides, one at a time, as long as that brings the part nearer to what is wanted.
        """
        is_test = np.zeros(len(self._counts), dtype=bool)
        left = self._share * self._grouped
        for group in rng.permutation(len(self._counts)).tolist():
            rest = left - self._counts[group]
            if np.abs(rest).sum() < np.abs(left).sum():
                is_test[group], left = True, rest
        taken = self._counts[is_test].sum(axis=0)
        has_changed = True
        while has_changed:
            has_changed = False
            for code in self._unmet(taken):
                while (group := self._better(code, taken, is_test)) is not None:
                    taken += -self._counts[group] if is_test[group] else self._counts[group]
                    is_test[group] = not is_test[group]
                    has_changed = True
        return is_test

    def rows_alone(self, taken: np.ndarray) -> np.ndarray:
        """Single rows to test on, int (K,), where groups give `taken` (K,) rows of each class."""
        least = (taken == 0) & self._is_divisible
        return np.asarray(np.minimum(np.maximum(self._target - taken, least), self._spare(taken)))

    def _spare(self, taken: np.ndarray) -> np.ndarray:
        """Single rows that may be tested on, so that one is left to learn from: int (..., K)."""
        return np.asarray(np.maximum(self._n_alone - (taken == self._grouped), 0))

    def _gaps(self, taken: np.ndarray) -> np.ndarray:
        """Rows that each class has too few (> 0) or too many (< 0), single rows included: (..., K)."""
        wanted = self._target - taken
        return np.asarray(np.where(wanted > 0, np.maximum(wanted - self._spare(taken), 0), wanted))

    def _missing(self, taken: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Classes that are not learned from, and those that could be tested on but are not: bool (..., K)."""
        not_learned = (taken == self._grouped) & (self._n_alone == 0) & (taken > 0)
        return not_learned, (taken == 0) & (self._spare(taken) == 0) & self._is_divisible

    def _misfit(self, taken: np.ndarray) -> np.ndarray:
        """Distance of a test part from the wanted shares: (...)."""
        gaps = self._gaps(taken)
        not_learned, not_tested = self._missing(taken)
        rows = np.abs(gaps).sum(axis=-1) + 2 * self._mixes * np.abs(gaps.sum(axis=-1))
        return np.asarray(
            _NEVER_LEARNED * not_learned.sum(axis=-1) + _NEVER_TESTED * not_tested.sum(axis=-1) + rows
        )

    def _unmet(self, taken: np.ndarray) -> list[int]:
        """Classes that do not have the rows that are wanted, the worst first."""
        not_learned, not_tested = self._missing(taken)
        badness = np.abs(self._gaps(taken)) + _NEVER_LEARNED * not_learned + _NEVER_TESTED * not_tested
        return [code for code in np.argsort(-badness, kind="stable").tolist() if badness[code] > 0]

    def _better(self, code: int, taken: np.ndarray, is_test: np.ndarray) -> int | None:
        """The group of this class that should change sides; None = none should."""
        groups = np.flatnonzero(self._counts[:, code])
        signs = np.where(is_test[groups], -1, 1)
        after = self._misfit(taken + signs[:, None] * self._counts[groups])
        if not len(groups) or after.min() >= self._misfit(taken):
            return None
        return int(groups[after.argmin()])


def _units(codes: np.ndarray, together: Pairs) -> tuple[list[np.ndarray], np.ndarray]:
    """The groups that are drawn as units, and which rows are drawn alone, bool (n,)."""
    groups = _linked(together)
    n_classes = int(codes.max()) + 1 if len(codes) else 0
    alone = np.ones(len(codes), dtype=bool)
    n_units = np.zeros(n_classes, dtype=int)
    for group in groups:
        alone[group] = False
        n_units[np.unique(codes[group])] += 1
    n_units += np.bincount(codes[alone], minlength=n_classes)
    is_one_unit = (n_units == 1) & (np.bincount(codes, minlength=n_classes) > 1)
    divided = [group for group in groups if is_one_unit[codes[group]].any()]
    for group in divided:
        alone[group] = True
    return [group for group in groups if not alone[group[0]]], alone


def _linked(together: Pairs) -> list[np.ndarray]:
    """Rows that are linked, directly or through others: int64 arrays of two rows or more."""
    pairs = np.array(list(together), dtype=np.int64).reshape(-1, 2)
    if not len(pairs):
        return []
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, ends = np.unique(pairs, return_inverse=True)
    ends = ends.reshape(-1, 2)
    links = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(rows), len(rows)))
    _, labels = connected_components(links, directed=False)
    order = np.argsort(labels, kind="stable")
    groups = np.split(rows[order], np.flatnonzero(np.diff(labels[order])) + 1)
    return [group for group in groups if len(group) > 1]
