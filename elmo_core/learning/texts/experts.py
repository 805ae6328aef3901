"""The experts beside a head: models of a text's words, its characters, its static vectors; a fine-tuned biLM.

Each learns on its own. `fit_product` weighs them against the head on texts that none of them has learned
from, so an input that does not help gets no weight (a product of experts, Hinton 1999).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from elmo_core.learning.calibration import fit_product
from elmo_core.learning.fitting import Fitted
from elmo_core.learning.text_layers import is_segmented
from elmo_core.learning.texts.fine_tuned import FineTuned
from elmo_core.learning.texts.fine_tuning import Tuning, fit_fine_tuned
from elmo_core.learning.texts.static_mean import fit_static_mean
from elmo_core.learning.texts.tfidf import CHARACTERS as CHARACTER_SETTINGS
from elmo_core.learning.texts.tfidf import WordSettings, fit_words
from elmo_core.learning.word_vectors import WordVectors
from elmo_core.progress import Report, part_of

WORDS, CHARACTERS, STATIC, TUNED = "words", "characters", "static", "fine-tuned"
ALL = (WORDS, CHARACTERS, STATIC, TUNED)
"""In the order in which they are fitted."""
USUAL = (WORDS, CHARACTERS, STATIC)
"""Those that cost seconds."""
PRIOR = 4.0
"""Strength of the prior on the factors of several experts, in texts; see `fit_product`."""
_SHARES = {WORDS: 1.0, CHARACTERS: 2.0, STATIC: 1.0, TUNED: 40.0}
"""Of the time, for progress."""
_LEAST_KNOWN = 0.5
"""Share of the words that static vectors must have to be of use."""


class Expert(Protocol):
    """A fitted model of texts, their tokens with blanks between them."""

    def logits(self, texts: Sequence[str], /) -> np.ndarray:
        """Logits float64 (n, K) of n texts."""


@dataclass(frozen=True, eq=False)
class Experts:
    """Fitted experts and what each counts; K classes."""

    models: dict[str, Expert] = field(default_factory=dict)
    """By name, among `ALL`."""
    weights: dict[str, float] = field(default_factory=dict)
    """What the logits of each are multiplied by before they are added to those of the head."""
    held_out: dict[str, np.ndarray] = field(default_factory=dict)
    """Logits (m, K) of each, for the texts of the head's `held_out_logits`; empty for a saved classifier."""

    def logits(self, texts: Sequence[str], report: Report | None = None) -> dict[str, np.ndarray]:
        """Logits float64 (n, K) of each expert for n texts, by name; reports while a biLM reads them."""
        return {
            name: model.logits(texts, report) if isinstance(model, FineTuned) else model.logits(texts)
            for name, model in self.models.items()
        }

    def added_to(self, logits: np.ndarray, own: Mapping[str, np.ndarray]) -> np.ndarray:
        """Logits float64 (n, K) of the product, from those of the head and those of each expert."""
        for name in self.models:
            logits = logits + self.weights[name] * own[name]
        return logits


def fit_experts(
    kinds: Sequence[str],
    texts: Sequence[str],
    codes: np.ndarray,
    head: Fitted,
    tuning: Tuning,
    *,
    static: WordVectors | None = None,
    prior: float = 0.0,
    known: Experts | None = None,
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
        tuning: what fine-tuning starts from.
        static: the static vectors; None = there are none.
        prior: of the factors, see `fit_product`; with one, texts count there by their weights.
        known: experts that were fitted before to the same texts beside the same head; they are not fitted
            again.
        report: called with the progress; an error it raises stops the work.

    Returns:
        The experts, and the temperature of the product.
    """
    has_signs, n_classes = is_segmented(texts), head.held_out_logits.shape[1]
    usable = {
        WORDS: True,
        CHARACTERS: not has_signs,
        STATIC: static is not None and _share_known(static, texts) >= _LEAST_KNOWN,
        TUNED: True,
    }
    known = known or Experts()
    chosen = [kind for kind in ALL if kind in known.models or (kind in kinds and usable[kind])]
    starts = np.cumsum([0, *(_SHARES[kind] for kind in chosen)]) / sum(_SHARES[kind] for kind in chosen)
    models, held_out = dict(known.models), dict(known.held_out)
    for kind, start, end in zip(chosen, starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        told = part_of(report, start, end)
        if kind in known.models:
            continue
        if kind == TUNED:
            models[kind], held_out[kind] = fit_fine_tuned(
                tuning, texts, codes, n_classes, head.splits, weights=head.weights, report=told
            )
        elif kind == STATIC and static is not None:
            models[kind], held_out[kind] = fit_static_mean(
                static, texts, codes, n_classes, head.splits, weights=head.weights, report=told
            )
        else:
            settings = WordSettings("word", 3 if has_signs else 2) if kind == WORDS else CHARACTER_SETTINGS
            models[kind], held_out[kind] = fit_words(
                texts, codes, n_classes, head.splits, weights=head.weights, settings=settings, report=told
            )
    weights = head.held_out(head.weights) if prior else None
    logits = [head.held_out_logits, *(held_out[kind] for kind in chosen)]
    own, *others = fit_product(logits, head.held_out(codes), weights=weights, prior=prior).tolist()
    factors = {kind: factor / own for kind, factor in zip(chosen, others, strict=True)}
    return Experts({kind: models[kind] for kind in chosen}, factors, held_out), 1 / own


def _share_known(static: WordVectors, texts: Sequence[str]) -> float:
    words = [word for text in texts for word in text.split()]
    return sum(word in static or word.casefold() in static for word in words) / max(len(words), 1)
