"""What each expert of a product adds: words first, then one expert more at a time, on the same test texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from elmo_core.learning.calibration import fit_product, softmax
from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.results import Difference
from elmo_core.learning.texts.experts import CHARACTERS, PRIOR, STATIC, TUNED, WORDS
from elmo_core.learning.texts.scores import TextScores, compare, score

HEAD = "head"
NAMES = {
    WORDS: "words",
    CHARACTERS: "+ characters",
    STATIC: "+ static vectors",
    HEAD: "+ the model's layers",
    TUNED: "+ fine-tuning",
}
"""The experts in the order in which they are added."""


@dataclass(frozen=True)
class Addition:
    """A product of experts with one more than the product before it."""

    name: str
    scores: TextScores
    gain: Difference | None
    """Over the product before it; None for the first."""


def nested_products(
    classifier: ElmoClassifier, logits: Mapping[str, np.ndarray], codes: np.ndarray
) -> dict[str, np.ndarray]:
    """Weigh growing sets of the experts of a classifier as `fit_experts` does, and predict with each.

    Args:
        classifier: fitted in this process, with a product of experts; K classes.
        logits: (n, K) of its head (`HEAD`) and of its experts, for the texts to predict.
        codes: int, the classes of the texts it was fitted to, as numbers.

    Returns:
        Probabilities float64 (n, K) by `NAMES`; the last are those of the classifier itself.
    """
    fitted, experts = classifier.head_fit_, classifier.experts_
    held_out = experts.held_out | {HEAD: fitted.held_out_logits}
    kinds = [kind for kind in NAMES if kind in logits]
    gold, weights = fitted.held_out(codes), fitted.held_out(fitted.weights)
    found = {}
    for n in range(1, len(kinds) + 1):
        own = kinds[:n]
        factors = fit_product([held_out[kind] for kind in own], gold, weights=weights, prior=PRIOR)
        total = sum(factor * logits[kind] for factor, kind in zip(factors.tolist(), own, strict=True))
        found[NAMES[own[-1]]] = softmax(np.asarray(total))
    whole = experts.added_to(logits[HEAD], logits)
    return found | {NAMES[kinds[-1]]: softmax(whole, classifier.temperature_)}


def additions(
    products: Mapping[str, np.ndarray], gold: np.ndarray, n_classes: int, seed: int
) -> tuple[Addition, ...]:
    """Score nested products.

    Args:
        products: probabilities (n, K) of each, by name, in the order in which experts are added.
        gold: int (n,), the true classes.
        n_classes: K.
        seed: of the bootstrap and of the randomisation.
    """
    predicted = [probabilities.argmax(axis=1) for probabilities in products.values()]
    gains = [None, *(compare(gold, after, before, n_classes, seed) for before, after in pairwise(predicted))]
    scores = [score(gold, one, n_classes, seed) for one in predicted]
    return tuple(map(Addition, products, scores, gains))


def say_additions(steps: Sequence[Addition]) -> str:
    """Say in one sentence what was gained by what; empty where there is one step only."""
    if len(steps) < 2:
        return ""
    first, *others = steps
    gained = [step for step in others if step.gain and step.gain.value.low > 0]
    lost = [step for step in others if step.gain and step.gain.value.high < 0]
    open_ = [step.name.removeprefix("+ ") for step in others if step not in gained and step not in lost]
    told = [f"{first.name} alone have macro-F1 {100 * first.scores.macro_f1.value:.1f}"]
    for steps_, verb in ((gained, "added"), (lost, "changed it by")):
        told += [f"{step.name.removeprefix('+ ')} {verb} {_points(step)}" for step in steps_]
    if open_:
        told.append(f"what {_listed(open_)} did is within chance")
    return f"What each part added, one after the other: {'; '.join(told)}."


def _points(step: Addition) -> str:
    assert step.gain is not None, "the first step has no gain"
    value, low, high = (
        100 * part for part in (step.gain.value.value, step.gain.value.low, step.gain.value.high)
    )
    return f"{value:+.1f} points (95% interval {low:+.1f} to {high:+.1f})"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
