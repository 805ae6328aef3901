"""Names of sense groups: the words that stand for one group and not for the others.

A word's weight in a group is compared with that in all other groups by the log-odds ratio with an
informative prior (Monroe, Colaresi and Quinn 2008), divided by its standard deviation: rare words need
more evidence than frequent ones, and words that fit everywhere name nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from elmo_core.senses.substitutes import SubstituteKind, Substitutes

N_WORDS = 5
PRIOR = 0.1
"""Weight of the prior, as a share of all uses."""
LEAST_WEIGHT = 0.15
"""Share of all that the model expects in a group's places. Set on the bundled sample: the names that say what
a group of `play` is about have 17%, those that say nothing of `bank` 11%."""
LEAST_SHARE = 2 / 3
"""Share of a group's uses that must have one sense for it to name the group."""
LEAST_SCORE = 0.1
"""Words that set a group apart by less do not name it."""


@dataclass(frozen=True)
class GroupName:
    """The words that name one group."""

    group: int
    n: int
    """Uses in it."""
    kind: SubstituteKind
    words: tuple[str, ...]
    """The most distinctive first."""
    scores: tuple[float, ...]
    """Log-odds ratio of each against the other groups, in standard deviations."""
    weight: float = 0.0
    """Share of the group's weight that these words have together."""
    sense: str = ""
    """The labelled sense of most of its uses, where no other group has the same."""

    @property
    def text(self) -> str:
        """The name as one text; a user may write a better one."""
        return self.sense or ", ".join(self.words) or f"group {self.group + 1}"


def name_by_best(
    substitutes: Substitutes,
    context: Substitutes,
    labels: Sequence[int],
    senses: Sequence[str | None] = (),
) -> tuple[GroupName, ...]:
    """Name groups by their labelled sense, else by substitutes, else by the words around the uses.

    Substitutes of which the model is unsure are words that fit anywhere (house, time, man). Where those of a
    group weigh less than `LEAST_WEIGHT`, all groups are named by context words.

    Args:
        substitutes: substitutes of n uses.
        context: words around the same uses.
        labels: n groups; uses of none (-1) are left out.
        senses: n labelled senses, None where one is not known; empty = there are none.
    """
    names = name_groups(substitutes, labels)
    if len(names) > 1 and min(name.weight for name in names) < LEAST_WEIGHT:
        by_context = name_groups(context, labels)
        names = by_context if all(name.words for name in by_context) else names
    main = [
        _main_sense([sense for sense, own in zip(senses, labels, strict=False) if own == name.group])
        for name in names
    ]
    return tuple(
        replace(name, sense=sense) if len(names) > 1 and main.count(sense) == 1 else name
        for name, sense in zip(names, main, strict=True)
    )


def _main_sense(senses: Sequence[str | None]) -> str:
    """The sense of at least `LEAST_SHARE` of some uses; empty without one."""
    for sense in set(senses):
        if sense is not None and senses.count(sense) >= LEAST_SHARE * len(senses):
            return sense
    return ""


def name_groups(
    substitutes: Substitutes, labels: Sequence[int], *, n_words: int = N_WORDS
) -> tuple[GroupName, ...]:
    """Name every group by its distinctive words; a single group by its heaviest ones.

    Args:
        substitutes: substitutes of n uses.
        labels: n groups; uses of none (-1) are left out.
        n_words: most words of a name.
    """
    groups = np.asarray(labels)
    numbers = [int(group) for group in np.unique(groups[groups >= 0])]
    weights = np.stack([substitutes.total(groups == group) for group in numbers])  # (k, V)
    scores, least = (_log_odds(weights), LEAST_SCORE) if len(numbers) > 1 else (weights, 0.0)
    names = []
    for at, (group, row) in enumerate(zip(numbers, scores, strict=True)):
        order = [i for i in np.argsort(-row, kind="stable")[:n_words] if row[i] > least]
        names.append(
            GroupName(
                group=group,
                n=int((groups == group).sum()),
                kind=substitutes.kind,
                words=tuple(substitutes.words[i] for i in order),
                scores=tuple(float(row[i]) for i in order),
                weight=float(weights[at][order].sum() / max(weights[at].sum(), 1e-12)),
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
