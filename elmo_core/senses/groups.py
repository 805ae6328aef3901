"""Sense groups: whether a word's uses fall into groups, how many, and how sure that is.

Any word's uses can be cut into groups, since what stands beside a word varies with grammar and topic
alone. A cut counts as evidence of more than one group only if

* its silhouette beats that of *re-paired contexts*, where the left half of each use is put to the right
  half of another one and the result clustered in the same way. For a biLM this is exact, not a model of
  it: the two directions are independent. Each half keeps its grammar and its topics; what is lost is
  that both halves speak of the same sense;
* it is found again in resamples of the uses;
* its groups lie apart: seen from what the places of the text have in common, the cosine of their
  centroids is about that of two places taken at random, or lower.

The bounds were set on 55 words of one sense and on mixtures of two and three of them, never on words
with labelled senses. With the weights that english-small had then, more than one group was found for 5 of the
55 words and for 58 of 75 mixtures. Results of today's weights on other words are in docs/word-senses.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from elmo_core.geometry.clustering import (
    centroids_of,
    closeness,
    density_groups,
    silhouettes,
    spherical_kmeans,
)
from elmo_core.senses.use_vectors import Halves

GroupingMethod = Literal["k-means", "density"]

MIN_USES = 10
"""Fewer uses are not grouped."""
MAX_JUDGED = 2000
"""Above this number, a seeded sample is grouped and judged; the other uses join the nearest centroid."""
NUMBERS = (2, 3, 4, 5, 6)
"""Numbers of groups that are tried."""
N_PAIRINGS = 10
N_RESAMPLES = 20
SAME_GROUPS = 0.6
"""Adjusted Rand index from which a resample counts as finding the same groups."""
MIN_GAIN, GAIN_BY_CLOSENESS = 0.07, 0.1
"""Least gain of a silhouette over its null. The first number holds for groups as close as two random places;
the second is how much the least gain rises as the groups get closer, and falls as they get farther apart."""
LEAST_GAIN, MIN_SDS = 0.02, 2
"""Lower bound of that least gain, and the standard deviations of the null that a gain must exceed."""
MIN_STABILITY = 0.75
MAX_CLOSENESS = 0.1
NO_NULL = "this model reads both sides at once, so no contexts can be re-paired"
"""The objection to every cut where there is no null to judge it by."""
MIN_SHARE = 0.03
"""Least share of the uses in a group; three uses are also asked for."""


@dataclass(frozen=True)
class Cut:
    """How to group vectors, so that nulls and resamples are grouped in the same way."""

    method: GroupingMethod
    k: int
    """Groups that k-means makes; the density method finds its own number."""
    seed: int

    def __call__(self, units: np.ndarray) -> np.ndarray:
        """Group of each of n unit vectors, by falling size: int64 (n,)."""
        if self.method == "density":
            return density_groups(units, max(5, len(units) // 20))
        return spherical_kmeans(units, self.k, seed=self.seed)


@dataclass(frozen=True, eq=False)
class CandidateGroups:
    """One way to group the uses, and the evidence for it."""

    cut: Cut
    labels: np.ndarray
    """int64 (n,): group of each use by falling size; -1 = in no group (density method alone)."""
    silhouette: float
    """Mean over the uses that are in a group."""
    paired_mean: float
    """Mean silhouette of re-paired contexts, cut in the same way; NaN where none can be made."""
    paired_sd: float
    """Standard deviation of it."""
    stability: float
    """Share of bootstrap samples of the uses in which the same groups are found."""
    closeness: float
    """Cosine of the two centroids that lie closest; 0 = as different as two places in the text."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Uses in each group."""
        return tuple(np.bincount(self.labels[self.labels >= 0]).tolist())

    @property
    def k(self) -> int:
        """Number of groups."""
        return len(self.sizes)

    @property
    def has_null(self) -> bool:
        """Whether there were re-paired contexts to judge it by."""
        return not math.isnan(self.paired_mean)

    @property
    def gain(self) -> float:
        """By how much the silhouette beats its null."""
        return self.silhouette - self.paired_mean

    @property
    def gain_needed(self) -> float:
        """The least gain that is evidence."""
        by_distance = MIN_GAIN + GAIN_BY_CLOSENESS * self.closeness
        return max(by_distance, LEAST_GAIN, MIN_SDS * self.paired_sd)

    @property
    def objections(self) -> tuple[str, ...]:
        """The objection to it; empty where it is evidence of more than one group."""
        if self.k < 2:
            return ("there are no two groups to tell apart",)
        found = []
        if not self.has_null:
            return (NO_NULL,)
        if self.gain < self.gain_needed:
            found.append("re-paired contexts fall apart as well")
        if self.stability < MIN_STABILITY:
            found.append("resamples find other groups")
        if self.closeness > MAX_CLOSENESS:
            found.append("the groups stand in similar contexts")
        if min(self.sizes) < max(3, MIN_SHARE * len(self.labels)):
            found.append("a group has almost no uses")
        return tuple(found)


