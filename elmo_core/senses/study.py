"""One word's uses as the model sees them, and the groups they fall into: what the page of word senses shows.

uses = find_uses(sentences, "bank")
study = study_uses(encoder, uses)       # the model's part: it runs once
grouping = group_uses(study)         # the rest is arithmetic
print(grouping.card.sentence)
sense_map = draw_map(study, CONTEXT, frame_of(study, CONTEXT, "umap"))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from elmo_core.config import layer_names
from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.geometry.faithfulness import Faithfulness, faithfulness
from elmo_core.geometry.projection import ProjectionMethod as Projection
from elmo_core.geometry.separation import Separation, separation
from elmo_core.geometry.shared_frame import Frame, shared_frame
from elmo_core.progress import Report, part_of
from elmo_core.senses.bounds import UNCALIBRATED, Bounds
from elmo_core.senses.group_names import GroupName, name_by_best
from elmo_core.senses.groups import MIN_USES, GroupingMethod, SenseGroups, find_groups
from elmo_core.senses.kept_calibrations import find_calibration
from elmo_core.senses.sense_card import SenseCard, sense_card
from elmo_core.senses.shuffled_contexts import MAX_USES as MOST_SHUFFLED
from elmo_core.senses.shuffled_contexts import N_REPLICATES, ShuffledContexts, shuffle_contexts
from elmo_core.senses.substitutes import Substitutes, context_words, find_substitutes
from elmo_core.senses.use_vectors import Halves, UseVectors, embed_uses
from elmo_core.senses.uses import Uses

CONTEXT = "Context"
"""The view in which groups are looked for: what both directions expect in the place of the word."""


def view_names(n_layers: int) -> tuple[str, ...]:
    """The names of L layers and of their uniform mix."""
    return (*layer_names(n_layers), "Uniform mix")


def with_uniform_mix(layers: np.ndarray) -> np.ndarray:
    """Add the mean of all layers to (L, n, D), the scalar mix of equal weights: (L + 1, n, D)."""
    return np.concatenate([layers, layers.mean(axis=0, keepdims=True)])


@dataclass(frozen=True, eq=False)
class Study:
    """The uses of a word with everything that is computed by the model."""

    uses: Uses
    vectors: UseVectors
    shuffled: ShuffledContexts
    """The null; without replicates where there are too few uses to group."""
    substitutes: Substitutes
    fingerprint: str
    """Of the encoder."""

    @property
    def views(self) -> tuple[str, ...]:
        """Ways to look at the uses: the context, each layer, the uniform mix."""
        return (CONTEXT, *view_names(len(self.vectors.layers)))

    def halves(self, view: str) -> Halves:
        """The vectors of a view, from what all places of the text have in common."""
        if view == CONTEXT:
            return self.vectors.contexts
        n_layers, index = len(self.vectors.layers), self._layer(view)
        weights = np.full(n_layers, 1 / n_layers) if index == n_layers else np.eye(n_layers)[index]
        return self.vectors.view(weights.tolist())

    def layers(self) -> np.ndarray:
        """The word's own vectors in each layer and their uniform mix: float32 (L + 1, n, 2P)."""
        return with_uniform_mix(self.vectors.layers)

    def shown(self, view: str) -> np.ndarray:
        """The vectors that a map of this view shows: float32 (n, P) or (n, 2P)."""
        if view == CONTEXT:
            return self.vectors.contexts.units()
        vectors = self.layers()[self._layer(view)]
        return np.asarray(vectors - vectors.mean(axis=0))

    def _layer(self, view: str) -> int:
        if view not in self.views:
            raise InputError(f"There is no view {view!r}; there are {', '.join(self.views)}.")
        return self.views.index(view) - 1


def study_uses(encoder: Encoder, uses: Uses, *, report: Report | None = None) -> Study:
    """Ask the model about the uses of a word: its vectors, the null, the substitutes.

    Args:
        encoder: the model.
        uses: at least one use.
        report: progress callback.
    """
    n = len(uses.uses)
    n_shuffled = N_REPLICATES * min(n, MOST_SHUFFLED) if n >= MIN_USES else 0
    read = n / (n + n_shuffled)  # share of all sentences
    vectors = embed_uses(encoder, uses, report=part_of(report, 0, read, "reading the uses"))
    shuffled = ShuffledContexts(np.arange(0), ())
    if n_shuffled:
        shuffled = shuffle_contexts(
            encoder, uses, report=part_of(report, read, 1, "reading shuffled contexts")
        )
    substitutes = find_substitutes(encoder, vectors.expected, uses)
    return Study(uses, vectors, shuffled, substitutes, encoder.fingerprint)


