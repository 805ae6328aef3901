"""How well vectors of uses separate their labelled senses, compared with chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.measuring.intervals import wilson

N_SHUFFLES = 200
_TIE = 1e-7  # cosines closer than this are equal: vectors are float32


@dataclass(frozen=True)
class Separation:
    """Share of uses that lie nearest to the centroid of their own sense."""

    n: int
    """Uses scored: those of senses with at least two."""
    senses: tuple[str, ...]
    """The senses scored, in alphabetical order."""
    accuracy: float
    """Share of uses nearest to their own sense; k senses that tie for the nearest count 1/k."""
    low: float
    """Lower end of the 95% interval of Wilson."""
    high: float
    """Upper end of it."""
    chance: float
    """Accuracy of always naming the most frequent sense."""
    shuffled_mean: float
    """Mean accuracy after shuffling the senses among the uses."""
    shuffled_sd: float
    """Standard deviation of it."""
    p_value: float
    """Share of shuffles, the true order counted as one, that score at least as high."""
    nearest: tuple[str | None, ...]
    """For every use given: the nearest sense; None where senses tie or the use was not scored."""


def separation(
    vectors: np.ndarray, labels: Sequence[str | None], *, n_shuffles: int = N_SHUFFLES, seed: int = 42
) -> Separation:
    """Score vectors by the nearest sense centroid (cosine), one use of every sense left out at a time.

    A use is left out of the centroid of its own sense. If the other senses kept all their uses, they would
    hold more vectors like it than its own sense does: where most vectors are equal, every use would then
    lie nearest to a wrong sense. So one use of each other sense is left out along with it, and shuffled
    senses score about an even guess.

    Args:
        vectors: (n, D).
        labels: n senses; uses without one, and senses with a single use, are not scored.
        n_shuffles: permutations of the labels.
        seed: seed of the permutations.

    Raises:
        InputError: fewer than two senses have two uses.
    """
    counts = Counter(label for label in labels if label is not None)
    senses = tuple(sorted(sense for sense, count in counts.items() if count > 1))
    if len(senses) < 2:
        raise InputError("A score needs at least two senses with two uses each.")
    rows = [row for row, label in enumerate(labels) if label in senses]
    codes = np.array([senses.index(str(labels[row])) for row in rows])
    cosines = _cosines(vectors[rows])
    credit, nearest = _leave_one_out(cosines, codes, len(senses))
    order = np.random.default_rng(seed)
    null = np.array(
        [_leave_one_out(cosines, order.permutation(codes), len(senses))[0].mean() for _ in range(n_shuffles)]
    )
    accuracy = float(credit.mean())
    named: list[str | None] = [None] * len(labels)
    for row, code in zip(rows, nearest, strict=True):
        named[row] = senses[code] if code >= 0 else None
    interval = wilson(accuracy, len(rows))
    return Separation(
        n=len(rows),
        senses=senses,
        accuracy=accuracy,
        low=interval.low,
        high=interval.high,
        chance=float(np.bincount(codes).max() / len(rows)),
        shuffled_mean=float(null.mean()),
        shuffled_sd=float(null.std(ddof=1)),
        p_value=float((1 + (null >= accuracy - _TIE).sum()) / (n_shuffles + 1)),
        nearest=tuple(named),
    )


def _cosines(vectors: np.ndarray) -> np.ndarray:
    """Cosine of each pair of rows of (n, D), as float64 (n, n)."""
    rows = vectors.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return np.asarray(rows @ rows.T)


def partners(codes: np.ndarray, n_senses: int) -> np.ndarray:
    """Return which use of every sense is left out along with each use; of its own sense, the use itself.

    The first uses of all senses go together, then the second ones; a sense with fewer uses starts anew.

    Args:
        codes: (n,) sense of each use; every sense has a use.
        n_senses: k.

    Returns:
        int64 (n, k).
    """
    found = np.empty((len(codes), n_senses), dtype=np.int64)
    members = [np.flatnonzero(codes == sense) for sense in range(n_senses)]
    for own in members:
        ranks = np.arange(len(own))
        for sense, others in enumerate(members):
            found[own, sense] = others[ranks % len(others)]
    return found


def _leave_one_out(cosines: np.ndarray, codes: np.ndarray, n_senses: int) -> tuple[np.ndarray, np.ndarray]:
    """Compare each use with every sense's centroid of unit vectors, one use left out of each.

    A centroid is never formed: with s the sum of a sense's unit vectors, u . s and |s|^2 are sums of
    cosines, so that a shuffle costs one product of (n, n) by (n, k).

    Args:
        cosines: (n, n).
        codes: (n,) sense of each use.
        n_senses: k.

    Returns:
        The credit of each use, (n,): 1 if its own sense is the nearest, 1/ties if it ties for that,
        else 0; and the nearest sense, (n,): -1 where senses tie.
    """
    member, out = np.eye(n_senses)[codes], partners(codes, n_senses)  # (n, k) both
    paired = np.take_along_axis(cosines, out, axis=1)
    return nearest_left_out(cosines @ member, np.diag(cosines), codes, out, paired)


def nearest_left_out(
    products: np.ndarray,
    own: np.ndarray,
    codes: np.ndarray,
    out: np.ndarray,
    paired: np.ndarray,
    tie: float = _TIE,
) -> tuple[np.ndarray, np.ndarray]:
    """The same from sums of cosines.

    Args:
        products: (n, k): each use's cosines with the uses of every sense, summed.
        own: (n,): each use's cosine with itself, which is 0 for a vector of zeros.
        codes: (n,) sense of each use.
        out: (n, k): the use left out of each sense, see `partners`.
        paired: (n, k): each use's cosines with these.
        tie: cosines closer than this are equal.
    """
    squares = (np.eye(products.shape[1])[codes] * products).sum(axis=0)  # |s|^2, (k,)
    left_out = products - paired
    lost = 2 * np.take_along_axis(products, out, axis=0) - own[out]  # (s - v)^2 = s^2 - 2 s.v + v^2
    lengths = np.sqrt(np.maximum(squares - lost, 0))
    similarity = np.divide(left_out, lengths, out=np.zeros_like(left_out), where=lengths > tie)
    is_nearest = similarity >= similarity.max(axis=1, keepdims=True) - tie
    ties = is_nearest.sum(axis=1)
    credit = is_nearest[range(len(codes)), codes] / ties
    return credit, np.where(ties == 1, is_nearest.argmax(axis=1), -1)
