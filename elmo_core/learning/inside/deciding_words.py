"""The words that decided a text: what leaving each of them out does to the probability of a class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elmo_core.embedding.reading import read_texts
from elmo_core.exceptions import InputError
from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.failures import require_fitted
from elmo_core.learning.inputs import WINDOW, whole
from elmo_core.learning.text_layers import readable

_MAX_TOKENS = 100


@dataclass(frozen=True)
class Occlusion:
    """What each word contributes to one class."""

    tokens: tuple[str, ...]
    effects: tuple[float, ...]
    """Probability of the class with all words, less that without this one: above 0 = speaks for it."""
    class_index: int
    """Number of the class in `classes_`."""
    probability: float
    """Of the class, for the whole text."""
    n_left_out: int
    """Tokens beyond the first 100, which are read but not tried."""


def occlude(classifier: ElmoClassifier, text: str, class_index: int | None = None) -> Occlusion:
    """Leave out one word after the other, of a long text in its first `WINDOW` characters.

    Args:
        classifier: fitted.
        text: one text.
        class_index: number of the class in `classes_`; None = the predicted one.

    Raises:
        InputError: the text has no words, or there is no such class.
        NotFittedError: the classifier is not fitted.
    """
    require_fitted(classifier, "head_")
    (found,) = read_texts(readable(text, min(whole(classifier.max_characters) or WINDOW, WINDOW)))
    tokens = found.tokens
    if not tokens:
        raise InputError("The text has no words; type some.")
    n_classes = len(classifier.classes_)
    if class_index is not None and not 0 <= class_index < n_classes:
        raise InputError(f"There are the classes 0 to {n_classes - 1}, got {class_index}.")
    tried = min(len(tokens), _MAX_TOKENS)
    variants = [tokens, *([*tokens[:at], *tokens[at + 1 :]] for at in range(tried))]
    probabilities = classifier.predict_proba(variants)
    chosen = int(probabilities[0].argmax()) if class_index is None else class_index
    effects = probabilities[0, chosen] - probabilities[1:, chosen]
    return Occlusion(
        tuple(tokens[:tried]),
        tuple(np.asarray(effects).tolist()),
        chosen,
        float(probabilities[0, chosen]),
        len(tokens) - tried,
    )
