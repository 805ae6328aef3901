"""The learned mixture beside every single layer, the uniform mix and the best of the grid, by seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from elmo_core.config import layer_names
from elmo_core.exceptions import InputError
from elmo_core.layers.gram_matrices import layer_grams
from elmo_core.layers.head import FittedHead, fit_head
from elmo_core.layers.labelled import Labelled
from elmo_core.layers.mixture import Mixture, mixture_grid
from elmo_core.layers.scores import score_mixtures
from elmo_core.measuring.intervals import Estimate, over_splits
from elmo_core.measuring.splitting import Split, stratified_split
from elmo_core.progress import Report

UNIFORM, BEST, LEARNED = "Uniform mix", "Best of the grid", "Learned mix"
SEEDS = (0, 1, 2, 3, 4)
TEST_SHARE = 0.3
_MOST_FOR_GRID = 1000


@dataclass(frozen=True)
class MixScores:
    """Accuracy of the head on one mixture."""

    name: str
    accuracies: tuple[float, ...]
    """Accuracy on the test rows of each seed."""
    weights: tuple[tuple[float, ...], ...]
    """s_j at each seed."""
    gammas: tuple[float, ...]


@dataclass(frozen=True)
class MixStudy:
    """The results of all mixtures on the same splits."""

    n_train: int
    n_test: int
    seeds: tuple[int, ...]
    l2: float
    """lambda of the term that pulls the learned weights to the uniform mix."""
    majority: float
    """Accuracy of always naming the most frequent label of the training rows; mean over the seeds."""
    methods: tuple[MixScores, ...]
    """The single layers, the uniform mix, the best of the grid (chosen on the training rows), the learned."""

    @property
    def test_share(self) -> float:
        """Rows tested on, of all rows of a split."""
        return self.n_test / (self.n_train + self.n_test)

    def method(self, name: str) -> MixScores:
        """One of the methods."""
        return next(method for method in self.methods if method.name == name)

    def accuracy(self, name: str) -> Estimate:
        """Mean over the seeds with its corrected interval."""
        return over_splits(self.method(name).accuracies, self.test_share).within(0, 1)

    def difference(self, name: str, other: str) -> Estimate:
        """Mean difference on the same splits with its corrected interval."""
        pairs = zip(self.method(name).accuracies, self.method(other).accuracies, strict=True)
        return over_splits([a - b for a, b in pairs], self.test_share)

    @property
    def learned_mixture(self) -> Mixture:
        """Mean of the learned weights and gammas over the seeds."""
        learned = self.method(LEARNED)
        return Mixture.of(np.mean(learned.weights, axis=0), float(np.mean(learned.gammas)))

    @property
    def best_single(self) -> str:
        """The layer with the highest mean, which is a little too high because it was chosen."""
        n_layers = len(self.methods[0].weights[0])
        return max(layer_names(n_layers), key=lambda name: float(np.mean(self.method(name).accuracies)))


def study_mixtures(
    data: Labelled,
    *,
    seeds: Sequence[int] = SEEDS,
    test_share: float = TEST_SHARE,
    l2: float = 0.001,
    report: Report | None = None,
) -> MixStudy:
    """Fit the same head on every mixture, on random splits of the instances.

    Args:
        data: the instances.
        seeds: one split each.
        test_share: share of the instances that are tested on, stratified.
        l2: lambda of the learned weights.
        report: progress callback.

    Raises:
        InputError: there are too few instances to set any apart.
    """
    splits = [stratified_split(data.codes, test_share, seed) for seed in seeds]
    if min(len(splits[0].test), len(splits[0].train)) < 2 or len(data) < 8:
        raise InputError(f"A head needs at least 8 labelled instances; there are {len(data)}.")
    return study_splits(data, splits, seeds=seeds, l2=l2, report=report)


def study_splits(
    data: Labelled,
    splits: Sequence[Split],
    *,
    seeds: Sequence[int],
    l2: float = 0.001,
    report: Report | None = None,
) -> MixStudy:
    """Fit the head on every mixture, on the given splits of one size, one for each seed."""
    n_layers = len(data.layers)
    fixed = [Mixture.single(layer, n_layers).weights for layer in range(n_layers)]
    names = (*layer_names(n_layers), UNIFORM, BEST, LEARNED)
    codes = data.codes
    accuracies: dict[str, list[float]] = {name: [] for name in names}
    heads: dict[str, list[FittedHead]] = {name: [] for name in names}
    majority = []
    for at, (seed, split) in enumerate(zip(seeds, splits, strict=True)):
        train, test = data.layers[:, split.train], data.layers[:, split.test]
        best = _best_of_grid(data.take(split.train), seed)
        held = [*fixed, Mixture.uniform(n_layers).weights, best, None]
        for index, (name, weights) in enumerate(zip(names, held, strict=True)):
            tick = partial(
                report or _nothing, f"seed {seed}: {name.lower()}", (at + index / len(names)) / len(splits)
            )
            tick()
            head = fit_head(train, codes[split.train], weights=weights, l2=l2, seed=seed, tick=tick)
            heads[name].append(head)
            accuracies[name].append(float((head.predict(test) == codes[split.test]).mean()))
        majority.append(float((codes[split.test] == np.bincount(codes[split.train]).argmax()).mean()))
    methods = tuple(
        MixScores(
            name,
            tuple(accuracies[name]),
            tuple(head.weights for head in heads[name]),
            tuple(head.gamma for head in heads[name]),
        )
        for name in names
    )
    sizes = len(splits[0].train), len(splits[0].test)
    return MixStudy(*sizes, tuple(seeds), l2, float(np.mean(majority)), methods)


def _nothing(doing: str, share: float) -> None:
    """No-op progress callback."""


def _best_of_grid(train: Labelled, seed: int) -> tuple[float, ...]:
    """The mixture whose training rows lie nearest to the centroids of their labels."""
    part = train.sampled(_MOST_FOR_GRID, seed)
    mixtures = mixture_grid(len(train.layers))
    grams = layer_grams(part.layers)
    found = score_mixtures(part, mixtures, "separation", grams=grams, seed=seed)
    return tuple(mixtures[found.best].tolist())


def verdict(study: MixStudy) -> str:
    """Say in two sentences what the intervals support about the learned mixture."""
    said = []
    for other, name in ((UNIFORM, "the uniform mix"), (study.best_single, study.best_single)):
        gap = study.difference(LEARNED, other)
        value, low, high = (round(100 * one, 1) + 0.0 for one in (gap.value, gap.low, gap.high))  # no -0.0
        numbers = f"{value:+.1f} points, 95% interval {low:+.1f} to {high:+.1f}"
        spoken = f"{name[0].lower()}{name[1:]}"
        if gap.low > 0:
            said.append(f"The learned mix is better than {spoken} here ({numbers}).")
        elif gap.high < 0:
            said.append(f"The learned mix is worse than {spoken} here ({numbers}).")
        else:
            said.append(f"No evidence that the learned mix differs from {spoken} here ({numbers}).")
    return " ".join(said)
