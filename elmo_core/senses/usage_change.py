"""One word in two or more parts of a text (years, authors, labels): is it used in another way?

Three measures of the literature on lexical change, each beside what chance gives (the values of the
column shuffled among the uses): the mean cosine distance between the uses of the one and of the other
(average pairwise distance, APD), that between their mean vectors (prototype distance, PRT), and the
Jensen-Shannon divergence of their shares of the sense groups (JSD, in bits).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.geometry.clustering import unit_rows

MIN_USES = 5
"""A value of the column with fewer uses is not compared."""
MAX_VALUES = 8
"""More values are not compared with each other: those with the most uses are."""
N_PERMUTATIONS = 999
N_MOVERS = 5
_TIE = 1e-7  # distances closer than this are equal: vectors are float32


@dataclass(frozen=True)
class Shares:
    """The shares of the groups among the uses with one value."""

    value: str
    n: int
    """Uses with it that are in a group."""
    shares: tuple[float, ...]
    """Share of each group; they add up to 1."""


@dataclass(frozen=True)
class Measure:
    """One distance between two parts, beside chance."""

    name: str
    value: float
    shuffled_mean: float
    shuffled_sd: float
    p_value: float
    """Share of shuffles, the true order counted as one, that are at least as far apart."""
    p_adjusted: float
    """The p-value corrected for the number of compared pairs (Holm)."""


@dataclass(frozen=True)
class Change:
    """Two values compared."""

    first: str
    second: str
    measures: tuple[Measure, ...]
    """APD, PRT, JSD."""
    movers: tuple[tuple[int, ...], tuple[int, ...]]
    """Uses of the first and of the second value that are least like those of the other one, these first."""


@dataclass(frozen=True)
class UsageChange:
    """A word's uses by the values of a column."""

    shares: tuple[Shares, ...]
    """In the order of the values."""
    changes: tuple[Change, ...]
    """Every pair of values."""
    left_out: tuple[tuple[str, int], ...]
    """Values that were not compared, and their numbers of uses."""


def usage_change(
    units: np.ndarray,
    labels: Sequence[int],
    values: Sequence[str | None],
    *,
    n_permutations: int = N_PERMUTATIONS,
    seed: int = 42,
) -> UsageChange:
    """Compare the uses of a word by the values of a column.

    Args:
        units: float32 (n, D), unit vectors.
        labels: n groups, numbered from 0; -1 = none.
        values: n values; uses without one are left out.
        n_permutations: shuffles of the values.
        seed: seed of the shuffles.

    Raises:
        InputError: fewer than two values have `MIN_USES` uses.
    """
    counts = Counter(value for value in values if value is not None)
    enough = [value for value, count in counts.most_common(MAX_VALUES) if count >= MIN_USES]
    if len(enough) < 2:
        raise InputError(
            f"A comparison needs two values with at least {MIN_USES} uses each; {len(enough)} of the "
            f"{len(counts)} values of this column can be compared."
        )
    kept, groups = sorted(enough), np.asarray(labels)
    rows = {value: np.array([row for row, own in enumerate(values) if own == value]) for value in kept}
    generator = np.random.default_rng(seed)
    pairs = list(combinations(kept, 2))
    compared = [_compare(units, groups, rows[a], rows[b], n_permutations, generator) for a, b in pairs]
    adjusted = [_holm([measures[i].p_value for measures in compared]) for i in range(3)]
    changes = [
        Change(
            first,
            second,
            tuple(
                Measure(m.name, m.value, m.shuffled_mean, m.shuffled_sd, m.p_value, adjusted[i][number])
                for i, m in enumerate(measures)
            ),
            (_movers(units, rows[second], rows[first]), _movers(units, rows[first], rows[second])),
        )
        for number, ((first, second), measures) in enumerate(zip(pairs, compared, strict=True))
    ]
    shares = [Shares(value, *_spread(groups[rows[value]], int(groups.max()) + 1)) for value in kept]
    left_out = sorted((value, count) for value, count in counts.items() if value not in kept)
    return UsageChange(tuple(shares), tuple(changes), tuple(left_out))


def _spread(groups: np.ndarray, k: int) -> tuple[int, tuple[float, ...]]:
    """Uses in a group, and the share of each of the k groups."""
    counts = np.bincount(groups[groups >= 0], minlength=k)
    return int(counts.sum()), tuple((counts / max(counts.sum(), 1)).tolist())


def _compare(
    units: np.ndarray,
    groups: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    n_permutations: int,
    generator: np.random.Generator,
) -> tuple[Measure, ...]:
    """All measures of two sets of rows; the true order is the first of the permutations."""
    both = np.concatenate([first, second])
    orders = [np.arange(len(both)), *(generator.permutation(len(both)) for _ in range(n_permutations))]
    in_first = np.zeros((len(orders), len(both)))
    for number, order in enumerate(orders):
        in_first[number, order[: len(first)]] = 1
    vectors, in_second = units[both].astype(np.float64), 1 - in_first
    means = in_first @ vectors / len(first), in_second @ vectors / len(second)  # (orders, D) each
    member = np.eye(groups.max() + 2)[groups[both]][:, :-1]  # a use of no group (-1) has a row of zeros
    distances = {
        "average pairwise distance": 1 - (means[0] * means[1]).sum(axis=1),
        "prototype distance": 1 - (unit_rows(means[0]) * unit_rows(means[1])).sum(axis=1),
        "Jensen-Shannon divergence": _jensen_shannon(in_first @ member, in_second @ member),
    }
    return tuple(_measure(name, values) for name, values in distances.items())


def _measure(name: str, values: np.ndarray) -> Measure:
    true, null = float(values[0]), values[1:].astype(np.float64)
    p_value = (1 + (null >= true - _TIE).sum()) / (len(null) + 1)
    return Measure(name, true, float(null.mean()), float(null.std(ddof=1)), float(p_value), float(p_value))


def _jensen_shannon(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Divergence in bits of counts (m, k) and counts (m, k), row by row: (m,)."""
    from scipy.special import rel_entr

    shares = [counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) for counts in (first, second)]
    middle = (shares[0] + shares[1]) / 2
    bits = sum(rel_entr(part, middle).sum(axis=1) for part in shares) / np.log(2)
    return np.asarray(bits / 2)


def _holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment."""
    order, adjusted, highest = np.argsort(p_values, kind="stable"), [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order.tolist()):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def _movers(units: np.ndarray, others: np.ndarray, own: np.ndarray) -> tuple[int, ...]:
    """Rows of `own` by how much nearer they lie to their own mean than to that of the others."""
    means = unit_rows(np.stack([units[others].mean(axis=0), units[own].mean(axis=0)]))
    cosines = units[own] @ means.T
    order = np.argsort(cosines[:, 0] - cosines[:, 1], kind="stable")[:N_MOVERS]
    return tuple(own[order].tolist())
