"""What a comparison has shown, in one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from elmo_core.tasks.metrics import macro_f1
from elmo_core.tasks.results import BASELINES, MAJORITY, STATIC, TFIDF, LeftOut, MethodResult

Kind = Literal["guessing", "tfidf as good", "tfidf better", "elmo better", "no comparison"]
_LEVEL = 0.05
_N_SHUFFLES = 500


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
    """Share of shuffles that score at least as high."""


def verdict(results: Iterable[MethodResult | LeftOut]) -> Verdict:
    """Judge a comparison.

    The best of m methods on a biLM is chosen on the rows it is tested on, so its p-value counts m-fold
    (Bonferroni).
    """
    done = [result for result in results if isinstance(result, MethodResult) and result.method != MAJORITY]
    if not done:
        return Verdict("no comparison", "No method could be run in this time; allow more.", None, 0.0, 1.0)
    best = max(done, key=lambda result: result.scores.macro_f1.value)
    chance, p_value = against_shuffled(best)
    if p_value > _LEVEL:
        sentence = (
            f"No better than guessing: the best method, {best.method}, has a macro-F1 of {_points(best)}, "
            f"shuffled labels give {100 * chance:.1f} (n = {best.scores.n:,})."
        )
        return Verdict("guessing", sentence, best.method, chance, p_value)
    tfidf = next((result for result in done if result.method == TFIDF), None)
    contextual = [result for result in done if result.method not in BASELINES]
    if tfidf is None or not contextual:
        sentence = f"{best.method} has a macro-F1 of {_points(best)}, chance is {100 * chance:.1f}."
        return Verdict("no comparison", sentence, best.method, chance, p_value)
    static = next((result for result in done if result.method == STATIC), None)
    return _judged(best, tfidf, contextual, chance, p_value, static)


def against_shuffled(result: MethodResult) -> tuple[float, float]:
    """Mean macro-F1 of predictions against shuffled classes, and the share of shuffles that do as well."""
    rng = np.random.default_rng(result.seed)
    k = len(result.classes)
    shuffled = [macro_f1(rng.permutation(result.gold), result.predicted, k) for _ in range(_N_SHUFFLES)]
    reached = sum(value >= result.scores.macro_f1.value - 1e-12 for value in shuffled)
    return float(np.mean(shuffled)), (1 + reached) / (1 + _N_SHUFFLES)


def _judged(
    best: MethodResult,
    tfidf: MethodResult,
    contextual: list[MethodResult],
    chance: float,
    p_value: float,
    static: MethodResult | None,
) -> Verdict:
    top = max(contextual, key=lambda result: result.scores.macro_f1.value)
    assert top.against_tfidf is not None
    gap = top.against_tfidf
    low, high = 100 * gap.macro_f1.low, 100 * gap.macro_f1.high
    numbers = (
        f"macro-F1 {_points(top)} against {_points(tfidf)}, a difference of {100 * gap.macro_f1.value:+.1f} "
        f"(95 % interval {low:+.1f} to {high:+.1f}, n = {top.scores.n:,})"
    )
    kind: Kind = "tfidf as good"
    sentence = f"TF-IDF is as good here: {top.method} has {numbers}."
    if low > 0:
        counted = f"p = {gap.p_value:.3f} counts {len(contextual)} times"
        sentence = (
            f"Not shown to be better than TF-IDF: {top.method} has {numbers}, but it was picked from "
            f"{len(contextual)} on these very rows, so {counted}."
        )
    if gap.p_value * len(contextual) <= _LEVEL:
        is_better = gap.macro_f1.value > 0
        kind = "elmo better" if is_better else "tfidf better"
        sentence = f"{top.method} is better than TF-IDF: {numbers}."
        if not is_better:
            sentence = f"TF-IDF is better here than {top.method}: {numbers}."
    if top.n_train < tfidf.n_train:
        few = f"{top.n_train:,} of {tfidf.n_train:,} rows"
        sentence += f" It learned from {few} to keep to the time limit; with more time it may do better."
    if static is best:
        sentence += f" {static.method}, which know no context, have the highest: {_points(static)}."
    return Verdict(kind, sentence, best.method, chance, p_value)


def _points(result: MethodResult) -> str:
    return f"{100 * result.scores.macro_f1.value:.1f}"
