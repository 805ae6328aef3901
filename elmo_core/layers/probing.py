"""Probing curves: what a linear probe reads out of each layer and direction, beside a control task.

The control task of Hewitt and Liang (2019) gives every type a random label: a probe that learns it has
memorised types, so the accuracy on the true labels less that on the control, the selectivity, is what the
vectors themselves say. Where all instances are of one type, or each of its own, the control label is drawn
for every instance, and the control shows what is left of chance.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from elmo_core.config import layer_names
from elmo_core.exceptions import InputError
from elmo_core.layers.head import fit_head
from elmo_core.layers.labelled import Labelled
from elmo_core.measuring.intervals import Estimate, over_splits
from elmo_core.measuring.splitting import Split, stratified_split
from elmo_core.progress import Report
from elmo_core.senses.study import CONTEXT

Half = Literal["forward", "backward", "both"]
HALVES: tuple[Half, ...] = ("forward", "backward", "both")
SEEDS = (0, 1, 2, 3, 4)
MOST_INSTANCES = 2000
TEST_SHARE = 0.3
PENALTY = 0.03
"""Penalty of every probe and of its control, so that neither has an advantage."""


@dataclass(frozen=True)
class Probe:
    """One layer read through one direction."""

    layer: int
    """Its number; L is the context without the word."""
    half: Half
    accuracies: tuple[float, ...]
    """Accuracy on the test rows of each seed."""
    controls: tuple[float, ...]
    """Accuracy on random labels, by seed."""


@dataclass(frozen=True)
class ProbingCurves:
    """Probes of all layers and directions on the same splits."""

    n_train: int
    n_test: int
    n_classes: int
    seeds: tuple[int, ...]
    majority: float
    """Accuracy of always naming the most frequent label."""
    by_type: float
    """Accuracy of naming the label that the type mostly has in the training rows: what needs no context."""
    controls_types: bool
    """Whether random labels go by type; otherwise each instance has its own."""
    n_sampled_from: int
    """Instances there were before a sample was taken."""
    probes: tuple[Probe, ...]
    names: tuple[str, ...]
    """Names of the layers that were probed, and of the context where there is one."""

    @property
    def halves(self) -> tuple[Half, ...]:
        """The halves that were probed, in the order of `HALVES`."""
        return tuple(dict.fromkeys(probe.half for probe in self.probes))

    def probe(self, layer: int, half: Half) -> Probe:
        """One of the probes."""
        return next(probe for probe in self.probes if (probe.layer, probe.half) == (layer, half))

    def accuracy(self, probe: Probe) -> Estimate:
        """Mean over the seeds with its corrected interval."""
        return over_splits(probe.accuracies, self._test_share).within(0, 1)

    def control(self, probe: Probe) -> Estimate:
        """Mean accuracy of the control task with its corrected interval."""
        return over_splits(probe.controls, self._test_share).within(0, 1)

    def selectivity(self, probe: Probe) -> Estimate:
        """Accuracy less that of the control task."""
        gaps = [a - b for a, b in zip(probe.accuracies, probe.controls, strict=True)]
        return over_splits(gaps, self._test_share)

    @property
    def _test_share(self) -> float:
        return self.n_test / (self.n_train + self.n_test)


def probe_layers(
    data: Labelled,
    *,
    seeds: Sequence[int] = SEEDS,
    halves: Sequence[Half] = HALVES,
    report: Report | None = None,
) -> ProbingCurves:
    """Fit a linear probe on every layer and the context: its forward half, its backward half and both.

    Args:
        data: the instances; of more than `MOST_INSTANCES` a seeded sample.
        seeds: one split and one set of random labels each.
        halves: which of them; a transformer, which has no two directions, has "both" alone.
        report: progress callback.

    Raises:
        InputError: there are too few instances to set any apart.
    """
    part = data.sampled(MOST_INSTANCES)
    codes = np.unique(part.codes, return_inverse=True)[1]
    if len(part) < 8 or codes.max() < 1:
        raise InputError(f"A probe needs at least 8 instances of two labels; there are {len(part)}.")
    n_types = len(set(part.types))
    by_type = 1 < n_types < len(part)
    splits = [stratified_split(codes, TEST_SHARE, seed) for seed in seeds]
    controls = [_random_labels(part.types, codes, by_type, seed) for seed in seeds]
    views, names = part.layers, layer_names(len(part.layers))
    if part.around is not None:
        views, names = np.concatenate([views, part.around[None]]), (*names, CONTEXT)
    width = views.shape[2]
    probes = []
    for at, (layer, half) in enumerate((layer, half) for layer in range(len(views)) for half in halves):
        vectors = views[layer : layer + 1, :, _columns(half, width)]
        true, control = [], []
        for seed, split, random in zip(seeds, splits, controls, strict=True):
            if report:
                share = (at + seeds.index(seed) / len(seeds)) / (len(views) * len(halves))
                report(f"{names[layer]}, {half}", share)
            true.append(_test_accuracy(vectors, codes, split))
            control.append(_test_accuracy(vectors, random, split))
        probes.append(Probe(layer, half, tuple(true), tuple(control)))
    return ProbingCurves(
        n_train=len(splits[0].train),
        n_test=len(splits[0].test),
        n_classes=int(codes.max()) + 1,
        seeds=tuple(seeds),
        majority=float(np.bincount(codes).max() / len(codes)),
        by_type=float(np.mean([_guess_by_type(part.types, codes, split) for split in splits])),
        controls_types=by_type,
        n_sampled_from=len(data),
        probes=tuple(probes),
        names=names,
    )


def _columns(half: Half, width: int) -> slice:
    """The columns of one direction in a vector of both."""
    return {"forward": slice(0, width // 2), "backward": slice(width // 2, width), "both": slice(None)}[half]


def _test_accuracy(vectors: np.ndarray, codes: np.ndarray, split: Split) -> float:
    classes, train = np.unique(codes[split.train], return_inverse=True)
    if len(classes) < 2:
        return float((codes[split.test] == classes[0]).mean())
    head = fit_head(vectors[:, split.train], train, weights=(1.0,), penalty=PENALTY)
    return float((classes[head.predict(vectors[:, split.test])] == codes[split.test]).mean())


def _random_labels(types: Sequence[str], codes: np.ndarray, by_type: bool, seed: int) -> np.ndarray:
    """A label for every type (or instance), drawn as the true labels are spread."""
    order = np.random.default_rng(seed)
    if not by_type:
        return np.asarray(order.permutation(codes))
    drawn = {kind: int(order.choice(codes)) for kind in dict.fromkeys(types)}
    return np.array([drawn[kind] for kind in types])


def _guess_by_type(types: Sequence[str], codes: np.ndarray, split: Split) -> float:
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for row in split.train.tolist():
        counts[types[row]][int(codes[row])] += 1
    rest = int(np.bincount(codes[split.train]).argmax())
    guesses = [
        counts[types[row]].most_common(1)[0][0] if types[row] in counts else rest
        for row in split.test.tolist()
    ]
    return float((np.array(guesses) == codes[split.test]).mean())
