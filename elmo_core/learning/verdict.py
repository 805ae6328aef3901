"""What a comparison has shown, in one sentence; one policy for texts and for tags.

The sentence answers two questions, the second only where the answer to the first is yes.

1. Was anything learned? Under the null hypothesis the predictions have nothing to do with the gold. The
   gold of the test items (a label, or the tags of a sentence) is dealt out anew among them, and each time
   the best of all methods is taken, as it was for the real gold (the maximum over methods: Westfall and
   Young 1993). So picking the best of many does not raise the level. The observed value counts as one of
   the draws (Phipson and Smyth 2010). Where even predictions without a mistake would not pass, there are
   too few test items to speak of guessing. On folds the draws are spread further, since items that are
   tested on are learned from elsewhere (Nadeau and Bengio 2003).
2. Is the biLM better than what needs none? The reference is named before any score is seen: TF-IDF for
   texts, the feature CRF for tags (or the next of `MethodResult.REFERENCES` where that was not run). The
   best method on the biLM is picked on the very items it is tested on, so its p-value, by randomisation
   (Yeh 2000), counts once for each such method (Bonferroni). A difference is claimed only where this
   p-value and the interval of the paired bootstrap agree. Two methods are called as good as each other
   only where that interval lies within 5 points of 0. Where the reference is beaten, the sentence names each
   other method without a biLM that is not: all of them have to be beaten, so each may be tested at the full
   level (an intersection-union test: Berger 1982).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from elmo_core.learning.results import Difference, MethodResult, SkippedMethod, results_run
from elmo_core.measuring.chance import p_value, widened

VerdictKind = Literal[
    "too few", "guessing", "undecided", "as good", "reference better", "elmo better", "no comparison"
]
_LEVEL = 0.05
_CLOSE = 5.0
"""Points: methods are as good as each other where the interval of their difference lies within them."""
_N_SHUFFLES = 500
_CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Verdict:
    """One sentence and what it rests on."""

    kind: VerdictKind
    sentence: str
    best: str | None
    """The method with the highest score."""
    chance: float
    """Mean score of its predictions after the gold has been shuffled."""
    p_value: float
    """Share of shuffles in which the best of all methods scores at least as high."""


def verdict(results: Iterable[MethodResult | SkippedMethod]) -> Verdict:
    """Judge a comparison in one sentence that its numbers bear out; see the policy at the top.

    Args:
        results: of one comparison, so all on the same test items.
    """
    done = [result for result in results_run(results) if result.method not in result.TRIVIAL]
    if not done:
        return Verdict("no comparison", "No method could be run in this time; allow more.", None, 0.0, 1.0)
    best = max(done, key=_value)
    chance, p, least = against_shuffled(best, done)
    found = _beyond_chance(best, chance, p, least)
    kind, sentence = found or _against_reference(best, done, chance)
    if not found:
        sentence += _between_models(done)
    return Verdict(kind, sentence + _near_duplicates(best), best.method, chance, p)


def against_shuffled(best: MethodResult, results: Sequence[MethodResult]) -> tuple[float, float, float]:
    """Compare the best of some results with shuffles of the gold.

    Args:
        best: the one with the highest score.
        results: those that it was picked from, itself included; on the same test items.

    Returns:
        The mean score of its predictions after a shuffle, the p-value of the best of all results, and the
        p-value that predictions without a mistake would have.
    """
    rng = np.random.default_rng(best.seed)
    n = len(best.rows)
    parts = []
    left = _N_SHUFFLES
    while left:
        size = min(left, max(1, _CELLS_AT_ONCE // max(best.n_cells, 1)))
        orders = rng.permuted(np.tile(np.arange(n), (size, 1)), axis=1)
        drawn = [best.score_orders(orders), best.score_orders(orders, is_perfect=True)]
        parts.append(drawn + [result.score_orders(orders) for result in results])
        left -= size
    own, perfect, *others = (widened(scores, best.n_folds) for scores in np.concatenate(parts, axis=1))
    p = p_value(_value(best), np.max(others, axis=0))
    return float(own.mean()), p, p_value(1.0, perfect)


def _value(result: MethodResult) -> float:
    return result.scores.value.value


def _beyond_chance(
    best: MethodResult, chance: float, p: float, least: float
) -> tuple[VerdictKind, str] | None:
    """What to say where nothing is shown to have been learned; None where something is."""
    if p <= _LEVEL:
        return None
    if best.uniformity:
        return "too few", f"Nothing can be said: {best.uniformity}; {best.MORE}."
    n, own = len(best.rows), f"{best.scores.measure} {_points(best)}"
    if least > _LEVEL or _value(best) == 1.0:
        return "too few", (
            f"Too few test {best.ITEM}s to tell: with {n:,}, even predictions without a mistake could be "
            f"chance ({best.method}: {own}); {best.MORE}."
        )
    return "guessing", (
        f"No better than guessing: the best method, {best.method}, has {own}, shuffled {best.GOLD} give "
        f"{100 * chance:.1f} (n = {best.scores.n:,}, p = {p:.3f})."
    )


def _against_reference(
    best: MethodResult, done: Sequence[MethodResult], chance: float
) -> tuple[VerdictKind, str]:
    """What to say where something was learned."""
    by_name = {result.method: result for result in done}
    reference = next((by_name[name] for name in best.REFERENCES if name in by_name), None)
    on_bilm = [result for result in done if result.needs_model]
    if reference is None or not on_bilm:
        own = f"{best.method} has {best.scores.measure} {_points(best)}"
        return "no comparison", f"{own}, chance is {100 * chance:.1f}."
    top = max(on_bilm, key=_value)
    kind, sentence = _judged(top, reference, top.against[reference.method], len(on_bilm))
    if top.n_train < reference.n_train:
        few = f"{top.n_train:,} of {reference.n_train:,} {top.ITEM}s"
        sentence += f" It learned from {few} to keep to the time limit; with more time it may do better."
    level_with = [
        f"{other.method} ({_points(other)})"
        for other in done
        if not other.needs_model and other is not reference and not _is_better(top, other, len(on_bilm))
    ]
    if kind == "elmo better" and level_with:
        sentence += f" It is not shown to be better than {' and '.join(level_with)}, without a biLM."
    elif not best.needs_model and best is not reference:
        sentence += f" The highest score is that of {best.method}, without a biLM: {_points(best)}."
    return kind, sentence


def _is_better(top: MethodResult, other: MethodResult, n_methods: int) -> bool:
    """Whether the best method on the biLM, one of `n_methods`, is shown to be better than another method."""
    gap = top.against[other.method]
    return gap.value.low > 0 and gap.p_value * n_methods <= _LEVEL


def _judged(
    top: MethodResult, reference: MethodResult, gap: Difference, n_methods: int
) -> tuple[VerdictKind, str]:
    """The best method on the biLM, one of `n_methods`, against the reference."""
    name = top.REFERENCES[reference.method]
    first = name[0].upper() + name[1:]
    value, low, high = (100 * part for part in (gap.value.value, gap.value.low, gap.value.high))
    p = min(1.0, gap.p_value * n_methods)
    numbers = (
        f"{top.scores.measure} {_points(top)} against {_points(reference)}, a difference of {value:+.1f} "
        f"(95% interval {low:+.1f} to {high:+.1f}, n = {top.scores.n:,})"
    )
    if _is_better(top, reference, n_methods):
        return "elmo better", f"{top.method} is better than {name}: {numbers}."
    if p <= _LEVEL and high < 0:
        return "reference better", f"{first} is better here than {top.method}: {numbers}."
    if low > 0 or high < 0:
        counts = (
            f", which counts {n_methods} times since the best of {n_methods} was picked on these {top.ITEM}s"
        )
        claim = f"Not shown to be {'better' if low > 0 else 'worse'} than {name}: {top.method} has {numbers}"
        return "undecided", f"{claim}, but p = {gap.p_value:.3f}{counts * (n_methods > 1)}."
    if max(-low, high) <= _CLOSE:
        return "as good", f"{first} is as good here: {top.method} has {numbers}."
    return (
        "undecided",
        f"Not told apart from {name}: {top.method} has {numbers}; test on more {top.ITEM}s.",
    )


def _between_models(done: Sequence[MethodResult]) -> str:
    """Whether two models differ; empty where there is one, or no method that both ran."""
    own = {result.method: result for result in done if result.needs_model and not result.model}
    pairs = [
        (own[name], other)
        for other in done
        if other.model and (name := other.method.removesuffix(f", {other.model}")) in own
    ]
    if not pairs:
        return ""
    first, second = max(pairs, key=lambda pair: _value(pair[0]) + _value(pair[1]))
    gap = second.compare(first)
    value, low, high = (100 * part for part in (gap.value.value, gap.value.low, gap.value.high))
    found = "the two are not told apart"
    if gap.p_value <= _LEVEL and (low > 0 or high < 0):
        found = f"{second.model if value > 0 else 'the first model'} is better"
    return (
        f" Between the models, by the method that is best for both together ({first.method}): {second.model} "
        f"has {_points(second)} against {_points(first)}, a difference of {value:+.1f} (95% interval "
        f"{low:+.1f} to {high:+.1f}, p = {gap.p_value:.4f}); {found}."
    )


def _near_duplicates(best: MethodResult) -> str:
    """A warning where test items have near-duplicates among the training items; else empty."""
    if not best.n_beside_training:
        return ""
    n, item = len(best.rows), best.ITEM
    return (
        f" Expect less on new {item}s: {best.n_beside_training:,} of {n:,} test {item}s are nearly the same "
        f"as a training {item}, because nearly all {item}s of a label are the same."
    )


def _points(result: MethodResult) -> str:
    return f"{100 * _value(result):.1f}"
