"""Names of sense groups: the words that stand for one group and not for the others.

A word's weight in a group is compared with that in all other groups by the log-odds ratio with an
informative prior (Monroe, Colaresi and Quinn 2008), divided by its standard deviation: rare words need
more evidence than frequent ones, and words that fit everywhere name nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.senses.substitutes import Kind, Substitutes

N_WORDS = 5
PRIOR = 0.1
"""Weight of the prior, as a share of all uses."""
LEAST_SCORE = 0.1
"""Words that set a group apart by less do not name it."""


@dataclass(frozen=True)
class GroupName:
    """The words that name one group."""

    group: int
    n: int
    """Uses in it."""
    kind: Kind
    words: tuple[str, ...]
    """The most distinctive first."""
    scores: tuple[float, ...]
    """Log-odds ratio of each against the other groups, in standard deviations."""

    @property
    def text(self) -> str:
        """The name as one text; a user may write a better one."""
        return ", ".join(self.words) or f"group {self.group + 1}"


def name_groups(
    substitutes: Substitutes, labels: Sequence[int], *, n_words: int = N_WORDS
) -> tuple[GroupName, ...]:
    """Name every group by its distinctive words; a single group by its heaviest ones.

    Args:
        substitutes: of n uses.
        labels: n groups; uses of none (-1) are left out.
        n_words: most words of a name.
    """
    groups = np.asarray(labels)
    numbers = [int(group) for group in np.unique(groups[groups >= 0])]
    weights = np.stack([substitutes.total(groups == group) for group in numbers])  # (k, V)
    scores, least = (_log_odds(weights), LEAST_SCORE) if len(numbers) > 1 else (weights, 0.0)
    names = []
    for group, row in zip(numbers, scores, strict=True):
        order = [i for i in np.argsort(-row, kind="stable")[:n_words] if row[i] > least]
        names.append(
            GroupName(
                group=group,
                n=int((groups == group).sum()),
                kind=substitutes.kind,
                words=tuple(substitutes.words[i] for i in order),
                scores=tuple(float(row[i]) for i in order),
            )
        )
    return tuple(names)


def _log_odds(weights: np.ndarray) -> np.ndarray:
    """Log-odds ratio of each word in each group against all others, in standard deviations: (k, V)."""
    total = weights.sum(axis=0)
    prior = PRIOR * total
    own, others = weights + prior, total - weights + prior
    rest, other_rest = own.sum(axis=1, keepdims=True) - own, others.sum(axis=1, keepdims=True) - others
    ratio = np.log(own / np.maximum(rest, 1e-12)) - np.log(others / np.maximum(other_rest, 1e-12))
    return np.asarray(ratio / np.sqrt(1 / own + 1 / others))
