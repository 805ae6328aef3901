"""Static and contextual vectors on the same questions, with intervals, chance and coverage.

Word similarity, analogies and odd words out ask about words; pairs of uses ask about a word in two
contexts, which no static vector can tell apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.analysis.separation import wilson_interval
from elmo_core.exceptions import InputError
from elmo_core.static.vectors import StaticVectors

N_RESAMPLES = 1000
_LEAST_PAIRS = 3


@dataclass(frozen=True)
class Score:
    """One source of vectors on one task."""

    source: str
    measure: str
    """What the value is."""
    value: float | None
    """None where too few questions can be answered."""
    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Upper end of it."""
    chance: float
    """What guessing gives."""
    n_known: int
    """Questions all of whose words have a vector."""
    n_all: int
    """Questions asked."""

    @property
    def coverage(self) -> str:
        """Known of all, in words."""
        return f"{self.n_known:,} of {self.n_all:,} known"


def word_similarity(
    vectors: StaticVectors, pairs: Sequence[tuple[str, str, float]], *, seed: int = 42
) -> Score:
    """Spearman correlation of cosines with human judgements; unknown pairs are left out.

    Args:
        vectors: of the words.
        pairs: two words and how alike people find them.
        seed: of the resamples of pairs behind the interval.
    """
    known, judged = [], []
    for first, second, score in pairs:
        spelt = vectors.spelling_of(first), vectors.spelling_of(second)
        if spelt[0] and spelt[1]:
            known.append(spelt)
            judged.append(score)
    if len(known) < _LEAST_PAIRS:
        return _unanswered(vectors.name, "Spearman correlation", 0.0, len(known), len(pairs))
    units = [vectors.units_of([str(pair[side]) for pair in known]) for side in (0, 1)]
    cosines = (units[0] * units[1]).sum(axis=1)
    gold = np.array(judged)

    def correlation(rows: np.ndarray) -> float:
        from scipy.stats import rankdata

        ranks = [rankdata(values[rows]) for values in (cosines, gold)]
        if min(np.ptp(values) for values in ranks) == 0:
            return 0.0
        return float(np.corrcoef(*ranks)[0, 1])

    value, low, high = _bootstrapped(correlation, len(known), seed)
    return Score(vectors.name, "Spearman correlation", value, low, high, 0.0, len(known), len(pairs))


def analogies(vectors: StaticVectors, questions: Sequence[tuple[str, str, str, str]]) -> Score:
    """Share of questions "a is to b as c is to ...?" whose answer d is nearest to b - a + c (3CosAdd).

    Args:
        vectors: all their words but a, b and c may be the answer.
        questions: four words each.
    """
    right, n_known = 0, 0
    for question in questions:
        spelt = [spelling for word in question if (spelling := vectors.spelling_of(word))]
        if len(spelt) == 4:
            n_known += 1
            a, b, c = vectors.units_of(spelt[:3])
            cosines = vectors.cosines_with(b - a + c)
            cosines[[vectors.row_of(word) for word in spelt[:3]]] = -np.inf
            right += vectors.words[int(cosines.argmax())] == spelt[3]
    chance = 1 / max(1, len(vectors) - 3)
    return _share(vectors.name, "right answers", right, chance, n_known, len(questions))


def odd_one_out(vectors: StaticVectors, groups: Sequence[Sequence[str]]) -> Score:
    """Share of groups whose last word, the odd one, is farthest from the mean direction of all.

    Args:
        vectors: of the words.
        groups: three or more words each, the odd one last.
    """
    right, chances = 0, []
    for group in groups:
        spelt = [spelling for word in group if (spelling := vectors.spelling_of(word))]
        if len(spelt) == len(group):
            units = vectors.units_of(spelt)
            right += int((units @ units.mean(axis=0)).argmin()) == len(group) - 1
            chances.append(1 / len(group))
    chance = float(np.mean(chances)) if chances else 0.0
    return _share(vectors.name, "right answers", right, chance, len(chances), len(groups))


