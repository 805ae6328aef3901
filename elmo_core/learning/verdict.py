"""What a comparison has shown, in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from elmo_core.learning.metrics import Difference, shuffled_f1
from elmo_core.learning.results import BASELINES, MAJORITY, STATIC, TFIDF, LeftOut, MethodResult
from elmo_core.measuring.chance import p_value, widened
from elmo_core.tables.records import counted

Kind = Literal[
    "too few", "guessing", "undecided", "tfidf as good", "tfidf better", "elmo better", "no comparison"
]
_LEVEL = 0.05
_CLOSE = 5.0
"""Points of macro-F1: two methods are as good where the interval of their difference lies within them."""
_N_SHUFFLES = 500
_SHUFFLED_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Verdict:
    """One sentence and what it rests on."""

    kind: Kind
    sentence: str
    best: str | None
    """The method with the highest macro-F1."""
    chance: float
    """Mean macro-F1 of its predictions after shuffling the true classes."""
    p_value: float
    """Share of shuffles in which the best of all methods scores at least as high."""


def verdict(results: Iterable[MethodResult | LeftOut]) -> Verdict:
    """Judge a comparison in one sentence that its numbers bear out.

    * Whether anything was learned: the true classes are shuffled, and each time the best of all methods
      is taken, as it was for the real ones. So picking the best of many methods does not raise the level.
    * Where even predictions without a mistake would not pass that test, there are too few test rows, and
      nothing is said of guessing.
    * On folds, shuffles are spread further, as rows that are tested on are learned from elsewhere.
    * The biLM is said to be better than TF-IDF, or TF-IDF than it, only where the p-value, counted once
      for each method on the biLM (Bonferroni), and the interval of the difference agree.
    * They are said to be as good as each other only where that interval lies within 5 points of 0.

    Args:
        results: of one comparison, so all on the same test rows.
    """
    done = [result for result in results if isinstance(result, MethodResult) and result.method != MAJORITY]
    if not done:
        return Verdict("no comparison", "No method could be run in this time; allow more.", None, 0.0, 1.0)
    best = max(done, key=lambda result: result.scores.macro_f1.value)
    chance, p_value, least = against_shuffled(best, done)
    kind, sentence = _beyond_chance(best, chance, p_value, least) or _against_tfidf(best, done, chance)
    return Verdict(kind, sentence + _near_duplicates(best), best.method, chance, p_value)


def against_shuffled(best: MethodResult, results: Sequence[MethodResult]) -> tuple[float, float, float]:
    """Compare the best of some results with shuffles of the true classes.

    Args:
        best: the one with the highest macro-F1.
        results: those that it was picked from, itself included; on the same test rows.

    Returns:
        The mean macro-F1 of its predictions after a shuffle, the p-value of the best of all results, and
        the p-value that predictions without a mistake would have.
    """
    rng = np.random.default_rng(best.seed)
    gold, k = best.gold, len(best.classes)
    guesses = [best.predicted, gold, *(result.predicted for result in results)]
    parts = []
    left = _N_SHUFFLES
    while left:
        n = min(left, max(1, _SHUFFLED_AT_ONCE // max(len(gold), 1)))
        golds = rng.permuted(np.tile(gold, (n, 1)), axis=1)
        parts.append([shuffled_f1(golds, guess, k) for guess in guesses])
        left -= n
    own, perfect, *drawn = (widened(one, best.n_folds) for one in np.concatenate(parts, axis=1))
    p = p_value(best.scores.macro_f1.value, np.max(drawn, axis=0))
    return float(own.mean()), p, p_value(1.0, perfect)


def _beyond_chance(best: MethodResult, chance: float, p: float, least: float) -> tuple[Kind, str] | None:
    """What is said where nothing is shown to have been learned; None where something is."""
    if p <= _LEVEL:
        return None
    n, f1 = best.scores.n, best.scores.macro_f1.value
    if len(np.unique(best.gold)) < 2:
        told = f"all {counted(n, 'test text')} have one label" if n > 1 else "there is one test text"
        return "too few", f"Nothing can be said: {told}; label more texts, or test on folds."
    if least > _LEVEL or f1 == 1.0:
        return "too few", (
            f"Too few test texts to tell: with {n:,}, even predictions without a mistake could be chance "
            f"({best.method}: macro-F1 {_points(best)}); label more texts, or test on folds."
        )
    return "guessing", (
        f"No better than guessing: the best method, {best.method}, has a macro-F1 of {_points(best)}, "
        f"shuffled labels give {100 * chance:.1f} (n = {n:,}, p = {p:.3f})."
    )


def _against_tfidf(best: MethodResult, done: Sequence[MethodResult], chance: float) -> tuple[Kind, str]:
    """What is said where something was learned."""
    tfidf = next((result for result in done if result.method == TFIDF), None)
    contextual = [result for result in done if result.method not in BASELINES]
    if tfidf is None or not contextual:
        return (
            "no comparison",
            f"{best.method} has a macro-F1 of {_points(best)}, chance is {100 * chance:.1f}.",
        )
    top = max(contextual, key=lambda result: result.scores.macro_f1.value)
    assert top.against_tfidf is not None
    kind, sentence = _judged(top, tfidf, top.against_tfidf, len(contextual))
    if top.n_train < tfidf.n_train:
        few = f"{top.n_train:,} of {tfidf.n_train:,} rows"
        sentence += f" It learned from {few} to keep to the time limit; with more time it may do better."
    if best.method == STATIC:
        sentence += f" {STATIC}, which know no context, have the highest: {_points(best)}."
    return kind, sentence


def _judged(top: MethodResult, tfidf: MethodResult, gap: Difference, n_methods: int) -> tuple[Kind, str]:
    """The best method on the biLM, one of `n_methods`, against TF-IDF."""
    value, low, high = (100 * one for one in (gap.macro_f1.value, gap.macro_f1.low, gap.macro_f1.high))
    p = min(1.0, gap.p_value * n_methods)
    numbers = (
        f"macro-F1 {_points(top)} against {_points(tfidf)}, a difference of {value:+.1f} "
        f"(95% interval {low:+.1f} to {high:+.1f}, n = {top.scores.n:,})"
    )
    if p <= _LEVEL and low > 0:
        return "elmo better", f"{top.method} is better than TF-IDF: {numbers}."
    if p <= _LEVEL and high < 0:
        return "tfidf better", f"TF-IDF is better here than {top.method}: {numbers}."
    if low > 0 or high < 0:
        counts = f" counts {n_methods} times, as it was picked from {n_methods} on these very rows"
        claim = f"Not shown to be {'better' if low > 0 else 'worse'} than TF-IDF: {top.method} has {numbers}"
        return "undecided", f"{claim}, but p = {gap.p_value:.3f}{counts * (n_methods > 1)}."
    if max(-low, high) <= _CLOSE:
        return "tfidf as good", f"TF-IDF is as good here: {top.method} has {numbers}."
    return "undecided", f"Not told apart from TF-IDF: {top.method} has {numbers}; test on more texts."


def _near_duplicates(best: MethodResult) -> str:
    """What is said where test rows have near-duplicates among the training rows; else empty."""
    if not best.n_beside_training:
        return ""
    return (
        f" Expect less on new texts: {best.n_beside_training:,} of {best.scores.n:,} test texts are nearly "
        "the same as a training text, because nearly all texts of a label are the same."
    )


def _points(result: MethodResult) -> str:
    return f"{100 * result.scores.macro_f1.value:.1f}"
