"""Vectors of the words that a benchmark asks about: every layer of the word, and its context vector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from bench import benchmark_data
from bench.benchmark_data import SenseUses
from elmo_core import Encoder
from elmo_core.encoders.protocol import require_context_view


@dataclass(frozen=True, eq=False)
class Targets:
    """One token of each of n sentences."""

    layers: np.ndarray
    """float32 (L, n, D): its own vectors."""
    contexts: np.ndarray
    """float32 (n, P): what is expected in its place from the words around it, the token itself unread."""


WordUses = tuple[dict[str, Targets], dict[str, np.ndarray]]
"""Vectors and gold senses of one word's train and test uses."""


def target_vectors(encoder: Encoder, sentences: Sequence[list[str]], positions: Sequence[int]) -> Targets:
    """Embed n sentences and keep one token of each."""
    view, layers, contexts = require_context_view(encoder), [], []
    left = iter(positions)
    for block in encoder.stream(sentences):
        places = list(islice(left, len(block)))
        layers += [found.layers[:, at].copy() for found, at in zip(block, places, strict=True)]
        contexts += [parts[0].sum(axis=0) for parts in view.of(block, [[range(at, at + 1)] for at in places])]
    return Targets(np.stack(layers, axis=1), np.stack(contexts))


def word_uses(encoder: Encoder, most: int | None = None) -> Iterator[tuple[str, WordUses]]:
    """Embed the uses of the words of CoarseWSD.

    Args:
        encoder: the model.
        most: uses of each word in each part at most, the same seeded sample for every model.
    """
    for word in benchmark_data.sense_words():
        parts = {part: sample(benchmark_data.sense_uses(word, part), most) for part in ("train", "test")}
        found = {
            part: target_vectors(encoder, uses.sentences, uses.positions) for part, uses in parts.items()
        }
        yield word, (found, {part: np.array(uses.senses) for part, uses in parts.items()})


def sample(uses: SenseUses, most: int | None) -> SenseUses:
    """Draw a seeded sample of at most `most` uses, in their order."""
    if most is None or len(uses.senses) <= most:
        return uses
    kept = np.sort(np.random.default_rng(0).permutation(len(uses.senses))[:most]).tolist()
    return SenseUses(
        [uses.sentences[index] for index in kept],
        [uses.positions[index] for index in kept],
        [uses.senses[index] for index in kept],
    )
