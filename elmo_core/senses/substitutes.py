"""The words that a model would put in a word's place; groups are named by them.

Forward and backward direction each predict the word of a place from one side of it. Their product asks
for what fits both sides, divided by how frequent a word is anyway, which both have counted:

    log p(w | left) + log p(w | right) - log p(w)

With the outputs f and b of the two directions and the softmax's rows W and bias c, the first two are
(f + b) W + 2c, up to a constant of the place. The prior log p(w) is taken to be c: it is what the model
predicts from nothing, and needs no counts of the training text (their logarithm correlates with it by
0.999 in the model that ships). One product by the vocabulary is left: (f + b) W + c.

A transformer with a masked-LM head predicts log p(w | both sides) directly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from elmo_core.encoders.protocol import Encoder, WordPredictions
from elmo_core.senses.inflections import lemma
from elmo_core.senses.uses import Uses

SubstituteKind = Literal["substitutes", "context words"]

N_KEPT = 60
"""Words kept for each use."""
WINDOW = 10
"""Words on each side of a use that are its context words."""
_LOGITS_PER_BLOCK = 1 << 24


@dataclass(frozen=True, eq=False)
class Substitutes:
    """Words that stand for each of n uses."""

    kind: SubstituteKind
    """Source of the words: the model's substitutes or, for a model without a softmax, the context."""
    words: tuple[str, ...]
    """The V distinct words, case-folded."""
    ids: np.ndarray
    """int32 (n, m): numbers of each use's words, the heaviest first."""
    weights: np.ndarray
    """float32 (n, m): their weights; a use's add up to 1, or to 0 where it has no words."""

    def of_use(self, row: int, n: int = 10) -> tuple[tuple[str, float], ...]:
        """The heaviest words of one use with their weights."""
        pairs = zip(self.ids[row, :n].tolist(), self.weights[row, :n].tolist(), strict=True)
        return tuple((self.words[number], weight) for number, weight in pairs if weight > 0)

    def total(self, rows: np.ndarray) -> np.ndarray:
        """Weight of every word over some uses: float64 (V,)."""
        ids, weights = self.ids[rows].ravel(), self.weights[rows].ravel()
        return np.bincount(ids, weights, minlength=len(self.words))


def find_substitutes(
    encoder: Encoder, expected: np.ndarray, uses: Uses, *, n_kept: int = N_KEPT
) -> Substitutes:
    """Words the model would put in the place of each use, or context words where it cannot predict.

    The word itself, its other forms, function words, punctuation, numbers and boundaries are left out.

    Args:
        encoder: the model.
        expected: float32 (n, P), as in `UseVectors`.
        uses: n uses.
        n_kept: words kept for each use; their probabilities are divided by their sum.
    """
    predictions = encoder.word_predictions()
    if predictions is None:
        return context_words(uses)
    is_telling = _Telling(uses)
    allowed = np.array([is_telling(word) for word in predictions.words])
    return _gather("substitutes", _likeliest(predictions, expected, allowed, n_kept))


def context_words(uses: Uses, *, window: int = WINDOW) -> Substitutes:
    """The words around each use, all of equal weight, the same words left out."""
    is_telling, found = _Telling(uses), []
    for use in uses.uses:
        span = use.span
        near = (
            use.tokens[max(0, span.start - window) : span.start] + use.tokens[span.stop : span.stop + window]
        )
        words = sorted({word.casefold() for word in near if is_telling(word)})
        found.append([(word, 1 / len(words)) for word in words])
    return _gather("context words", found)


class _Telling:
    """Whether a word may stand for the uses: letters, no function word, no form of the word itself."""

    def __init__(self, uses: Uses) -> None:
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        self._functional = ENGLISH_STOP_WORDS
        tokens = {use.tokens[at] for use in uses.uses for at in use.span}
        self._own = {lemma(word) for word in (uses.word, *tokens)}

    def __call__(self, word: str) -> bool:
        folded = word.casefold()
        is_word = len(folded) > 1 and folded.replace("-", "").isalpha()
        return is_word and folded not in self._functional and lemma(folded) not in self._own


def _likeliest(
    predictions: WordPredictions, expected: np.ndarray, allowed: np.ndarray, n_kept: int
) -> list[list[tuple[str, float]]]:
    """The `n_kept` likeliest allowed words of each place, with their shares."""
    barred = torch.from_numpy(~allowed)
    n_kept = min(n_kept, int(allowed.sum()))
    step = max(1, _LOGITS_PER_BLOCK // len(allowed))
    found = []
    with torch.inference_mode():
        for start in range(0, len(expected), step):
            scores = predictions.scores(expected[start : start + step]).masked_fill_(barred, -torch.inf)
            best, ids = scores.topk(n_kept, dim=1)
            shares = torch.softmax(best, dim=1)
            for row_ids, row_shares in zip(ids.tolist(), shares.tolist(), strict=True):
                words = [predictions.words[i] for i in row_ids]
                found.append(list(zip(words, row_shares, strict=True)))
    return found


def _gather(kind: SubstituteKind, found: Sequence[Sequence[tuple[str, float]]]) -> Substitutes:
    """Number the case-folded words; the weights of spellings that differ in case are added up."""
    numbers: dict[str, int] = {}
    rows = []
    for pairs in found:
        row: dict[int, float] = {}
        for word, weight in pairs:
            number = numbers.setdefault(word.casefold(), len(numbers))
            row[number] = row.get(number, 0.0) + weight
        rows.append(sorted(row.items(), key=lambda item: -item[1]))
    width = max((len(row) for row in rows), default=0)
    ids = np.zeros((len(rows), width), dtype=np.int32)
    weights = np.zeros((len(rows), width), dtype=np.float32)
    for place, ordered in enumerate(rows):
        for column, (number, weight) in enumerate(ordered):
            ids[place, column], weights[place, column] = number, weight
    return Substitutes(kind, tuple(numbers), ids, weights)