def bounds_for(study: Study) -> Bounds:
    """The bounds of the model that read the uses; those set by hand where it is not calibrated.

    Raises:
        InputError: its calibration is damaged.
    """
    found = find_calibration(study.fingerprint)
    return found.bounds if found else UNCALIBRATED


@dataclass(frozen=True, eq=False)
class Grouping:
    """The groups of a word's uses, judged and named."""

    groups: SenseGroups
    card: SenseCard
    labels: tuple[int, ...]
    """Group of each use, 0 = the largest, -1 = none."""
    names: tuple[GroupName, ...]
    is_asked: bool
    """Whether the number of groups was asked for; otherwise there are as many as there is evidence of."""

    @property
    def k(self) -> int:
        """Groups that are shown."""
        return len(self.names)


def group_uses(
    study: Study,
    *,
    method: GroupingMethod = "k-means",
    k: int | None = None,
    groups: SenseGroups | None = None,
    seed: int = 42,
) -> Grouping:
    """Cut the uses into groups by their contexts, judge the cut and name the groups.

    Args:
        study: of the word.
        method: see `find_groups`.
        k: groups asked for, evidence or not; None = as many as there is evidence of.
        groups: what `find_groups` found in `study.vectors.contexts`, where that is known; None = looked for
            with `bounds_for(study)`.
        seed: seed of every random draw.

    Raises:
        InputError: no grouping with this number of groups was tried, or the model's calibration is damaged.
    """
    found = groups or find_groups(study.vectors.contexts, method=method, bounds=bounds_for(study), seed=seed)
    labels = found.labels
    if k is not None and k > 1:
        asked = next((cut for cut in found.candidates if cut.k == k), None)
        if asked is None:
            tried = ", ".join(str(cut.k) for cut in found.candidates) or "none"
            raise InputError(
                f"There is no cut of {found.n} uses into {k} groups by this method (tried: {tried})."
            )
        found, labels = replace(found, best=asked), tuple(asked.labels.tolist())
    elif k == 1:
        labels = (0,) * found.n
    contexts = [replicate.contexts for replicate in study.shuffled.replicates]
    card = sense_card(
        found,
        study.vectors.contexts,
        shuffled=contexts,
        shuffled_rows=study.shuffled.rows,
        gold=study.uses.labels,
        seed=seed,
    )
    if card.k == 1 and k is None:
        labels = (0,) * found.n
    return Grouping(found, card, labels, name_uses(study, labels), k is not None)


def name_uses(study: Study, labels: Sequence[int]) -> tuple[GroupName, ...]:
    """Name groups (n labels, -1 = none) by what is known of the uses, see `name_by_best`."""
    uses = study.uses
    return name_by_best(study.substitutes, context_words(uses), labels, uses.labels)


@dataclass(frozen=True, eq=False)
class SenseMap:
    """The uses in one view, drawn, with what the map gets wrong."""

    view: str
    frame: Frame
    coordinates: np.ndarray
    """float32 (n, 2)."""
    kept: float | None
    """Share of the variance that it shows (PCA)."""
    faithfulness: Faithfulness


def frame_of(
    study: Study, view: str, method: Projection, seed: int = 42, report: Report | None = None
) -> Frame:
    """The plane of a view: that of the contexts, or the one that all layers share."""
    views = study.shown(CONTEXT)[None] if view == CONTEXT else study.layers()
    return shared_frame(views, max(1, len(views) - 1), method, seed, report)


def draw_map(study: Study, view: str, frame: Frame) -> SenseMap:
    """Look up the place of each use in a view, and see how far it can be trusted."""
    index = 0 if view == CONTEXT else study.views.index(view) - 1
    coordinates = frame.coordinates[index]
    trust = faithfulness(study.shown(view), coordinates)
    return SenseMap(view, frame, coordinates, frame.kept[index], trust)


def score_views(study: Study) -> tuple[Separation, ...]:
    """How well each view separates the labelled senses, in the order of `study.views`.

    Raises:
        InputError: there are not two senses with two uses each.
    """
    return tuple(separation(study.halves(view).units(), study.uses.labels) for view in study.views)
