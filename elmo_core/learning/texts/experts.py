"""The experts beside a head: models of a text's words, its characters and its static vectors.

Each is a logistic regression of its own. `fit_product` weighs them against the head on texts that none of
them has learned from, so an input that does not help gets no weight (a product of experts, Hinton 1999).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from elmo_core.learning.calibration import fit_product
from elmo_core.learning.fitting import Fitted
from elmo_core.learning.text_layers import is_segmented
from elmo_core.learning.texts.static_mean import fit_static_mean
from elmo_core.learning.texts.tfidf import CHARACTERS as CHARACTER_SETTINGS
from elmo_core.learning.texts.tfidf import WordModel, WordSettings, fit_words
from elmo_core.learning.word_vectors import WordVectors
from elmo_core.progress import Report, part_of

WORDS, CHARACTERS, STATIC = "words", "characters", "static"
ALL = (WORDS, CHARACTERS, STATIC)
PRIOR = 4.0
"""Strength of the prior on the factors of several experts, in texts; see `fit_product`."""
_LEAST_KNOWN = 0.5
"""Share of the words that static vectors must have to be of use."""


@dataclass(frozen=True, eq=False)
class Experts:
    """Fitted experts and what each counts; K classes."""

    models: dict[str, WordModel] = field(default_factory=dict)
    """By name, among `ALL`."""
    weights: dict[str, float] = field(default_factory=dict)
    """What the logits of each are multiplied by before they are added to those of the head."""

    def added_to(self, logits: np.ndarray, texts: Sequence[str]) -> np.ndarray:
        """Logits float64 (n, K) of the product, from those of the head and n texts."""
        for name, model in self.models.items():
            logits = logits + self.weights[name] * model.logits(texts)
        return logits


def fit_experts(
    kinds: Sequence[str],
    texts: Sequence[str],
    codes: np.ndarray,
    head: Fitted,
    *,
    static: WordVectors | None = None,
    prior: float = 0.0,
    report: Report | None = None,
) -> tuple[Experts, float]:
    """Fit those experts of some kinds that can say something about the texts, and weigh them.

    Words and pairs of words are counted, and triples where each sign of a script without blanks is a word;
    there, characters are words already. Static vectors that lack more than half of the words are left out.

    Args:
        kinds: among `ALL`.
        texts: n texts, their tokens with blanks between them.
        codes: int (n,), their classes.
        head: what the fit of the head has yielded.
        static: the static vectors; None = there are none.
        prior: of the factors, see `fit_product`; with one, texts count there by their weights.
        report: called with the progress; an error it raises stops the work.

    Returns:
        The experts, and the temperature of the product.
    """
    has_signs, n_classes = is_segmented(texts), head.held_out_logits.shape[1]
    usable = {
        WORDS: True,
        CHARACTERS: not has_signs,
        STATIC: static is not None and _share_known(static, texts) >= _LEAST_KNOWN,
    }
    chosen = [kind for kind in kinds if usable[kind]]
    models, held_out = {}, [head.held_out_logits]
    for index, kind in enumerate(chosen):
        told = part_of(report, index / len(chosen), (index + 1) / len(chosen))
        if kind == STATIC and static is not None:
            models[kind], logits = fit_static_mean(
                static, texts, codes, n_classes, head.splits, weights=head.weights, report=told
            )
        else:
            settings = WordSettings("word", 3 if has_signs else 2) if kind == WORDS else CHARACTER_SETTINGS
            models[kind], logits = fit_words(
                texts, codes, n_classes, head.splits, weights=head.weights, settings=settings, report=told
            )
        held_out.append(logits)
    weights = head.held_out(head.weights) if prior else None
    own, *others = fit_product(held_out, head.held_out(codes), weights=weights, prior=prior).tolist()
    return Experts(models, {kind: factor / own for kind, factor in zip(models, others, strict=True)}), 1 / own


def _share_known(static: WordVectors, texts: Sequence[str]) -> float:
    words = [word for text in texts for word in text.split()]
    return sum(word in static or word.casefold() in static for word in words) / max(len(words), 1)
