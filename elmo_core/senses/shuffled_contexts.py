"""The shuffled null of sense groups: the same word, really embedded anew in contexts without sense.

What is shuffled: the other words of all the uses' sentences are pooled and dealt out anew at random,
so that each use keeps the length of its sentence and its word the place in it (and its spelling), while
all words around it come from anywhere. Groups that show up here come of length, place and chance.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from elmo_core.encoders.protocol import Encoder
from elmo_core.progress import Report, part_of
from elmo_core.senses.use_vectors import UseVectors, embed_uses
from elmo_core.senses.uses import Use, Uses

N_REPLICATES = 5
MAX_USES = 200
"""Most uses of a replicate: a seeded sample, the same one for all."""


@dataclass(frozen=True, eq=False)
class ShuffledContexts:
    """A word's uses after shuffling, several times."""

    rows: np.ndarray
    """int64 (m,): the uses that were shuffled."""
    replicates: tuple[UseVectors, ...]
    """Vectors of these m uses in shuffled contexts."""


def shuffle_contexts(
    encoder: Encoder,
    uses: Uses,
    *,
    n_replicates: int = N_REPLICATES,
    max_uses: int = MAX_USES,
    seed: int = 42,
    report: Report | None = None,
) -> ShuffledContexts:
    """Embed a word's uses in shuffled contexts; this runs the model on `n_replicates` texts.

    Args:
        encoder: the model.
        uses: at least one use.
        n_replicates: times to shuffle.
        max_uses: see `MAX_USES`.
        seed: seed of the sample and of all shuffles.
        report: progress callback.
    """
    generator = random.Random(seed)
    rows = sorted(generator.sample(range(len(uses.uses)), min(max_uses, len(uses.uses))))
    sample = [uses.uses[row] for row in rows]
    replicates = []
    for number in range(n_replicates):
        shuffled = Uses(uses.word, len(rows), tuple(_shuffled(sample, generator)))
        part = part_of(report, number / n_replicates, (number + 1) / n_replicates)
        replicates.append(embed_uses(encoder, shuffled, report=part))
    return ShuffledContexts(np.array(rows), tuple(replicates))


def _shuffled(uses: list[Use], generator: random.Random) -> list[Use]:
    """Each use in a sentence of its own, of pooled words."""
    pool = [token for use in uses for place, token in enumerate(use.tokens) if place not in use.span]
    generator.shuffle(pool)
    words, dealt = iter(pool), []
    for number, use in enumerate(uses):
        tokens = [own if place in use.span else next(words) for place, own in enumerate(use.tokens)]
        dealt.append(Use(number, number, use.position, tuple(tokens), use.label, "", "", use.length))
    return dealt
