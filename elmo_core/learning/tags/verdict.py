"""What a comparison of taggers has shown, in one sentence with its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from elmo_core.learning.tags.comparison import BASELINES, TagLeftOut, TagResult
from elmo_core.learning.tags.scores import TagScores

_LEVEL = 0.05


def best_on_layers(results: Sequence[TagResult | TagLeftOut]) -> TagResult | None:
    """The method on the layers with the highest score; without one, the best that has a tagger."""
    done = [one for one in results if isinstance(one, TagResult) and one.tagger is not None]
    layered = [one for one in done if one.method not in BASELINES]
    return max(layered or done, key=lambda one: one.scores.value.value, default=None)


def tag_verdict(results: Sequence[TagResult | TagLeftOut]) -> str:
    """Judge the best method on the layers by the best baseline.

    The best of m methods is chosen on the sentences it is tested on, so it has to be m times as sure
    (Bonferroni).
    """
    best = best_on_layers(results)
    if best is None:
        return "No tagger on the layers was run."
    own = f"{best.method} has {best.scores.measure} {_points(best.scores)}"
    done = [one for one in results if isinstance(one, TagResult)]
    baselines = [one for one in done if one.method in best.against]
    if not baselines:
        return f"{own} (n = {best.scores.n:,})."
    rival = max(baselines, key=lambda one: one.scores.value.value)
    gap = best.against[rival.method]
    low, value, high = (100 * one for one in (gap.value.low, gap.value.value, gap.value.high))
    difference = f"the difference is {value:+.1f} ({low:+.1f} to {high:+.1f})"
    numbers = f"{own}, {rival.method} {_points(rival.scores)}; {difference}"
    n_methods = sum(one.method not in BASELINES for one in done)
    if gap.p_value * max(n_methods, 1) > _LEVEL:
        claim = f"Not surely better than {rival.method}"
    else:
        claim = "The layers help" if value > 0 else f"{rival.method} is better here"
    return f"{claim[0].upper()}{claim[1:]}: {numbers}, n = {best.scores.n:,}."


def _points(scores: TagScores) -> str:
    value = scores.value
    return f"{100 * value.value:.1f} ({100 * value.low:.1f} to {100 * value.high:.1f})"
