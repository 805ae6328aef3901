"""Statistics of whether some uses of a word fall into more than one group: the more, the larger.

Each is a function of the vectors of n uses. Those that look at the two halves of a context apart need a biLM.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bench.whitening import Whitening, learn_whitening
from elmo_core.geometry.clustering import closeness, spherical_kmeans, unit_rows
from elmo_core.senses.bounds import Bounds
from elmo_core.senses.groups import NUMBERS, SenseGroups, find_groups
from elmo_core.senses.use_vectors import Halves

N_PERMUTATIONS = 199
N_REFERENCES = 10
N_SPLITS = 10
FEW_NUMBERS = (2, 3)
"""Numbers of groups of the statistics that cluster many times."""
_NO_BOUND = Bounds(((1, -np.inf),), is_calibrated=False)

OfHalves = Callable[[Halves, int], float]
"""A statistic, given a seed."""


@lru_cache(maxsize=1)
def _groups(halves: Halves, seed: int) -> SenseGroups:
    """Cut and judge by the rule for a model without a calibration, but for its least gain.

    Resamples take longest, and are drawn only where they decide.
    """
    found = find_groups(halves, n_resamples=0, bounds=_NO_BOUND, seed=seed)
    if all(cut.objections for cut in found.candidates):
        return found
    return find_groups(halves, bounds=_NO_BOUND, seed=seed)


def gain(halves: Halves, seed: int) -> float:
    """Silhouette of a sound cut less that of re-paired contexts and 0.1 times the cosine of its centroids."""
    cuts = _groups(halves, seed).candidates
    return max((cut.gain - 0.1 * cut.closeness for cut in cuts if not cut.objections), default=-np.inf)


def sound_distance(halves: Halves, seed: int) -> float:
    """Compute `distance_of_centroids` of the cuts that `gain` takes for sound."""
    cuts = _groups(halves, seed).candidates
    return max((-cut.closeness for cut in cuts if not cut.objections), default=-np.inf)


def half_against_half(halves: Halves, seed: int) -> float:
    """Group the halves of one side, and test by permutation how far these groups part the other side.

    The scatter between groups in the other side is standardised over the permutations, for each number of
    groups; of these the largest counts, and both sides are added up (`permuted_halves`).
    """
    return float(permuted_halves(halves, seed)[0])


def permuted_halves(halves: Halves, seed: int) -> np.ndarray:
    """Compute `half_against_half` for the true pairing and for `N_PERMUTATIONS` others.

    All of it, the largest of the numbers of groups as well, is computed for every pairing in the same way,
    the true one among them; so its rank is that of a random draw if halves are independent.

    Returns:
        float64 (1 + N_PERMUTATIONS,), the true one first.
    """
    forward, backward = unit_rows(halves.forward), unit_rows(halves.backward)
    pairings = _pairings(len(halves), seed)
    inverse = np.argsort(pairings, axis=1)
    return np.asarray(
        _largest(forward, backward, pairings, seed) + _largest(backward, forward, inverse, seed)
    )


def _largest(grouped: np.ndarray, tested: np.ndarray, pairings: np.ndarray, seed: int) -> np.ndarray:
    """Standardised scatter of one side between the groups of the other one: (pairings,)."""
    cosines = tested @ tested.T
    found = []
    for k in _numbers(len(grouped)):
        member = np.eye(k, dtype=np.float32)[spherical_kmeans(grouped, k, seed=seed)]
        dealt = member[pairings].transpose(1, 0, 2)  # (n, pairings, k)
        sums = np.tensordot(cosines, dealt, axes=1)  # (n, pairings, k)
        found.append(((sums * dealt).sum(axis=0) / np.maximum(member.sum(axis=0), 1)).sum(axis=1))
    return np.asarray(_standardised(np.stack(found)).max(axis=0))


def held_out_distance(halves: Halves, seed: int) -> float:
    """Mean cosine within groups less that between them: grouped by one half, measured in the other one."""
    return _over_halves(halves, seed, lambda within, between: within - between)


def held_out_ratio(halves: Halves, seed: int) -> float:
    """Mean cosine between groups as a share of that within them, less 1, on the other half."""
    return _over_halves(halves, seed, lambda within, between: 1 - between / max(within, 1e-3))


def _over_halves(halves: Halves, seed: int, measure: Callable[[float, float], float]) -> float:
    sides = unit_rows(halves.forward), unit_rows(halves.backward)
    found = []
    for grouped, tested in (sides, sides[::-1]):
        labels = spherical_kmeans(grouped, 2, seed=seed)
        same = labels[:, None] == labels
        within = same & ~np.eye(len(labels), dtype=bool)
        cosines = tested @ tested.T
        if same.all() or not within.any():
            return -np.inf
        found.append(measure(float(cosines[within].mean()), float(cosines[~same].mean())))
    return float(np.mean(found))


def distance_of_centroids(halves: Halves, seed: int) -> float:
    """How far the centroids of the best cut into two lie apart."""
    units = halves.units()
    return -closeness(units, spherical_kmeans(units, 2, seed=seed))


def prediction_strength(halves: Halves, seed: int) -> float:
    """Prediction strength of the best number of groups (Tibshirani and Walther 2005)."""
    units, generator = halves.units(), np.random.default_rng(seed)
    strengths = []
    for k in FEW_NUMBERS:
        shares = []
        for _ in range(N_SPLITS):
            order = generator.permutation(len(units))
            train, test = units[order[: len(units) // 2]], units[order[len(units) // 2 :]]
            own = spherical_kmeans(test, k, seed=seed)
            trained = spherical_kmeans(train, k, seed=seed)
            member = np.eye(k, dtype=np.float32)[trained]
            predicted = (test @ unit_rows(member.T @ train).T).argmax(axis=1)
            shares.append(min(_pairs_kept(predicted[own == group]) for group in np.unique(own)))
        strengths.append(np.mean(shares))
    return float(max(strengths))


def _pairs_kept(labels: np.ndarray) -> float:
    """Share of the pairs with the same label; 0 where there is one alone."""
    n = len(labels)
    counts = np.bincount(labels)
    return float((counts * (counts - 1)).sum() / (n * (n - 1))) if n > 1 else 0.0


def gap(halves: Halves, seed: int) -> float:
    """Gap statistic of the best cut, above that of one group (Tibshirani, Walther and Hastie 2001).

    The references are uniform in a box along the principal axes.
    """
    units, generator = halves.units(), np.random.default_rng(seed)
    axes = np.linalg.svd(units - units.mean(axis=0), full_matrices=False)[2]
    turned = units @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    references = [
        unit_rows((generator.uniform(low, high, turned.shape) @ axes).astype(np.float32))
        for _ in range(N_REFERENCES)
    ]
    scatter = [
        np.log([_scatter(points, k, seed) for points in (units, *references)]) for k in (1, *FEW_NUMBERS)
    ]
    gaps = [logs[1:].mean() - logs[0] for logs in scatter]
    return float(max(gaps[1:]) - gaps[0])


def significance_of_clustering(halves: Halves, seed: int) -> float:
    """How much tighter two groups are than in a Gaussian with the same axes (SigClust; Liu et al. 2008)."""
    units, generator = halves.units(), np.random.default_rng(seed)
    mean = units.mean(axis=0)
    _, values, axes = np.linalg.svd(units - mean, full_matrices=False)
    spread = (values / np.sqrt(len(units) - 1))[:, None] * axes
    draws = [generator.standard_normal((len(units), len(values))) @ spread for _ in range(2 * N_REFERENCES)]
    every = [units, *(unit_rows((mean + draw).astype(np.float32)) for draw in draws)]
    index = np.array([_scatter(points, 2, seed) / _scatter(points, 1, seed) for points in every])
    return float((index[1:].mean() - index[0]) / index[1:].std(ddof=1))


def _scatter(units: np.ndarray, k: int, seed: int) -> float:
    """Sum of the cosine distances of vectors from the centroids of their groups."""
    labels = spherical_kmeans(units, k, seed=seed)
    sums = np.eye(k, dtype=np.float32)[labels].T @ units
    return max(float(len(units) - np.linalg.norm(sums, axis=1).sum()), 1e-6)


@dataclass(frozen=True, eq=False)
class PldaModel:
    """What words are like: how their means are spread, and uses around them (PLDA; Ioffe 2006).

    It judges groups as speakers are told apart by their voices: is it more likely that the uses come from two
    words drawn at random than from one?
    """

    whitening: Whitening
    shrinkage: float
    mean: np.ndarray
    """float64 (P,): mean of the words, whitened."""
    axes: np.ndarray
    """float64 (P, q): axes in which words differ."""
    between: np.ndarray
    """float64 (q,): variance of the means of words."""
    within: np.ndarray
    """float64 (q,): variance of uses around them."""

    @classmethod
    def of(cls, words: Sequence[Halves], shrinkage: float) -> PldaModel:
        """Learn from words of one sense each."""
        codes = [str(number) for number, word in enumerate(words) for _ in range(len(word))]
        whitening = learn_whitening(codes, np.concatenate([word.units() for word in words]))
        white = [whitening.apply(word.units(), shrinkage).astype(np.float64) for word in words]
        means = np.stack([word.mean(axis=0) for word in white])
        apart = np.concatenate([word - word.mean(axis=0) for word in white])
        scatter = apart.T @ apart / (len(apart) - len(words))
        noise = scatter * float(np.mean([1 / len(word) for word in white]))
        values, axes = np.linalg.eigh(np.cov(means.T) - noise)
        kept = values > 1e-3 * values[-1]
        axes = axes[:, kept]
        within = np.einsum("pq,pr,rq->q", axes, scatter, axes)
        return cls(whitening, shrinkage, means.mean(axis=0), axes, values[kept], within)

    def __call__(self, halves: Halves, seed: int) -> float:
        """Log of the likelihood ratio of the best cut against one group."""
        white = self.whitening.apply(halves.units(), self.shrinkage)
        points = (white - self.mean) @ self.axes  # (n, q)
        # scaled so that cosines count an axis by what it says of the word
        directions = unit_rows(
            (points * np.sqrt(self.between / (self.between + self.within))).astype(np.float32)
        )
        cuts = [spherical_kmeans(directions, k, seed=seed) for k in FEW_NUMBERS]
        return max(
            sum(self._likelihood(points[cut == group]) for group in np.unique(cut)) for cut in cuts
        ) - self._likelihood(points)

    def _likelihood(self, points: np.ndarray) -> float:
        """Log likelihood of the uses of one word, but for a term that does not depend on how they are cut."""
        n, ratio = len(points), self.between / self.within
        squares = np.square(points.sum(axis=0)) / self.within
        return float(0.5 * (squares * ratio / (1 + n * ratio) - np.log1p(n * ratio)).sum())


def whitened(words: Sequence[Halves], shrinkage: float) -> Callable[[Halves], Halves]:
    """Learn to whiten each half within words."""
    codes = [str(number) for number, word in enumerate(words) for _ in range(len(word))]
    is_biLM = words[0].are_independent
    forward = learn_whitening(codes, np.concatenate([word.forward for word in words]))
    backward = learn_whitening(codes, np.concatenate([word.backward for word in words])) if is_biLM else None

    def apply(halves: Halves) -> Halves:
        left = (halves.forward @ forward.matrix(shrinkage)).astype(np.float32)
        right = (
            (halves.backward @ backward.matrix(shrinkage)).astype(np.float32) if backward else halves.backward
        )
        return Halves(left, right, halves.are_independent)

    return apply


def _pairings(n: int, seed: int) -> np.ndarray:
    """The true pairing and `N_PERMUTATIONS` random ones: int64 (1 + N_PERMUTATIONS, n)."""
    generator = np.random.default_rng(seed)
    return np.stack([np.arange(n), *(generator.permutation(n) for _ in range(N_PERMUTATIONS))])


def _standardised(values: np.ndarray) -> np.ndarray:
    """Rows of (m, pairings) with mean 0 and standard deviation 1."""
    spread = values.std(axis=1, keepdims=True)
    return np.asarray((values - values.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-12))


def _numbers(n: int) -> list[int]:
    """Numbers of groups that are tried."""
    return [k for k in NUMBERS if 3 * k <= n]


ON_HALVES: dict[str, OfHalves] = {
    "gain": gain,
    "distance of centroids, sound cuts": sound_distance,
    "half against half": half_against_half,
    "held-out distance": held_out_distance,
    "held-out ratio": held_out_ratio,
}
"""Statistics that need two independent halves."""
ON_VECTORS: dict[str, OfHalves] = {
    "distance of centroids": distance_of_centroids,
    "prediction strength": prediction_strength,
    "gap": gap,
    "SigClust": significance_of_clustering,
}
"""Statistics of any vectors."""
