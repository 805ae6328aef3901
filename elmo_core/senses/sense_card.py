"""The sense card: how many groups a word's uses fall into and how sure that is, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.geometry.separation import separation
from elmo_core.measuring.agreement import adjusted_rand_index, contingency, v_measure
from elmo_core.senses.bounds import LEAST_GAIN, MIN_SDS
from elmo_core.senses.groups import MIN_USES, CandidateGroups, SenseGroups, mean_silhouette
from elmo_core.senses.use_vectors import Halves

N_SHUFFLES = 200


@dataclass(frozen=True)
class Spread:
    """Values of a null: their mean and standard deviation."""

    mean: float
    sd: float

    @classmethod
    def of(cls, values: Sequence[float] | np.ndarray) -> Spread:
        """The spread of some values; that of one value is 0."""
        array = np.asarray(values, dtype=np.float64)
        return cls(float(array.mean()), float(array.std(ddof=1)) if len(array) > 1 else 0.0)

    def __str__(self) -> str:
        return f"{self.mean:.2f} ± {self.sd:.2f}"


@dataclass(frozen=True)
class AgreementScore:
    """A score of agreement with gold senses, beside what chance and shuffled contexts give."""

    name: str
    value: float
    chance: Spread
    """Scores after shuffling the senses among the uses."""
    null: Spread | None
    """Scores of the word in shuffled contexts, grouped in the same way; None without that null."""


@dataclass(frozen=True)
class SenseCard:
    """How many groups a word's uses fall into, and how sure that is."""

    n: int
    """Uses."""
    k: int
    """Groups there is evidence of; 1 = of no more than one."""
    best: CandidateGroups | None
    """The best cut, evidence or not; None where there are too few uses to cut."""
    shuffled: Spread | None
    """Silhouettes of shuffled contexts, cut in the same way; None where they were not computed."""
    objections: tuple[str, ...]
    """Why the best cut is no evidence; empty where it is."""
    scores: tuple[AgreementScore, ...]
    """Agreement of the best cut with the gold senses; empty where there are none to compare with."""

    @property
    def sentence(self) -> str:
        """The card in one sentence."""
        if self.best is None:
            return f"{self.n} uses are too few to look for groups; at least {MIN_USES} are needed."
        cut = self.best
        nulls = f"shuffled contexts {self.shuffled}; " if self.shuffled else ""
        if cut.has_null:
            nulls += f"re-paired contexts {Spread(cut.paired_mean, cut.paired_sd)}; "
        numbers = f"silhouette {cut.silhouette:.2f}; {nulls}stable in {cut.stability:.0%} of resamples"
        if self.k > 1:
            return f"{self.k} groups, {numbers}."
        return f"No evidence of more than one group: {self.objections[0]} (best of {cut.k}: {numbers})."


def sense_card(
    groups: SenseGroups,
    halves: Halves,
    *,
    shuffled: Sequence[Halves] = (),
    shuffled_rows: np.ndarray | None = None,
    gold: Sequence[str | None] = (),
    seed: int = 42,
) -> SenseCard:
    """Judge the groups of n uses.

    Args:
        groups: what `find_groups` found in `halves`.
        halves: the vectors of the uses.
        shuffled: vectors of m of the uses in shuffled contexts, several times.
        shuffled_rows: (m,) which uses those are; None = all of them.
        gold: n gold senses, None where one is not known; empty = there are none.
        seed: seed of the shuffled senses.
    """
    best = groups.best
    if best is None:
        return SenseCard(groups.n, 1, None, None, (), ())
    cuts = [best.cut(replicate.units()) for replicate in shuffled]
    null = None
    if cuts:
        null = Spread.of([mean_silhouette(x.units(), cut) for x, cut in zip(shuffled, cuts, strict=True)])
    objections = best.objections
    if null and best.silhouette < null.mean + max(LEAST_GAIN, MIN_SDS * null.sd):
        objections = ("shuffled contexts fall apart as well", *objections)
    rows = np.arange(groups.n) if shuffled_rows is None else shuffled_rows
    scores = _scores(best, halves, shuffled, cuts, rows, gold, seed) if _can_score(gold) else ()
    return SenseCard(groups.n, 1 if objections else best.k, best, null, objections, scores)


def _can_score(gold: Sequence[str | None]) -> bool:
    """Whether there are two senses with two uses each."""
    senses = [sense for sense in gold if sense is not None]
    return sum(senses.count(sense) > 1 for sense in set(senses)) > 1


def _scores(
    best: CandidateGroups,
    halves: Halves,
    shuffled: Sequence[Halves],
    cuts: Sequence[np.ndarray],
    rows: np.ndarray,
    gold: Sequence[str | None],
    seed: int,
) -> tuple[AgreementScore, ...]:
    """Agreement of groups with senses, and how far the senses lie apart whatever the groups are."""
    known = np.array([row for row, sense in enumerate(gold) if sense is not None])
    senses = np.unique([str(gold[row]) for row in known], return_inverse=True)[1]
    code = np.full(len(gold), -1)
    code[known] = senses
    kept = code[rows] >= 0
    generator = np.random.default_rng(seed)
    shuffled_senses = np.stack([generator.permutation(senses) for _ in range(N_SHUFFLES)])
    chance = contingency(shuffled_senses, best.labels[known])
    null = [contingency(code[rows][kept], cut[kept]) for cut in cuts] if kept.any() else []
    true = contingency(senses, best.labels[known])
    found = [
        AgreementScore(
            name,
            float(measure(true)),
            Spread.of(measure(chance)),
            Spread.of([float(measure(table)) for table in null]) if null else None,
        )
        for name, measure in (("adjusted Rand index", adjusted_rand_index), ("V-measure", v_measure))
    ]
    return (*found, _nearest(halves, shuffled, rows, gold))


def _nearest(
    halves: Halves, shuffled: Sequence[Halves], rows: np.ndarray, gold: Sequence[str | None]
) -> AgreementScore:
    true = separation(halves.units(), gold)
    null = []
    for replicate in shuffled:
        try:
            null.append(separation(replicate.units(), [gold[row] for row in rows], n_shuffles=2).accuracy)
        except InputError:  # the sample of uses lacks a second sense
            break
    chance = Spread(true.shuffled_mean, true.shuffled_sd)
    return AgreementScore("nearest centroid", true.accuracy, chance, Spread.of(null) if null else None)
