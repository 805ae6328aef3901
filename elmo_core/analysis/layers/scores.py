"""Scores of many mixtures of layers at once, each on cases held out from whatever was fitted.

Every score is a mean over cases, and the cases are kept: so a mixture can be chosen on some of them and
scored on the others, and two mixtures can be compared case by case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from elmo_core.analysis.clustering import silhouettes_from_sums
from elmo_core.analysis.layers.grams import LayerGrams, layer_grams
from elmo_core.analysis.layers.kernels import group_rows, nearest_groups, ridge_predictions
from elmo_core.analysis.layers.labelled import Labelled
from elmo_core.analysis.separation import nearest_left_out, wilson_interval
from elmo_core.exceptions import InputError
from elmo_core.measuring.intervals import Estimate, over_cases
from elmo_core.measuring.splitting import stratified_folds

ScoreName = Literal["separation", "silhouette", "probe", "pairs"]

SCORES: dict[ScoreName, str] = {
    "separation": "Nearest to their own label's centroid",
    "silhouette": "Silhouette of the groups found",
    "probe": "Accuracy of a linear probe",
    "pairs": "Same label or not, by cosine",
}
"""What a page calls them."""
N_SHUFFLES: dict[ScoreName, int] = {"separation": 100, "probe": 10, "pairs": 20}
"""Of the labels, for the null."""
MOST_LEARNED, MOST_GROUPED = 300, 250
"""Instances of either half that the probe learns from, and that are grouped: a grid within a second."""
_TIE = 1e-5  # of sums of cosines in float32


@dataclass(frozen=True, eq=False)
class MixtureScores:
    """One score of G mixtures."""

    score: ScoreName
    mixtures: np.ndarray
    """float64 (G, L)."""
    cases: np.ndarray
    """float32 (G, m): what each held-out case adds to the mean; of shares it is 0 or 1, or 1/ties."""
    baseline: float
    """What asks for no vectors: the most frequent label, a coin for pairs, no groups at all."""
    null_mean: float
    """Mean of the uniform mix with the labels shuffled (of the silhouette: of one cloud without groups)."""
    null_sd: float
    seed: int

    @property
    def n(self) -> int:
        """Cases of each mixture."""
        return int(self.cases.shape[1])

    @cached_property
    def values(self) -> np.ndarray:
        """float64 (G,): the scores."""
        return np.asarray(self.cases.mean(axis=1, dtype=np.float64))

    @property
    def best(self) -> int:
        """Row of the highest score, which is a little too high because it was chosen."""
        return int(self.values.argmax())

    def estimate(self, row: int) -> Estimate:
        """The score of one mixture with its interval over cases: Wilson's of a share, else the normal one."""
        if self.score == "silhouette":
            return over_cases(self.cases[row])
        value = float(self.values[row])
        return Estimate(value, *wilson_interval(value, self.n))

    def held_out_gain(self, against: int, n_folds: int = 5, seed: int = 42) -> Estimate:
        """What choosing the best mixture gains, scored on cases that did not choose it.

        Args:
            against: row of the mixture to compare with.
            n_folds: parts of the cases, each of which is scored by the choice of the others.
            seed: of the parts.
        """
        parts = np.random.default_rng(seed).permutation(self.n) % n_folds
        gains = np.empty(self.n)
        for part in range(n_folds):
            chosen = int(self.cases[:, parts != part].mean(axis=1).argmax())
            gains[parts == part] = (self.cases[chosen] - self.cases[against])[parts == part]
        return over_cases(gains)


