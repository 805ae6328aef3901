"""Whether something simpler than meaning explains the groups of a word's uses, or tells its senses apart.

Two questions, each with its measure:

* Do groups follow a fact (part of speech, the word before) as well as they follow the senses? The measure is
  adjusted mutual information: 0 = no more than by chance, 1 = the same division. A fact counts only where
  shuffling its values among the uses rarely gives as much (Holm's p below 0.05).
* Would a fact alone tell the senses apart? The measure is that of `separation`, with the fact in place of a
  vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.geometry.separation import Separation, separation
from elmo_core.senses.facts import Fact

N_PERMUTATIONS, N_BLOCKS = 999, 20
_Z95 = 1.96
LEVEL = 0.05
MOSTLY = 0.5
"""Without labelled senses, groups are "mostly" a fact if the lower end of its interval is at least this."""


@dataclass(frozen=True)
class Explanation:
    """The fact that groups follow most."""

    fact: str
    agreement: float
    """Adjusted mutual information of the groups with it."""
    low: float
    """Lower end of the 95% interval, by a jackknife that leaves out a twentieth of the uses at a time."""
    high: float
    """Upper end of it."""
    p_value: float
    """p-value from shuffles of the fact's values, corrected for the number of facts (Holm)."""
    meaning: float | None
    """Adjusted mutual information of the groups with the senses of the same uses; None without senses."""
    lead_of_meaning: float | None
    """Lower end of the 95% interval of `meaning` less `agreement`; above 0, meaning surely explains more."""

    @property
    def is_main(self) -> bool:
        """Whether the groups follow the fact as well as they follow meaning."""
        if self.lead_of_meaning is not None:
            return self.low > 0 and self.lead_of_meaning <= 0
        return self.low >= MOSTLY


def explain_groups(
    labels: Sequence[int], facts: Sequence[Fact], senses: Sequence[str | None] = (), *, seed: int = 42
) -> Explanation | None:
    """Find the fact that groups follow most.

    Args:
        labels: n groups; uses of none (-1) are left out.
        facts: what is known of the n uses.
        senses: n labelled senses, None where one is not known; empty = there are none.
        seed: seed of shuffles and of the blocks that the jackknife leaves out.

    Returns:
        None where no fact is related to the groups.
    """
    groups, order = np.asarray(labels), np.random.default_rng(seed)
    if len(set(groups[groups >= 0].tolist())) < 2:
        return None
    tested = []
    for fact in facts:
        rows = np.array([row for row, value in enumerate(fact.values) if value and groups[row] >= 0], int)
        if len(rows) > 1:
            codes = _codes([fact.values[row] for row in rows])
            tested.append((fact, rows, codes, _p_value(groups[rows], codes, order)))
    tested.sort(key=lambda test: test[3])
    related, worst = [], 0.0
    for rank, (fact, rows, codes, p_value) in enumerate(tested):
        worst = max(worst, min(1.0, p_value * (len(tested) - rank)))
        if worst < LEVEL:
            related.append((_agreement(groups[rows], codes), fact, rows, codes, worst))
    if not related:
        return None
    agreement, fact, rows, codes, p_value = max(related, key=lambda one: one[0])
    known = [bool(senses) and senses[row] is not None for row in rows]
    meant = _codes([senses[row] for row in rows]) if all(known) and len(set(senses)) > 1 else None
    blocks = np.array_split(order.permutation(len(rows)), min(N_BLOCKS, len(rows)))
    kept = [np.delete(np.arange(len(rows)), block) for block in blocks]
    parts = [_agreement(groups[rows][part], codes[part]) for part in kept]
    half = _half_interval(parts)
    meaning = lead = None
    if meant is not None:
        meaning = _agreement(groups[rows], meant)
        leads = [
            _agreement(groups[rows][part], meant[part]) - own for part, own in zip(kept, parts, strict=True)
        ]
        lead = meaning - agreement - _half_interval(leads)
    return Explanation(
        fact.name, agreement, agreement - half, min(1.0, agreement + half), p_value, meaning, lead
    )


def tell_senses_by(fact: Fact, senses: Sequence[str | None], *, seed: int = 42) -> Separation | None:
    """Score how well a fact alone tells labelled senses apart, by the measure that vectors are scored with.

    Args:
        fact: what is known of n uses.
        senses: n labelled senses, None where one is not known.
        seed: seed of the shuffled senses.

    Returns:
        None where there are no two senses with two uses each.
    """
    codes = _codes(fact.values)
    try:
        return separation(np.eye(int(codes.max()) + 1)[codes], senses, seed=seed)
    except InputError:
        return None


def simplest_rival(
    facts: Sequence[Fact], senses: Sequence[str | None], *, seed: int = 42
) -> tuple[str, Separation] | None:
    """Find the fact that alone tells labelled senses apart best, if one does better than by chance.

    Args:
        facts: what is known of n uses.
        senses: n labelled senses.
        seed: seed of the shuffled senses.
    """
    scored = [(fact.name, tell_senses_by(fact, senses, seed=seed)) for fact in facts]
    telling = [(name, score) for name, score in scored if score and score.p_value < LEVEL]
    return max(telling, key=lambda pair: pair[1].accuracy, default=None)


def _codes(values: Sequence[str | None]) -> np.ndarray:
    """Number the values: int64 (n,)."""
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return np.array([numbers[value] for value in values], dtype=np.int64)


def _agreement(first: np.ndarray, second: np.ndarray) -> float:
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(first, second))


def _half_interval(parts: Sequence[float]) -> float:
    """Half of the 95% interval of a value, from the values without each of its blocks."""
    n = len(parts)
    return float(_Z95 * np.sqrt((n - 1) * np.var(parts)))


def _p_value(groups: np.ndarray, codes: np.ndarray, order: np.random.Generator) -> float:
    """Share of shuffles, the true order counted as one, with at least as much mutual information."""
    width = int(codes.max()) + 1

    def information(shuffled: np.ndarray) -> float:
        """Mutual information but for terms that no shuffle changes."""
        counts = np.bincount(groups * width + shuffled)
        counts = counts[counts > 0]
        return float((counts * np.log(counts)).sum())

    true = information(codes)
    beaten = sum(information(order.permutation(codes)) >= true - 1e-9 for _ in range(N_PERMUTATIONS))
    return (1 + beaten) / (N_PERMUTATIONS + 1)
