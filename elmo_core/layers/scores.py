"""Scores of many mixtures of layers at once, each on cases held out from whatever was fitted.

Every score is a mean over cases, and the cases are kept: so a mixture can be chosen on some of them and
scored on the others, and two mixtures can be compared case by case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.layers.case_scores import (
    one_cloud,
    pairs,
    probe,
    separation,
    shuffled_separation,
    silhouette,
)
from elmo_core.layers.gram_matrices import LayerGrams, layer_grams
from elmo_core.layers.labelled import Labelled
from elmo_core.measuring.intervals import Estimate, over_cases, wilson

ScoreName = Literal["separation", "silhouette", "probe", "pairs"]

SCORES: dict[ScoreName, str] = {
    "separation": "Nearest to their own label's centroid",
    "silhouette": "Silhouette of the groups found",
    "probe": "Accuracy of a linear probe",
    "pairs": "Same label or not, by cosine",
}
"""Names of the scores on screen."""
N_SHUFFLES: dict[ScoreName, int] = {"separation": 100, "probe": 10, "pairs": 20}
"""Shuffles of the labels, for the null."""


@dataclass(frozen=True, eq=False)
class MixtureScores:
    """One score of G mixtures."""

    score: ScoreName
    mixtures: np.ndarray
    """float64 (G, L)."""
    cases: np.ndarray
    """float32 (G, m): what each held-out case adds to the mean; of shares it is 0 or 1, or 1/ties."""
    baseline: float
    """Score without vectors: the most frequent label, a coin toss for pairs, no groups for the silhouette."""
    null_mean: float
    """Mean score of the uniform mix with shuffled labels (for the silhouette: a cloud without groups)."""
    null_sd: float
    seed: int

    @property
    def n(self) -> int:
        """Cases of each mixture."""
        return int(self.cases.shape[1])

    @cached_property
    def values(self) -> np.ndarray:
        """float64 (G,): the scores."""
        return np.asarray(self.cases.mean(axis=1, dtype=np.float64))

    @property
    def best(self) -> int:
        """Row of the highest score, which is a little too high because it was chosen."""
        return int(self.values.argmax())

    def estimate(self, row: int) -> Estimate:
        """The score of one mixture with its interval over cases: Wilson's of a share, else the normal one."""
        if self.score == "silhouette":
            return over_cases(self.cases[row])
        return wilson(float(self.values[row]), self.n)

    def held_out_gain(self, against: int, n_folds: int = 5, seed: int = 42) -> Estimate:
        """What choosing the best mixture gains, scored on cases that did not choose it.

        Args:
            against: row of the mixture to compare with.
            n_folds: parts of the cases, each of which is scored by the choice of the others.
            seed: seed of the parts.
        """
        parts = np.random.default_rng(seed).permutation(self.n) % n_folds
        gains = np.empty(self.n)
        for part in range(n_folds):
            chosen = int(self.cases[:, parts != part].mean(axis=1).argmax())
            gains[parts == part] = (self.cases[chosen] - self.cases[against])[parts == part]
        return over_cases(gains)


def score_mixtures(
    data: Labelled,
    mixtures: np.ndarray,
    score: ScoreName,
    *,
    grams: LayerGrams | None = None,
    seed: int = 42,
) -> MixtureScores:
    """Score mixtures of layers.

    * separation: share of instances nearest (cosine) to the centroid of their own label, each left out of it;
    * silhouette: groups found in either half by spherical k-means, as many as there are labels; the other
      half joins the nearest one, and its silhouette counts;
    * probe: accuracy of ridge regression on unit vectors, learned from either half for the other;
    * pairs: whether two instances have the same label, by a bound on the cosine from the other half; as many
      pairs of the same label as of different ones, no instance twice in either kind.

    Args:
        data: the instances.
        mixtures: float (G, L).
        score: which one.
        grams: of `data.layers`, where they are known.
        seed: seed of halves, pairs, starts and shuffles.

    Raises:
        InputError: there are too many instances, or too few for two halves.
    """
    found = grams or layer_grams(data.layers)
    cases = _cases(data, found, mixtures, score, data.codes, seed)
    uniform = np.full((1, len(data.layers)), 1 / len(data.layers))
    if score == "silhouette":
        null, baseline = one_cloud(found, uniform, len(data.classes), seed), 0.0
    else:
        order = np.random.default_rng(seed)
        shuffled = [order.permutation(data.codes) for _ in range(N_SHUFFLES[score])]
        if score == "separation":
            null = shuffled_separation(found, uniform, shuffled)
        else:
            null = np.array([_cases(data, found, uniform, score, codes, seed).mean() for codes in shuffled])
        baseline = 0.5 if score == "pairs" else data.majority
    return MixtureScores(score, mixtures, cases, baseline, float(null.mean()), float(null.std(ddof=1)), seed)


def with_mixtures(
    found: MixtureScores, data: Labelled, grams: LayerGrams, mixtures: np.ndarray
) -> MixtureScores:
    """Scores with further mixtures (G, L) behind those that are there, on the same cases."""
    more = _cases(data, grams, mixtures, found.score, data.codes, found.seed)
    return replace(
        found,
        mixtures=np.concatenate([found.mixtures, mixtures]),
        cases=np.concatenate([found.cases, more]),
    )


def _cases(
    data: Labelled, grams: LayerGrams, mixtures: np.ndarray, score: ScoreName, codes: np.ndarray, seed: int
) -> np.ndarray:
    """What each case adds to the score of each mixture: float32 (G, m)."""
    if score == "silhouette":
        return silhouette(grams, mixtures, len(data.classes), seed)
    if min(np.bincount(codes)) < 2 or len(codes) < 8:
        raise InputError(
            f"Two halves need at least 8 instances, 2 of every label; there are {len(codes)}, "
            f"{min(np.bincount(codes))} of the rarest label."
        )
    run: Callable[..., np.ndarray] = {"separation": separation, "probe": probe, "pairs": pairs}[score]
    return run(grams, mixtures, codes, seed)
