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

The bounds are those of the model's calibration (`senses.calibration`), set on words held to one sense. A
model that reads both sides at once has no re-paired contexts; with a calibration its silhouettes themselves
are compared with those of such words. Without one, its groups are never claimed, and a biLM is judged by
bounds that were set by hand for early weights of english-small.
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
from elmo_core.measuring.agreement import adjusted_rand_index, contingency
from elmo_core.senses.bounds import (
    LEAST_GAIN,
    MAX_CLOSENESS,
    MIN_SDS,
    MIN_SHARE,
    MIN_STABILITY,
    UNCALIBRATED,
    Bounds,
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
NO_NULL = "this model reads both sides at once, so no contexts can be re-paired"
"""The objection to every cut where there is no null to judge it by."""
LIKE_RE_PAIRED = "re-paired contexts fall apart as well"
LIKE_ONE_SENSE = "words of one sense fall apart as much"
"""The objection to a cut that is no clearer than those of the words held to one sense."""


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
    """Share of bootstrap samples of the uses in which the same groups are found; NaN where none was taken."""
    closeness: float
    """Cosine of the two centroids that lie closest; 0 = as different as two places in the text."""
    bounds: Bounds = UNCALIBRATED
    """What it is judged by."""

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
        """By how much the silhouette beats its null; the silhouette itself where there is none."""
        return self.silhouette - self.paired_mean if self.has_null else self.silhouette

    @property
    def gain_needed(self) -> float:
        """The least gain that is evidence."""
        by_distance = self.bounds.least_gain(len(self.labels), self.closeness)
        return max(by_distance, self._beyond_chance)

    @property
    def _beyond_chance(self) -> float:
        """The least gain that its own null allows for."""
        return max(LEAST_GAIN, MIN_SDS * self.paired_sd) if self.has_null else LEAST_GAIN

    @property
    def objections(self) -> tuple[str, ...]:
        """The objection to it; empty where it is evidence of more than one group."""
        if self.k < 2:
            return ("there are no two groups to tell apart",)
        if not self.has_null and not self.bounds.is_calibrated:
            return (NO_NULL,)
        found = []
        if self.gain < self.gain_needed:
            is_clear = self.bounds.is_calibrated and self.gain >= self._beyond_chance
            found.append(LIKE_ONE_SENSE if is_clear or not self.has_null else LIKE_RE_PAIRED)
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

    def judged_by(self, bounds: Bounds) -> SenseGroups:
        """The same cuts, judged by other bounds, which must allow for so many uses."""
        cuts = tuple(replace(cut, bounds=bounds) for cut in self.candidates)
        return replace(self, candidates=cuts, best=_best(cuts) if cuts else None)


def find_groups(
    halves: Halves,
    *,
    method: GroupingMethod = "k-means",
    numbers: Sequence[int] = NUMBERS,
    n_pairings: int = N_PAIRINGS,
    n_resamples: int = N_RESAMPLES,
    bounds: Bounds = UNCALIBRATED,
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
        bounds: what a cut must reach, see `senses.calibration`. They are set for k-means; the density method
            is judged by the same ones.
        seed: seed of every random draw.
    """
    n = len(halves)
    if n < MIN_USES:
        return SenseGroups(n, n, (), None)
    generator = np.random.default_rng(seed)
    most = min(MAX_JUDGED, bounds.most_uses or MAX_JUDGED)
    if n > most:
        rows = np.sort(generator.permutation(n)[:most])
        judged = find_groups(
            halves.take(rows),
            method=method,
            numbers=numbers,
            n_pairings=n_pairings,
            n_resamples=n_resamples,
            bounds=bounds,
            seed=seed,
        )
        return _extended(judged, halves.units(), rows)
    units = halves.units()
    n_nulls = n_pairings if halves.are_independent else 0
    nulls = [halves.units(generator.permutation(n)) for _ in range(n_nulls)]
    resamples = [np.unique(generator.integers(n, size=n)) for _ in range(n_resamples)]
    tried = (0,) if method == "density" else [number for number in numbers if 3 * number <= n]
    candidates = [_candidate(Cut(method, k, seed), units, nulls, resamples, bounds) for k in tried]
    return SenseGroups(n, n, tuple(candidates), _best(candidates))


def _best(candidates: Sequence[CandidateGroups]) -> CandidateGroups:
    """The cut that `SenseGroups.best` describes."""
    sound = [candidate for candidate in candidates if not candidate.objections]
    if sound:
        return max(sound, key=lambda candidate: candidate.gain)
    if not candidates[0].has_null and not candidates[0].bounds.is_calibrated:
        return max(candidates, key=lambda candidate: candidate.silhouette)
    return max(candidates, key=lambda candidate: candidate.gain - candidate.gain_needed)


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
    cut: Cut,
    units: np.ndarray,
    nulls: Sequence[np.ndarray],
    resamples: Sequence[np.ndarray],
    bounds: Bounds,
) -> CandidateGroups:
    labels = cut(units)
    null = np.array([mean_silhouette(paired, cut(paired)) for paired in nulls])
    again = [contingency(labels[rows], cut(units[rows])) for rows in resamples]
    agreement = np.array([adjusted_rand_index(table) for table in again])
    return CandidateGroups(
        cut=cut,
        labels=labels,
        silhouette=mean_silhouette(units, labels),
        paired_mean=float(null.mean()) if nulls else math.nan,
        paired_sd=float(null.std(ddof=1)) if nulls else math.nan,
        stability=float((agreement >= SAME_GROUPS).mean()) if resamples else math.nan,
        closeness=closeness(units, labels),
        bounds=bounds,
    )


def mean_silhouette(units: np.ndarray, labels: np.ndarray) -> float:
    """Mean silhouette of the uses that are in a group; 0 where there are fewer than two groups."""
    return float(silhouettes(units, labels)[labels >= 0].mean()) if labels.max() > 0 else 0.0