def score_mixtures(
    data: Labelled,
    mixtures: np.ndarray,
    score: ScoreName,
    *,
    grams: LayerGrams | None = None,
    seed: int = 42,
) -> MixtureScores:
    """Score mixtures of layers.

    * separation: share of instances nearest (cosine) to the centroid of their own label, each left out of it;
    * silhouette: groups found in either half by spherical k-means, as many as there are labels; the other
      half joins the nearest one, and its silhouette counts;
    * probe: accuracy of ridge regression on unit vectors, learned from either half for the other;
    * pairs: whether two instances have the same label, by a bound on the cosine from the other half; as many
      pairs of the same label as of different ones, no instance twice in either kind.

    Args:
        data: the instances.
        mixtures: float (G, L).
        score: which one.
        grams: of `data.layers`, where they are known.
        seed: of halves, pairs, starts and shuffles.

    Raises:
        InputError: there are too many instances, or too few for two halves.
    """
    found = grams or layer_grams(data.layers)
    cases = _cases(data, found, mixtures, score, data.codes, seed)
    uniform = np.full((1, len(data.layers)), 1 / len(data.layers))
    if score == "silhouette":
        null, baseline = _one_cloud(found, uniform, len(data.classes), seed), 0.0
    else:
        order = np.random.default_rng(seed)
        shuffled = [order.permutation(data.codes) for _ in range(N_SHUFFLES[score])]
        if score == "separation":
            null = _shuffled_separation(found, uniform, shuffled)
        else:
            null = np.array([_cases(data, found, uniform, score, codes, seed).mean() for codes in shuffled])
        baseline = 0.5 if score == "pairs" else data.majority
    return MixtureScores(score, mixtures, cases, baseline, float(null.mean()), float(null.std(ddof=1)), seed)


def with_mixtures(
    found: MixtureScores, data: Labelled, grams: LayerGrams, mixtures: np.ndarray
) -> MixtureScores:
    """Scores with further mixtures (G, L) behind those that are there, on the same cases."""
    more = _cases(data, grams, mixtures, found.score, data.codes, found.seed)
    return replace(
        found,
        mixtures=np.concatenate([found.mixtures, mixtures]),
        cases=np.concatenate([found.cases, more]),
    )


def _cases(
    data: Labelled, grams: LayerGrams, mixtures: np.ndarray, score: ScoreName, codes: np.ndarray, seed: int
) -> np.ndarray:
    """What each case adds to the score of each mixture: float32 (G, m)."""
    if score == "silhouette":
        return _silhouette(grams, mixtures, len(data.classes), seed)
    if min(np.bincount(codes)) < 2 or len(codes) < 8:
        raise InputError(
            f"Two halves need at least 8 instances, 2 of every label; there are {len(codes)}, "
            f"{min(np.bincount(codes))} of the rarest label."
        )
    run: Callable[..., np.ndarray] = {"separation": _separation, "probe": _probe, "pairs": _pairs}[score]
    return run(grams, mixtures, codes, seed)


def _separation(grams: LayerGrams, mixtures: np.ndarray, codes: np.ndarray, seed: int) -> np.ndarray:
    k = int(codes.max()) + 1
    sums = grams.summed_cosines(mixtures, np.eye(k)[codes][None]).astype(np.float64)  # (G, n, k)
    own = (grams.lengths(mixtures) > 1e-12).astype(np.float64)
    return np.stack(
        [nearest_left_out(one, length, codes, _TIE)[0] for one, length in zip(sums, own, strict=True)]
    ).astype(np.float32)


def _shuffled_separation(
    grams: LayerGrams, uniform: np.ndarray, shuffled: Sequence[np.ndarray]
) -> np.ndarray:
    """The same for many orders of the labels in one mixture (1, L): the mean of each."""
    k = int(shuffled[0].max()) + 1
    member = np.concatenate([np.eye(k)[codes] for codes in shuffled], axis=1)  # (n, S * k)
    sums = grams.summed_cosines(uniform, member[None])[0].astype(np.float64)
    own = (grams.lengths(uniform)[0] > 1e-12).astype(np.float64)
    parts = np.split(sums, len(shuffled), axis=1)
    pairs = zip(parts, shuffled, strict=True)
    return np.array([nearest_left_out(part, own, codes, _TIE)[0].mean() for part, codes in pairs])


def _silhouette(grams: LayerGrams, mixtures: np.ndarray, k: int, seed: int) -> np.ndarray:
    n = grams.pairs[0].shape[0]
    halves = stratified_folds(np.zeros(n, dtype=np.int64), 2, seed)
    order = np.random.default_rng(seed)
    cases = []
    for half in halves:
        first, second = (order.permutation(rows)[:MOST_GROUPED] for rows in (half.train, half.test))
        inside, across = grams.take(first), grams.take(second, first)
        groups = group_rows(inside, mixtures, k, seed=seed)
        joined = nearest_groups(inside, across, mixtures, groups, k)  # (G, m)
        member = np.eye(k)[joined]
        own = grams.take(second)
        sums = own.summed_cosines(mixtures, member).astype(np.float64)
        lengths = (own.lengths(mixtures) > 1e-12).astype(np.float64)
        cases.append([silhouettes_from_sums(*one) for one in zip(sums, joined, lengths, strict=True)])
    return np.concatenate(cases, axis=1).astype(np.float32)