def same_sense(
    source: str, cosines: Sequence[float | None], is_same: Sequence[bool], *, seed: int = 42
) -> Score:
    """How well cosines of two uses of a word tell the same sense from another one (area under the ROC curve).

    It is the share of (same, other) couples of pairs that are put in the right order, ties counted half: a
    source that gives both uses of a word the same vector stays at one half.

    Args:
        source: name of the vectors.
        cosines: of each pair of uses; None where a word has no vector.
        is_same: gold.
        seed: of the resamples of pairs behind the interval.
    """
    known = [(cosine, same) for cosine, same in zip(cosines, is_same, strict=True) if cosine is not None]
    gold = np.array([same for _, same in known], dtype=bool)
    if gold.all() or not gold.any():
        return _unanswered(source, "area under the ROC curve", 0.5, len(known), len(cosines))
    values = np.round([cosine for cosine, _ in known], 6)  # float32 rounding is no difference

    def area(rows: np.ndarray) -> float:
        from scipy.stats import rankdata

        same = gold[rows]
        n_same, n_other = int(same.sum()), int((~same).sum())
        if not n_same or not n_other:
            return 0.5
        ranks = rankdata(values[rows])[same].sum() - n_same * (n_same + 1) / 2
        return float(ranks / (n_same * n_other))

    value, low, high = _bootstrapped(area, len(known), seed)
    return Score(source, "area under the ROC curve", value, low, high, 0.5, len(known), len(cosines))


def read_pairs(lines: Sequence[str]) -> list[tuple[str, str, float]]:
    """Pairs of words with a score, separated by blanks, tabs, commas or semicolons; one header is allowed.

    Raises:
        InputError: a line is no such pair.
    """
    found: list[tuple[str, str, float]] = []
    for number, line in enumerate(lines, start=1):
        fields = line.replace(",", " ").replace(";", " ").split()
        if not fields:
            continue
        try:
            score = float(fields[2])
            if not np.isfinite(score):
                raise ValueError
        except (ValueError, IndexError):
            if found or number > 1:
                raise InputError(
                    f"Line {number} must be two words and a number, found {line.strip()[:60]!r}."
                ) from None
            continue
        found.append((fields[0], fields[1], score))
    if not found:
        raise InputError("There are no pairs; give lines of two words and a number.")
    return found


def read_groups(lines: Sequence[str], least: int, most: int | None = None) -> list[tuple[str, ...]]:
    """Lines of words separated by blanks, commas or semicolons.

    Args:
        lines: of text; blank ones are left out.
        least: words of a line.
        most: words of a line; None = any number.

    Raises:
        InputError: a line has too few or too many words, or there is none.
    """
    found = []
    for number, line in enumerate(lines, start=1):
        fields = tuple(line.replace(",", " ").replace(";", " ").split())
        if not fields:
            continue
        if len(fields) < least or (most is not None and len(fields) > most):
            wanted = f"{least}" if most == least else f"{least} or more"
            raise InputError(
                f"Line {number} must have {wanted} words, found {len(fields)}: {line.strip()[:60]!r}."
            )
        found.append(fields)
    if not found:
        raise InputError("There are no lines; write one question a line.")
    return found


def _bootstrapped(statistic: Callable[[np.ndarray], float], n: int, seed: int) -> tuple[float, float, float]:
    """A statistic of n cases, and its 95 % interval by resampling cases."""
    generator = np.random.default_rng(seed)
    values = [statistic(generator.integers(n, size=n)) for _ in range(N_RESAMPLES)]
    low, high = np.quantile(values, [0.025, 0.975])
    return statistic(np.arange(n)), float(low), float(high)


def _share(source: str, measure: str, right: int, chance: float, n_known: int, n_all: int) -> Score:
    if not n_known:
        return _unanswered(source, measure, chance, n_known, n_all)
    low, high = wilson_interval(right / n_known, n_known)
    return Score(source, measure, right / n_known, low, high, chance, n_known, n_all)


def _unanswered(source: str, measure: str, chance: float, n_known: int, n_all: int) -> Score:
    return Score(source, measure, None, float("nan"), float("nan"), chance, n_known, n_all)
