"""Vectors of the words that a benchmark asks about: every layer of the word, and its context vector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from bench import benchmark_data
from bench.benchmark_data import Uses
from elmo_core import Elmo
from elmo_core.senses.use_vectors import context_halves, edge_outputs


@dataclass(frozen=True, eq=False)
class Targets:
    """One token of each of n sentences."""

    layers: np.ndarray
    """float32 (L, n, 2P): its own vectors."""
    contexts: np.ndarray
    """float32 (n, P): what both directions expect in its place, added up; neither has read the token."""


WordUses = tuple[dict[str, Targets], dict[str, np.ndarray]]
"""Vectors and gold senses of one word's train and test uses."""


def target_vectors(elmo: Elmo, sentences: Sequence[list[str]], positions: Sequence[int]) -> Targets:
    """Embed n sentences and keep one token of each."""
    edges, layers, contexts = edge_outputs(elmo), [], []
    for found, at in zip(chain.from_iterable(elmo.stream(sentences)), positions, strict=True):
        layers.append(found.layers[:, at].copy())
        contexts.append(context_halves(found.layers, edges)[:, at].sum(axis=0))
    return Targets(np.stack(layers, axis=1), np.stack(contexts))


def word_uses(elmo: Elmo, most: int | None = None) -> Iterator[tuple[str, WordUses]]:
    """Embed the uses of the words of CoarseWSD.

    Args:
        elmo: the model.
        most: uses of each word in each part at most, the same seeded sample for every model.
    """
    for word in benchmark_data.sense_words():
        parts = {part: sample(benchmark_data.sense_uses(word, part), most) for part in ("train", "test")}
        found = {part: target_vectors(elmo, uses.sentences, uses.positions) for part, uses in parts.items()}
        yield word, (found, {part: np.array(uses.senses) for part, uses in parts.items()})


def sample(uses: Uses, most: int | None) -> Uses:
    """Draw a seeded sample of at most `most` uses, in their order."""
    if most is None or len(uses.senses) <= most:
        return uses
    kept = np.sort(np.random.default_rng(0).permutation(len(uses.senses))[:most]).tolist()
    return Uses(
        [uses.sentences[index] for index in kept],
        [uses.positions[index] for index in kept],
        [uses.senses[index] for index in kept],
    )
