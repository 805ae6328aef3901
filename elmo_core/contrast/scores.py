"""Static and contextual vectors on the same questions, with intervals, chance and coverage.

Word similarity, analogies and odd words out ask about words; pairs of uses ask about a word in two
contexts, which no static vector can tell apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.contrast.questions import Questions, sections_of
from elmo_core.exceptions import InputError
from elmo_core.measuring.intervals import Estimate, over_samples, wilson
from elmo_core.static.vectors import StaticVectors

N_RESAMPLES = 1000
_LEAST_PAIRS = 3
_QUESTIONS_AT_ONCE = 64


@dataclass(frozen=True)
class BenchmarkScore:
    """One source of vectors on one task."""

    source: str
    measure: str
    """Name of the measure."""
    value: float | None
    """None where too few questions can be answered."""
    low: float
    """Lower end of the 95% interval."""
    high: float
    """Upper end of the 95% interval."""
    chance: float
    """Value that guessing reaches."""
    n_known: int
    """Questions in which every word has a vector."""
    n_all: int
    """Questions asked."""

    @property
    def coverage(self) -> str:
        """Known of all, in words."""
        return f"{self.n_known:,} of {self.n_all:,} known"


def word_similarity(
    vectors: StaticVectors, pairs: Sequence[tuple[str, str, float]], *, seed: int = 42
) -> BenchmarkScore:
    """Spearman correlation of cosines with human judgements; unknown pairs are left out.

    Args:
        vectors: vectors of the words.
        pairs: two words and how alike people find them.
        seed: seed of the resamples of pairs behind the interval.
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

    found = _bootstrapped(correlation, len(known), seed)
    return BenchmarkScore(
        vectors.name, "Spearman correlation", found.value, found.low, found.high, 0.0, len(known), len(pairs)
    )


def analogies(
    vectors: StaticVectors, questions: Sequence[Sequence[str]], *, candidates: int | None = None
) -> BenchmarkScore:
    """Share of questions "a is to b as c is to ...?" whose answer d is nearest to b - a + c (3CosAdd).

    Args:
        vectors: all their words but a, b and c may be the answer.
        questions: four words each.
        candidates: only the first so many words of the vectors may be the answer; None = all.

    Raises:
        InputError: a question has not four words.
    """
    right = analogy_results(vectors, questions, candidates=candidates)
    return _analogy_score(vectors, right, candidates)


def analogies_by_section(
    vectors: StaticVectors, questions: Questions, *, candidates: int | None = None
) -> dict[str, BenchmarkScore]:
    """As `analogies`, for each section of a file and for all of it under "all"; see `read_groups`."""
    right = analogy_results(vectors, questions, candidates=candidates)
    found = {
        section: _analogy_score(vectors, [right[place] for place in places], candidates)
        for section, places in sections_of(questions)
    }
    return {**found, "all": _analogy_score(vectors, right, candidates)}


def analogy_results(
    vectors: StaticVectors, questions: Sequence[Sequence[str]], *, candidates: int | None = None
) -> list[bool | None]:
    """Whether each question is answered rightly; None where one of its words has no vector.

    Arguments and errors as `analogies`.
    """
    if wrong := next((question for question in questions if len(question) != 4), None):
        raise InputError(f"An analogy has four words, found {len(wrong)}: {' '.join(wrong)[:60]!r}.")
    spelt = [[vectors.spelling_of(word) for word in question] for question in questions]
    limit = len(vectors) if candidates is None else candidates
    known = [
        place
        for place, words in enumerate(spelt)
        if all(word is not None and vectors.row_of(word) < limit for word in words)
    ]
    results: list[bool | None] = [None] * len(questions)
    for start in range(0, len(known), _QUESTIONS_AT_ONCE):
        places = known[start : start + _QUESTIONS_AT_ONCE]
        rows = np.array([[vectors.row_of(str(word)) for word in spelt[place]] for place in places])
        a, b, c = (vectors.units_of_rows(rows[:, side]) for side in range(3))
        answers = vectors.nearest_rows(b - a + c, 1, without=rows[:, :3], first=limit)[0][:, 0]
        for place, answer, gold in zip(places, answers, rows[:, 3], strict=True):
            results[place] = bool(answer == gold)
    return results


def _analogy_score(
    vectors: StaticVectors, right: Sequence[bool | None], candidates: int | None
) -> BenchmarkScore:
    known = [answer for answer in right if answer is not None]
    chance = 1 / max(1, min(len(vectors), candidates or len(vectors)) - 3)
    return _share(vectors.name, "right answers", sum(known), chance, len(known), len(right))


def odd_one_out(vectors: StaticVectors, groups: Sequence[Sequence[str]]) -> BenchmarkScore:
    """Share of groups whose last word, the odd one, is farthest from the mean direction of all.

    Args:
        vectors: vectors of the words.
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
) -> BenchmarkScore:
    """How well cosines of two uses of a word separate same from different senses (area under the ROC curve).

    It is the share of (same, other) couples of pairs that are put in the right order, ties counted half: a
    source that gives both uses of a word the same vector stays at one half.

    Args:
        source: name of the vectors.
        cosines: cosines of each pair of uses; None where a word has no vector.
        is_same: gold.
        seed: seed of the resamples of pairs behind the interval.
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

    found = _bootstrapped(area, len(known), seed)
    return BenchmarkScore(
        source, "area under the ROC curve", found.value, found.low, found.high, 0.5, len(known), len(cosines)
    )


def _bootstrapped(statistic: Callable[[np.ndarray], float], n: int, seed: int) -> Estimate:
    """A statistic of n cases with its interval over resamples of the cases."""
    generator = np.random.default_rng(seed)
    resampled = [statistic(generator.integers(n, size=n)) for _ in range(N_RESAMPLES)]
    return over_samples(statistic(np.arange(n)), np.array(resampled))


def _share(source: str, measure: str, right: int, chance: float, n_known: int, n_all: int) -> BenchmarkScore:
    if not n_known:
        return _unanswered(source, measure, chance, n_known, n_all)
    found = wilson(right / n_known, n_known)
    return BenchmarkScore(source, measure, found.value, found.low, found.high, chance, n_known, n_all)


def _unanswered(source: str, measure: str, chance: float, n_known: int, n_all: int) -> BenchmarkScore:
    return BenchmarkScore(source, measure, None, float("nan"), float("nan"), chance, n_known, n_all)
