"""Senses by each layer as it is: the part of `bench.model_scores` that needs no choice and takes seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from bench import benchmark_data
from bench.benchmark_data import Uses
from bench.centroids import nearest_centroid
from bench.whitened_senses import WordUses
from elmo_core import Elmo

_SENTENCES_PER_CALL = 512


def target_vectors(elmo: Elmo, sentences: Sequence[list[str]], positions: Sequence[int]) -> np.ndarray:
    """Vectors of one token of each sentence in all layers: float32 (L, n, D)."""
    parts = []
    for start in range(0, len(sentences), _SENTENCES_PER_CALL):
        block = slice(start, start + _SENTENCES_PER_CALL)
        found = elmo.embed(sentences[block])
        parts.append(
            np.stack([item.layers[:, at] for item, at in zip(found, positions[block], strict=True)], axis=1)
        )
    return np.concatenate(parts, axis=1)


def uses_in_layers(elmo: Elmo, most: int | None = None) -> Iterator[tuple[str, WordUses]]:
    """The words of CoarseWSD with the vectors and senses of their train and test uses.

    Args:
        elmo: the model.
        most: at most that many uses of each word in each part, the same seeded sample for every model.
    """
    for word in benchmark_data.sense_words():
        parts = {part: sample(benchmark_data.sense_uses(word, part), most) for part in ("train", "test")}
        layers = {part: target_vectors(elmo, uses.sentences, uses.positions) for part, uses in parts.items()}
        yield word, (layers, {part: np.array(uses.senses) for part, uses in parts.items()})


def sample(uses: Uses, most: int | None) -> Uses:
    """A seeded sample of uses, in their order; all of them where there are no more than `most`."""
    if most is None or len(uses.senses) <= most:
        return uses
    kept = np.sort(np.random.default_rng(0).permutation(len(uses.senses))[:most]).tolist()
    return Uses(*([part[index] for index in kept] for part in (uses.sentences, uses.positions, uses.senses)))


def layer_accuracies(layers: dict[str, np.ndarray], gold: dict[str, np.ndarray]) -> dict[str, float]:
    """Test accuracy, 0 to 1, of one word's nearest centroid in each layer and in the mean of the layers."""

    def accuracy(train: np.ndarray, test: np.ndarray) -> float:
        return float((nearest_centroid(train, gold["train"], test) == gold["test"]).mean())

    most = Counter(gold["train"].tolist()).most_common(1)[0][0]
    found = {"most frequent sense": float((gold["test"] == most).mean())}
    for index, (train, test) in enumerate(zip(layers["train"], layers["test"], strict=True)):
        found[f"layer {index}"] = accuracy(train, test)
    found["uniform mix"] = accuracy(layers["train"].mean(axis=0), layers["test"].mean(axis=0))
    return found


def senses_by_layer(elmo: Elmo, most: int | None = None) -> dict[str, float]:
    """Macro average over the words, in percent; see `uses_in_layers` for `most`."""
    rows = [layer_accuracies(*uses) for _, uses in uses_in_layers(elmo, most)]
    return {name: 100 * float(np.mean([row[name] for row in rows])) for name in rows[0]}