def _one_cloud(grams: LayerGrams, uniform: np.ndarray, k: int, seed: int, n_draws: int = 5) -> np.ndarray:
    """Silhouettes of normal clouds with the centre and the spread of the instances, but without groups."""
    gram = grams.cosines(uniform[0]).astype(np.float64)
    size = min(len(gram), 2 * MOST_GROUPED)
    part = gram[:size, :size]
    centred = part - part.mean(axis=0) - part.mean(axis=1, keepdims=True) + part.mean()
    spread = np.sqrt(np.maximum(np.linalg.eigvalsh(centred), 0) / size)
    order = np.random.default_rng(seed)
    draws = []
    for _ in range(n_draws):
        cloud = order.standard_normal((size, size)) * spread
        centre = np.full((size, 1), np.sqrt(max(float(part.mean()), 0)))
        grams_of_cloud = layer_grams(np.concatenate([centre, cloud], axis=1)[None])
        draws.append(_silhouette(grams_of_cloud, np.ones((1, 1)), k, seed).mean())
    return np.array(draws)


def _probe(grams: LayerGrams, mixtures: np.ndarray, codes: np.ndarray, seed: int) -> np.ndarray:
    cases = np.empty((len(mixtures), len(codes)), dtype=np.float32)
    order = np.random.default_rng(seed)
    for half in stratified_folds(codes, 2, seed):
        learned = order.permutation(half.train)[:MOST_LEARNED]
        inside, across = grams.take(learned), grams.take(half.test, learned)
        for row, weights in enumerate(mixtures):
            guessed = ridge_predictions(inside.cosines(weights), across.cosines(weights), codes[learned])
            cases[row, half.test] = guessed == codes[half.test]
    return cases


def _pairs(grams: LayerGrams, mixtures: np.ndarray, codes: np.ndarray, seed: int) -> np.ndarray:
    halves = [fold.test for fold in stratified_folds(codes, 2, seed)]
    drawn = [_draw_pairs(codes, half, np.random.default_rng(seed + at)) for at, half in enumerate(halves)]
    cosines = [grams.paired_cosines(mixtures, pairs[:, 0], pairs[:, 1]) for pairs in drawn]
    same = [codes[pairs[:, 0]] == codes[pairs[:, 1]] for pairs in drawn]
    cases = []
    for own, other in ((0, 1), (1, 0)):
        bounds = np.array([_best_bound(row, same[other]) for row in cosines[other]])
        cases.append((cosines[own] > bounds[:, None]) == same[own])
    return np.concatenate(cases, axis=1).astype(np.float32)


def _draw_pairs(codes: np.ndarray, rows: np.ndarray, order: np.random.Generator) -> np.ndarray:
    """As many disjoint pairs of the same label as of different ones: int64 (p, 2)."""
    same = []
    for code in np.unique(codes[rows]):
        members = order.permutation(rows[codes[rows] == code])
        same.append(members[: len(members) // 2 * 2].reshape(-1, 2))
    shuffled = order.permutation(rows)
    by_label = shuffled[np.argsort(codes[shuffled], kind="stable")]
    middle = len(rows) // 2
    across = np.stack([by_label[:middle], by_label[len(rows) - middle :]], axis=1)  # far apart by label
    different = across[codes[across[:, 0]] != codes[across[:, 1]]]
    pairs = np.concatenate(same)
    n = min(len(pairs), len(different))
    return np.concatenate([order.permutation(pairs)[:n], order.permutation(different)[:n]])


def _best_bound(cosines: np.ndarray, same: np.ndarray) -> float:
    """The bound above which pairs are called the same, with the fewest errors."""
    order = np.argsort(cosines)
    ranked = same[order]
    right = np.concatenate([[ranked.sum()], ranked.sum() + np.cumsum(np.where(ranked, -1, 1))])
    at = int(right.argmax())
    edges = np.concatenate([[-np.inf], cosines[order], [np.inf]])
    return float((edges[at] + edges[at + 1]) / 2) if 0 < at < len(order) else float(edges[at and -1])