@dataclass(frozen=True, eq=False)
class SenseGroups:
    """The groups of a word's uses, or the finding that there is no evidence of any."""

    n: int
    """Uses."""
    n_judged: int
    """Uses that were cut and judged; fewer than `n` where that would take too long."""
    candidates: tuple[CandidateGroups, ...]
    """All cuts that were tried; none below `MIN_USES` uses."""
    best: CandidateGroups | None
    """The cut without objections that beats its null by most. If all have objections: the one that comes
    nearest to the least gain or, without a null, the one with the highest silhouette."""

    @property
    def k(self) -> int:
        """Groups there is evidence of; 1 = of no more than one."""
        return self.best.k if self.best and not self.best.objections else 1

    @property
    def labels(self) -> tuple[int, ...]:
        """Group of each use, 0 = the largest, -1 = none; all 0 without evidence."""
        if self.k == 1:
            return (0,) * self.n
        assert self.best is not None
        return tuple(self.best.labels.tolist())


def find_groups(
    halves: Halves,
    *,
    method: GroupingMethod = "k-means",
    numbers: Sequence[int] = NUMBERS,
    n_pairings: int = N_PAIRINGS,
    n_resamples: int = N_RESAMPLES,
    seed: int = 42,
) -> SenseGroups:
    """Look for groups in the full space.

    Args:
        halves: vectors of n uses; the context vectors find senses best, but any layer will do.
        method: k-means tries all `numbers`; the density method finds its own number, and may leave
            uses in no group.
        numbers: numbers of groups to try.
        n_pairings: re-paired contexts of the null.
        n_resamples: bootstrap samples for the stability.
        seed: seed of every random draw.
    """
    n = len(halves)
    if n < MIN_USES:
        return SenseGroups(n, n, (), None)
    generator = np.random.default_rng(seed)
    if n > MAX_JUDGED:
        rows = np.sort(generator.permutation(n)[:MAX_JUDGED])
        judged = find_groups(
            halves.take(rows),
            method=method,
            numbers=numbers,
            n_pairings=n_pairings,
            n_resamples=n_resamples,
            seed=seed,
        )
        return _extended(judged, halves.units(), rows)
    units = halves.units()
    n_nulls = n_pairings if halves.are_independent else 0
    nulls = [halves.units(generator.permutation(n)) for _ in range(n_nulls)]
    resamples = [np.unique(generator.integers(n, size=n)) for _ in range(n_resamples)]
    tried = (0,) if method == "density" else [number for number in numbers if 3 * number <= n]
    candidates = [_candidate(Cut(method, k, seed), units, nulls, resamples) for k in tried]
    sound = [candidate for candidate in candidates if not candidate.objections]
    if sound:
        best = max(sound, key=lambda candidate: candidate.gain)
    elif not halves.are_independent:
        best = max(candidates, key=lambda candidate: candidate.silhouette)
    else:
        best = max(candidates, key=lambda candidate: candidate.gain - candidate.gain_needed)
    return SenseGroups(n, n, tuple(candidates), best)


def _extended(judged: SenseGroups, units: np.ndarray, rows: np.ndarray) -> SenseGroups:
    """Extend each cut to all uses: those outside the sample join the nearest centroid."""
    extended = {}
    for cut in judged.candidates:
        labels = np.full(len(units), -1)
        if cut.k:
            labels = (units @ centroids_of(units[rows], cut.labels).T).argmax(axis=1)
        labels[rows] = cut.labels
        extended[id(cut)] = replace(cut, labels=labels)
    best = extended[id(judged.best)] if judged.best else None
    return SenseGroups(len(units), len(rows), tuple(extended.values()), best)


def _candidate(
    cut: Cut, units: np.ndarray, nulls: Sequence[np.ndarray], resamples: Sequence[np.ndarray]
) -> CandidateGroups:
    from sklearn.metrics import adjusted_rand_score

    labels = cut(units)
    null = np.array([mean_silhouette(paired, cut(paired)) for paired in nulls])
    agreement = np.array([adjusted_rand_score(labels[rows], cut(units[rows])) for rows in resamples])
    return CandidateGroups(
        cut=cut,
        labels=labels,
        silhouette=mean_silhouette(units, labels),
        paired_mean=float(null.mean()) if nulls else math.nan,
        paired_sd=float(null.std(ddof=1)) if nulls else math.nan,
        stability=float((agreement >= SAME_GROUPS).mean()),
        closeness=closeness(units, labels),
    )


def mean_silhouette(units: np.ndarray, labels: np.ndarray) -> float:
    """Mean silhouette of the uses that are in a group; 0 where there are fewer than two groups."""
    return float(silhouettes(units, labels)[labels >= 0].mean()) if labels.max() > 0 else 0.0
