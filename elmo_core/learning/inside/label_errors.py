"""Labels that are probably wrong, by confident learning (Northcutt et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import clone

from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.text_layers import TextLayers
from elmo_core.measuring.splitting import Pairs, stratified_folds
from elmo_core.progress import Report, part_of


@dataclass(frozen=True)
class Suspect:
    """A row whose label is probably wrong."""

    row: int
    given: int
    """Number of the class it is labelled with."""
    likely: int
    """Number of the class it is taken for."""
    p_given: float
    """Probability of the given class, by a classifier that has not seen the row."""
    p_likely: float


def out_of_fold(
    classifier: ElmoClassifier,
    layers: TextLayers,
    codes: np.ndarray,
    *,
    n_folds: int = 5,
    seed: int = 0,
    together: Pairs = (),
    report: Report | None = None,
) -> np.ndarray:
    """Probabilities float64 (n, K) of every text by a classifier that has not learned from it.

    Args:
        classifier: the settings; it is not fitted itself.
        layers: of n texts.
        codes: int (n,), their classes, numbered from 0.
        n_folds: parts that are predicted by a classifier of the others.
        seed: of the parts.
        together: pairs of near-duplicates, which are in one part: else a copy would confirm a wrong label.
        report: called with the progress.
    """
    found = np.zeros((len(codes), int(codes.max()) + 1))
    for fold, split in enumerate(stratified_folds(codes, n_folds, seed, together)):
        if len(split.test):
            own = part_of(report, fold / n_folds, (fold + 1) / n_folds)
            fitted = clone(classifier).fit(layers.take(split.train), codes[split.train], report=own)
            found[np.ix_(split.test, fitted.classes_)] = fitted.predict_proba(layers.take(split.test))
    return found


def find_label_errors(probabilities: np.ndarray, codes: np.ndarray) -> tuple[Suspect, ...]:
    """Rows whose label is probably wrong, the most suspicious first.

    A class is believed where its probability reaches the mean that rows labelled with it have; a row
    is suspect if a class is believed, and the most probable such class is not the given one.

    Args:
        probabilities: (n, K), out of fold.
        codes: int (n,), the given classes.
    """
    k = probabilities.shape[1]
    thresholds = np.array(
        [probabilities[codes == c, c].mean() if (codes == c).any() else 1.0 for c in range(k)]
    )
    believed = np.where(probabilities >= thresholds, probabilities, -1.0)
    likely = believed.argmax(axis=1)
    n = np.arange(len(codes))
    is_suspect = (believed[n, likely] >= 0) & (likely != codes)
    suspects = [
        Suspect(int(row), int(codes[row]), int(likely[row]), float(probabilities[row, codes[row]]),
                float(probabilities[row, likely[row]]))
        for row in np.flatnonzero(is_suspect)
    ]  # fmt: skip
    return tuple(sorted(suspects, key=lambda one: one.p_given - one.p_likely))
