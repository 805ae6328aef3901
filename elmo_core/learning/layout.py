"""What a comparison runs on: its classes, its methods, its splits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elmo_core.exceptions import ConfigError, InputError
from elmo_core.learning.methods import BASE
from elmo_core.learning.results import ComparisonSettings
from elmo_core.measuring.splitting import Split, stratified_folds, stratified_split


def class_codes(texts: Sequence[str], labels: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """The K names of the classes in order, and the class of each text, int64 (n,).

    Raises:
        InputError: there are no two classes, or one of them has a single text.
    """
    if len(texts) != len(labels):
        raise InputError(f"There are {len(texts)} texts but {len(labels)} labels.")
    names, codes = np.unique(np.asarray(labels), return_inverse=True)
    counts = np.bincount(codes) if len(codes) else np.zeros(0)
    if len(names) < 2 or counts.min() < 2:
        raise InputError("A comparison needs at least two classes with two texts each.")
    return tuple(map(str, names)), codes


def chosen_methods(wanted: Sequence[str], known: Sequence[str]) -> list[str]:
    """The known methods that are wanted (none = all), with those that they build on, in the known order.

    Raises:
        ConfigError: a name is wrong.
    """
    asked = set(wanted)
    wrong = sorted(asked - set(known))
    if wrong:
        raise ConfigError(f"There is no method {wrong[0]!r}; there are {', '.join(known)}.")
    asked |= {BASE[name] for name in asked if name in BASE}
    return [name for name in known if not asked or name in asked]


def make_splits(
    codes: np.ndarray, settings: ComparisonSettings, together: Sequence[tuple[int, int]]
) -> list[Split]:
    """The folds of a cross-validation, or one split, as the settings say; folds without rows are left out.

    Args:
        codes: int64 (n,), the class of each text.
        settings: with folds, share of the test and seed.
        together: pairs of near-duplicates, which never get on two sides of a split.
    """
    if settings.n_folds:
        folds = stratified_folds(codes, settings.n_folds, settings.seed, together)
        return [fold for fold in folds if len(fold.test)]
    return [stratified_split(codes, settings.test_share, settings.seed, together)]
