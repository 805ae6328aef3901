"""Senses by each layer and by the context: the part of `bench.model_scores` in which nothing is chosen."""

from __future__ import annotations

from collections import Counter

import numpy as np

from bench.centroids import nearest_centroid
from bench.targets import Targets, word_uses
from elmo_core import Elmo


def layer_hits(uses: dict[str, Targets], gold: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return which test uses the nearest centroid of one word gets right in each view: bool (n,) each."""
    most = Counter(gold["train"].tolist()).most_common(1)[0][0]
    found = {"most frequent sense": gold["test"] == most}
    test = plain_views(uses["test"])
    for name, vectors in plain_views(uses["train"]).items():
        found[name] = nearest_centroid(vectors, gold["train"], test[name]) == gold["test"]
    return found


def layer_accuracies(uses: dict[str, Targets], gold: dict[str, np.ndarray]) -> dict[str, float]:
    """Return the test accuracy, 0 to 1, of one word's nearest centroid in each view of `plain_views`."""
    return {name: float(hits.mean()) for name, hits in layer_hits(uses, gold).items()}


def plain_views(targets: Targets) -> dict[str, np.ndarray]:
    """Return each layer, the mean of the layers, and the context: float32 (n, width) each."""
    layers = {f"layer {index}": layer for index, layer in enumerate(targets.layers)}
    return {**layers, "uniform mix": targets.layers.mean(axis=0), "context": targets.contexts}


def senses_by_layer(elmo: Elmo, most: int | None = None) -> dict[str, float]:
    """Return the macro average over the words, in percent; see `word_uses` for `most`."""
    rows = [layer_accuracies(*uses) for _, uses in word_uses(elmo, most)]
    return {name: 100 * float(np.mean([row[name] for row in rows])) for name in rows[0]}
