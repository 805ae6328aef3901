"""What a biLM has to beat: always the same class, and TF-IDF with logistic regression."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from elmo_core.learning.calibration import fit_temperature, softmax
from elmo_core.learning.inputs import class_weights
from elmo_core.learning.texts.tfidf import fit_words
from elmo_core.learning.word_vectors import WordVectors
from elmo_core.measuring.splitting import held_out_splits, stratified_split
from elmo_core.progress import Report

_STRENGTHS = (0.001, 0.01, 0.1)


def majority(train: np.ndarray, n_test: int, n_classes: int) -> np.ndarray:
    """Probabilities (n_test, K): the shares of the classes among the training rows, for every text."""
    shares = np.bincount(train, minlength=n_classes) / max(len(train), 1)
    return np.tile(shares, (n_test, 1))


def tfidf(
    train: Sequence[str],
    codes: np.ndarray,
    test: Sequence[str],
    n_classes: int,
    *,
    balanced: bool,
    seed: int,
    report: Report | None = None,
) -> np.ndarray:
    """Probabilities (n_test, K) by TF-IDF and logistic regression.

    Strength and temperature are chosen on held-out rows.

    Args:
        train: texts to learn from.
        codes: int (n_train,), their classes.
        test: texts to predict.
        n_classes: K.
        balanced: whether a rare class counts as much as a frequent one.
        seed: of the choice of held-out rows.
        report: called with the progress; an error it raises stops the work.
    """
    splits = held_out_splits(codes, seed)
    present, own = np.unique(codes, return_inverse=True)
    weights = class_weights("balanced" if balanced else None, present, own)[own]
    model, held_out = fit_words(train, codes, n_classes, splits, weights=weights, report=report)
    gold = np.concatenate([codes[:0], *(codes[split.test] for split in splits)])
    return softmax(model.logits(test), fit_temperature(held_out, gold))


def static_mean(
    vectors: WordVectors,
    train: Sequence[str],
    codes: np.ndarray,
    test: Sequence[str],
    n_classes: int,
    *,
    balanced: bool,
    seed: int,
) -> np.ndarray:
    """Probabilities (n_test, K) by the mean of static vectors; arguments as `tfidf`."""
    width = next((len(vectors[word]) for text in train for word in _words(text) if word in vectors), 1)
    before, after = (_means(vectors, texts, width) for texts in (train, test))
    return _chosen(before, codes, after, n_classes, balanced, seed)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text)


def _means(vectors: WordVectors, texts: Sequence[str], width: int) -> np.ndarray:
    """Means float32 (n, width) over the words that have a vector, as they are or case-folded."""
    means = np.zeros((len(texts), width), dtype=np.float32)
    for row, text in enumerate(texts):
        words = [word if word in vectors else word.casefold() for word in _words(text)]
        found = [vectors[word] for word in words if word in vectors]
        if found:
            means[row] = np.mean(found, axis=0)
    return means


def _chosen(
    train: np.ndarray, codes: np.ndarray, test: np.ndarray, n_classes: int, balanced: bool, seed: int
) -> np.ndarray:
    """Probabilities (n_test, K); strength and temperature are chosen on held-out rows."""
    split = stratified_split(codes, 0.2, seed)
    best, temperature = _STRENGTHS[-1], 1.0
    present = np.unique(codes)
    if len(np.unique(codes[split.train])) == len(present) and len(split.test):
        wanted = np.searchsorted(present, codes[split.test])
        trials = {
            c: _linear_pipeline(c, balanced).fit(train[split.train], codes[split.train]) for c in _STRENGTHS
        }
        logits = {c: _log(trial.predict_proba(train[split.test])) for c, trial in trials.items()}
        rates = {c: float((values.argmax(axis=1) == wanted).mean()) for c, values in logits.items()}
        best = max(_STRENGTHS, key=lambda c: rates[c])
        temperature = fit_temperature(logits[best], wanted)
    model = _linear_pipeline(best, balanced).fit(train, codes)
    found = np.zeros((len(test), n_classes))
    found[:, present] = softmax(_log(model.predict_proba(test)), temperature)
    return found


def _log(probabilities: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(np.maximum(probabilities, 1e-12)))


def _linear_pipeline(strength: float, balanced: bool) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    weights = "balanced" if balanced else None
    return make_pipeline(
        StandardScaler(), LogisticRegression(C=strength, max_iter=1000, class_weight=weights)
    )
