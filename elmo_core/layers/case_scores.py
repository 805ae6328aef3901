"""What each held-out case adds to a score of each of G mixtures: float32 (G, m).

See `scores.score_mixtures` for what the scores mean. All work on cosines alone (`grams`), so that a grid of
mixtures costs little more than one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elmo_core.geometry.clustering import silhouettes_from_sums
from elmo_core.geometry.separation import nearest_left_out, partners
from elmo_core.layers.gram_learning import group_rows, nearest_groups, ridge_predictions
from elmo_core.layers.gram_matrices import LayerGrams, layer_grams
from elmo_core.measuring.splitting import stratified_folds

_MOST_LEARNED, _MOST_GROUPED = 300, 250
# instances of either half that the probe learns from, and that are grouped: a grid within a second
_TIE = 1e-5  # of sums of cosines in float32


def separation(grams: LayerGrams, mixtures: np.ndarray, codes: np.ndarray, seed: int) -> np.ndarray:
    """Whether the nearest centroid is that of the own label, one instance left out of each: (G, n)."""
    k = int(codes.max()) + 1
    sums = grams.summed_cosines(mixtures, np.eye(k)[codes][None]).astype(np.float64)  # (G, n, k)
    own = (grams.lengths(mixtures) > 1e-12).astype(np.float64)
    out = partners(codes, k)
    rows = np.repeat(np.arange(len(codes)), k)
    paired = grams.paired_cosines(mixtures, rows, out.ravel()).reshape(sums.shape)
    return np.stack(
        [
            nearest_left_out(total, length, codes, out, pair, _TIE)[0]
            for total, length, pair in zip(sums, own, paired, strict=True)
        ]
    ).astype(np.float32)


def shuffled_separation(grams: LayerGrams, uniform: np.ndarray, shuffled: Sequence[np.ndarray]) -> np.ndarray:
    """`separation` for many orders of the labels in one mixture (1, L): the mean of each."""
    k = int(shuffled[0].max()) + 1
    cosines = grams.cosines(uniform[0]).astype(np.float64)
    own = (grams.lengths(uniform)[0] > 1e-12).astype(np.float64)
    means = []
    for codes in shuffled:
        out = partners(codes, k)
        paired = np.take_along_axis(cosines, out, axis=1)
        means.append(nearest_left_out(cosines @ np.eye(k)[codes], own, codes, out, paired, _TIE)[0].mean())
    return np.array(means)


def silhouette(grams: LayerGrams, mixtures: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Silhouettes of instances in groups that were found in the other half: (G, m)."""
    n = grams.pairs[0].shape[0]
    halves = stratified_folds(np.zeros(n, dtype=np.int64), 2, seed)
    order = np.random.default_rng(seed)
    cases = []
    for half in halves:
        first, second = (order.permutation(rows)[:_MOST_GROUPED] for rows in (half.train, half.test))
        inside, across = grams.take(first), grams.take(second, first)
        groups = group_rows(inside, mixtures, k, seed=seed)
        joined = nearest_groups(inside, across, mixtures, groups, k)  # (G, m)
        member = np.eye(k)[joined]
        own = grams.take(second)
        sums = own.summed_cosines(mixtures, member).astype(np.float64)
        lengths = (own.lengths(mixtures) > 1e-12).astype(np.float64)
        cases.append([silhouettes_from_sums(*one) for one in zip(sums, joined, lengths, strict=True)])
    return np.concatenate(cases, axis=1).astype(np.float32)


def one_cloud(grams: LayerGrams, uniform: np.ndarray, k: int, seed: int, n_draws: int = 5) -> np.ndarray:
    """Silhouettes of normal clouds with the centre and the spread of the instances, but without groups."""
    gram = grams.cosines(uniform[0]).astype(np.float64)
    size = min(len(gram), 2 * _MOST_GROUPED)
    part = gram[:size, :size]
    centred = part - part.mean(axis=0) - part.mean(axis=1, keepdims=True) + part.mean()
    spread = np.sqrt(np.maximum(np.linalg.eigvalsh(centred), 0) / size)
    order = np.random.default_rng(seed)
    draws = []
    for _ in range(n_draws):
        cloud = order.standard_normal((size, size)) * spread
        centre = np.full((size, 1), np.sqrt(max(float(part.mean()), 0)))
        grams_of_cloud = layer_grams(np.concatenate([centre, cloud], axis=1)[None])
        draws.append(silhouette(grams_of_cloud, np.ones((1, 1)), k, seed).mean())
    return np.array(draws)


def probe(grams: LayerGrams, mixtures: np.ndarray, codes: np.ndarray, seed: int) -> np.ndarray:
    """Whether ridge regression, learned from one half, names the label of the other's instances: (G, n)."""
    cases = np.empty((len(mixtures), len(codes)), dtype=np.float32)
    order = np.random.default_rng(seed)
    for half in stratified_folds(codes, 2, seed):
        learned = order.permutation(half.train)[:_MOST_LEARNED]
        inside, across = grams.take(learned), grams.take(half.test, learned)
        for row, weights in enumerate(mixtures):
            guessed = ridge_predictions(inside.cosines(weights), across.cosines(weights), codes[learned])
            cases[row, half.test] = guessed == codes[half.test]
    return cases


def pairs(grams: LayerGrams, mixtures: np.ndarray, codes: np.ndarray, seed: int) -> np.ndarray:
    """Whether pairs of instances are rightly called of one label: (G, m), m pairs of both halves."""
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
