"""Logistic regression on the mean of static vectors, as one weight for each word and class.

The mean of the vectors of a text is linear in the shares of its words. So the weights of the dimensions are
multiplied out into weights of words, and a fitted model needs the vectors no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from elmo_core.learning.texts.tfidf import WordModel, WordSettings, choose_strength, regress
from elmo_core.learning.word_vectors import WordVectors, listed
from elmo_core.measuring.splitting import Split
from elmo_core.progress import Report

SHARES = WordSettings("mean", longest=1)
_STRENGTHS = (0.001, 0.01, 0.1)
"""Inverse penalties that are tried."""


def fit_static_mean(
    vectors: WordVectors,
    texts: Sequence[str],
    codes: np.ndarray,
    n_classes: int,
    splits: Sequence[Split],
    *,
    weights: np.ndarray,
    report: Report | None = None,
) -> tuple[WordModel, np.ndarray]:
    """Fit the model; arguments and result as `fit_words`, and the static vectors.

    Raises:
        ConfigError: the vectors cannot be listed.
    """
    words, matrix = listed(vectors)
    forms = {form for text in texts for word in text.split() for form in (word, word.casefold())}
    rows = [row for row, word in enumerate(words) if word in forms] or [0]
    few = partial(_fit, n_classes, tuple(words[row] for row in rows), matrix[rows])  # no trial meets others
    weights = weights / weights.mean()
    best, held_out = choose_strength(
        few, _STRENGTHS, texts, codes, n_classes, splits, weights=weights, report=report
    )
    (model,) = _fit(n_classes, words, matrix, texts, codes, weights, (best,))
    return model, held_out


def _fit(
    n_classes: int,
    words: tuple[str, ...],
    matrix: np.ndarray,
    texts: Sequence[str],
    codes: np.ndarray,
    row_weights: np.ndarray,
    strengths: Sequence[float],
) -> Iterator[WordModel]:
    """One model for each strength; matrix: float32 (V, D)."""
    idf = np.ones(len(words))
    shares = WordModel(SHARES, words, idf, np.zeros((n_classes, 0)), np.zeros(n_classes)).count(texts)
    means = shares @ matrix  # (n, D)
    centre, deviation = means.mean(axis=0), means.std(axis=0)
    scale = np.where(deviation > 1e-6, deviation, 1.0)
    for strength in strengths:
        weights, bias = regress((means - centre) / scale, codes, row_weights, n_classes, strength)
        weights = weights / scale  # (K, D)
        by_word = (weights @ matrix.T).astype(np.float32)  # (K, V)
        yield WordModel(SHARES, words, idf, by_word, bias - weights @ centre)
