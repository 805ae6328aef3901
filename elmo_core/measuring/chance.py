"""P-values by randomisation: how often chance alone does at least as well."""

from __future__ import annotations

import numpy as np

N_DRAWS = 2000
"""Draws of a test; the least p-value it can give is 1 / (1 + draws)."""
_TIE = 1e-12


def widened(drawn: np.ndarray, n_folds: int) -> np.ndarray:
    """Draws as far apart as cross-validation makes them.

    The rows of a fold are learned from in all others, so scores of labels without meaning vary more than
    shuffles of the predictions show: on five folds 10% of them pass a test of 5%. The variance is therefore
    taken as that of Nadeau and Bengio (2003): 1 + k / (k - 1) times that of the draws, for k folds.

    Args:
        drawn: scores of shuffles, (S,).
        n_folds: 1 = one split, for which shuffles are exact and nothing changes.
    """
    if n_folds < 2:
        return drawn
    return np.asarray(drawn.mean() + np.sqrt(1 + n_folds / (n_folds - 1)) * (drawn - drawn.mean()))


def p_value(observed: float, drawn: np.ndarray) -> float:
    """The share of values at least as high as the observed one, which counts as one of them.

    Counting the observed value keeps the level: where chance alone is at work, p <= a in at most a share
    a of all cases, for any number of draws (Phipson and Smyth 2010). Without it, p could be 0.

    Args:
        observed: what was found.
        drawn: the same measure under the null, (S,).
    """
    return float((1 + (drawn >= observed - _TIE).sum()) / (1 + len(drawn)))
