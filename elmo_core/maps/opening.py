"""Labelled texts by how clearly a model parts them: which ones a map of texts opens on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from elmo_core.encoders.protocol import Encoder
from elmo_core.geometry.separation import Separation, separation
from elmo_core.layers.labelled import label_texts
from elmo_core.maps.points import MapPoints
from elmo_core.tables.corpus import Text

MOST_SCORED = 500
"""Points that are scored; of more a seeded sample."""
_MOST_VALUES, _N_SHUFFLES = 20, 50


@dataclass(frozen=True)
class SeparatedTexts:
    """Texts by one label."""

    name: str
    score: Separation
    """In the top layer."""

    @property
    def gain(self) -> float:
        """Share of the way from an even guess to no error."""
        guess = 1 / len(self.score.senses)
        return (self.score.accuracy - guess) / (1 - guess)


def rank_texts(elmo: Encoder, sets: Mapping[str, Text]) -> tuple[SeparatedTexts, ...]:
    """Score the top layer on labelled texts, each the mean of its tokens; the clearest set comes first.

    Args:
        elmo: the model.
        sets: texts with labels by name.

    Raises:
        InputError: fewer than two labels of a set occur twice.
    """
    found = []
    for name, text in sets.items():
        data = label_texts(elmo, text.sentences, text.labels)
        top = data.layers[-1]
        found.append(SeparatedTexts(name, separation(top - top.mean(axis=0), data.labels)))
    return tuple(sorted(found, key=lambda one: -one.gain))


def score_colours(points: MapPoints, column: str, seed: int = 42) -> tuple[Separation, ...]:
    """Score how well each view of a map keeps the values of a column apart.

    Args:
        points: of the map; of more than `MOST_SCORED` a sample is scored.
        column: one of `points.columns`.
        seed: of the sample.

    Returns:
        The scores in the order of the views; none where the column has one value, or too many for groups.
    """
    values = np.array(points.columns[column], dtype=object)
    if not 2 <= len(set(values)) <= _MOST_VALUES:
        return ()
    rows = np.arange(len(points))
    if len(rows) > MOST_SCORED:
        rows = np.sort(np.random.default_rng(seed).permutation(len(rows))[:MOST_SCORED])
    labels = [value or None for value in values[rows]]
    counts = [labels.count(value) for value in set(labels) - {None}]
    if sum(count > 1 for count in counts) < 2:
        return ()
    found = []
    for vectors in points.vectors[:, rows]:
        score = separation(vectors - vectors.mean(axis=0), labels, n_shuffles=_N_SHUFFLES)
        nearest: list[str | None] = [None] * len(points)
        for row, value in zip(rows.tolist(), score.nearest, strict=True):
            nearest[row] = value
        found.append(replace(score, nearest=tuple(nearest)))
    return tuple(found)
