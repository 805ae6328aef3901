"""Texts that stand in a table twice: exactly, with contradicting labels, or nearly."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from elmo_core.progress import Report

_N_HASHES, _BANDS = 64, 16
_NGRAM = 5
_MAX_CHARACTERS = 2_000
_MAX_BUCKET = 20
_PRIME = (1 << 31) - 1
_BLOCK = 500


@dataclass(frozen=True)
class Duplicates:
    """Texts that are the same once case and blanks are levelled."""

    kept: tuple[int, ...]
    """Rows to use: one for each text whose labels agree."""
    repeated: tuple[int, ...]
    """Rows whose text and label are in an earlier row."""
    contradicting: tuple[tuple[int, ...], ...]
    """Groups of rows with the same text and different labels; none of them is kept."""


@dataclass(frozen=True)
class NearPair:
    """Two rows with nearly the same text."""

    first: int
    second: int
    similarity: float
    """Share of common character 5-grams (Jaccard)."""


@dataclass(frozen=True)
class NearDuplicates:
    """What a search for near-duplicates has found."""

    pairs: tuple[NearPair, ...]
    n_searched: int
    """Rows looked at before the time was up."""


def normalise(text: str) -> str:
    """Level what makes no other text: compatibility forms, case, blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def find_duplicates(texts: Sequence[str], labels: Sequence[str], report: Report | None = None) -> Duplicates:
    """Find rows to leave out before any split, so that no test row stands among the training rows.

    Args:
        texts: n texts.
        labels: their labels.
        report: progress callback.
    """
    groups: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        if report and row % _BLOCK == 0:
            report("comparing the texts", row / len(texts))
        groups.setdefault(normalise(text), []).append(row)
    kept, repeated, contradicting = [], [], []
    for rows in groups.values():
        if len({labels[row] for row in rows}) > 1:
            contradicting.append(tuple(rows))
        else:
            kept.append(rows[0])
            repeated += rows[1:]
    return Duplicates(tuple(sorted(kept)), tuple(sorted(repeated)), tuple(contradicting))


def find_near_duplicates(
    texts: Sequence[str],
    *,
    threshold: float = 0.8,
    time_limit_s: float = 5.0,
    seed: int = 0,
    report: Report | None = None,
) -> NearDuplicates:
    """Find pairs of nearly equal texts by min-hashes of their character 5-grams.

    Texts that share a band of 4 hashes are compared in full. A pair of similarity 0.8 is found with a
    probability of 99.98%, one of 0.5 with 64%; time grows with the number of texts, not of pairs.

    Args:
        texts: n texts; their first 2,000 characters count.
        threshold: least similarity.
        time_limit_s: rows that have not been reached by then are not searched.
        seed: of the hashes.
        report: progress callback; the share is that of the texts or of the time, whichever is larger.
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    end = time.monotonic() + time_limit_s
    hasher = HashingVectorizer(
        analyzer="char_wb", ngram_range=(_NGRAM, _NGRAM), n_features=1 << 20, binary=True, norm=None
    )
    rng = np.random.default_rng(seed)
    factors = rng.integers(1, _PRIME, (2, _N_HASHES), dtype=np.int64)
    grams: list[np.ndarray] = []
    buckets: dict[tuple[int, bytes], list[int]] = {}
    pairs: dict[tuple[int, int], float] = {}
    for start in range(0, len(texts), _BLOCK):
        block = hasher.transform(
            [normalise(text[:_MAX_CHARACTERS]) for text in texts[start : start + _BLOCK]]
        )
        for columns in (block.indices[a:b] for a, b in pairwise(block.indptr)):
            _add(np.unique(columns).astype(np.int64), factors, grams, buckets, pairs)
        left_s = end - time.monotonic()
        if left_s < 0:
            break
        if report:
            report("looking for near-duplicates", max(start / len(texts), 1 - left_s / time_limit_s))
    found = (NearPair(a, b, round(value, 3)) for (a, b), value in sorted(pairs.items()) if value >= threshold)
    return NearDuplicates(tuple(found), len(grams))


def _add(
    columns: np.ndarray,
    factors: np.ndarray,
    grams: list[np.ndarray],
    buckets: dict[tuple[int, bytes], list[int]],
    pairs: dict[tuple[int, int], float],
) -> None:
    """Compare one more text with those of its buckets, then put it there."""
    row = len(grams)
    grams.append(columns)
    if not len(columns):
        return
    hashes = ((columns[:, None] * factors[0] + factors[1]) % _PRIME).min(axis=0)
    for band, part in enumerate(hashes.reshape(_BANDS, -1)):
        bucket = buckets.setdefault((band, part.tobytes()), [])
        for other in bucket:
            if (other, row) not in pairs:
                pairs[other, row] = _jaccard(grams[other], columns)
        if (
            len(bucket) < _MAX_BUCKET
        ):  # a text that stands here a thousand times is found by any of its copies
            bucket.append(row)


def _jaccard(a: np.ndarray, b: np.ndarray) -> float:
    common = len(np.intersect1d(a, b, assume_unique=True))
    return common / (len(a) + len(b) - common)
