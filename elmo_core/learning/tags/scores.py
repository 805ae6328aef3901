"""Span precision, recall and F1 as conlleval counts them, with intervals; accuracy for plain tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.learning.results import Difference, Scores
from elmo_core.learning.tags.schemes import spans_of
from elmo_core.measuring.chance import N_DRAWS, p_value
from elmo_core.measuring.intervals import N_SAMPLES, Estimate, over_samples

Tags = Sequence[str]


@dataclass(frozen=True)
class LabelScore:
    """Scores for the spans of one label (or the tokens of one class), with 95% intervals."""

    label: str
    """Empty = all labels together."""
    precision: Estimate
    recall: Estimate
    f1: Estimate
    n_gold: int
    n_predicted: int


@dataclass(frozen=True)
class TagScores(Scores):
    """How well sentences were tagged; the main measure is "span F1", or "accuracy" of plain tags."""

    labels: tuple[LabelScore, ...]
    """Scores of each label, in order."""
    n_sentences: int


def units(tags: Tags, is_spans: bool) -> set[tuple[int, int, str]]:
    """The units that are counted in one sentence: its spans, or its tokens."""
    if is_spans:
        return {(span.start, span.end, span.label) for span in spans_of(tags)}
    return {(at, at + 1, tag) for at, tag in enumerate(tags)}


def unit_codes(
    gold: Sequence[Tags], predicted: Sequence[Tags], *, is_spans: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Number the units of all sentences, laid end to end, at the token where each starts.

    Args:
        gold: the tags of n sentences, N tokens in all.
        predicted: as many.
        is_spans: whether tags are of spans, in any scheme, or plain.

    Returns:
        int64 (N,) each: the kind (length and label) of the unit that starts at each token, 0 where none does.
    """
    kinds: dict[tuple[int, str], int] = {}
    found = []
    for side in (gold, predicted):
        codes = np.zeros(sum(map(len, side)), dtype=np.int64)
        first = 0
        for tags in side:
            for start, end, label in units(tags, is_spans):
                codes[first + start] = kinds.setdefault((end - start, label), len(kinds) + 1)
            first += len(tags)
        found.append(codes)
    return found[0], found[1]


def score_tags(
    gold: Sequence[Tags], predicted: Sequence[Tags], *, is_spans: bool, seed: int = 0
) -> TagScores:
    """Score predictions; a span counts if its start, its end and its label are right.

    Intervals are of the bootstrap over sentences.

    Args:
        gold: the tags of n sentences.
        predicted: as many.
        is_spans: whether tags are of spans, in any scheme, or plain.
        seed: seed of the bootstrap.

    Raises:
        InputError: numbers of sentences or tokens differ.
    """
    labels, counts = _counts(gold, predicted, is_spans)  # (n, K, 3): right, gold, predicted
    drawn = _drawn(len(gold), seed) @ counts.reshape(len(gold), -1)
    sampled = drawn.reshape(N_SAMPLES, len(labels), 3)
    total = counts.sum(axis=0)
    each = tuple(_label_score(label, total[k], sampled[:, k]) for k, label in enumerate(labels))
    every = _label_score("", total.sum(axis=0), sampled.sum(axis=1))
    measure = "span F1" if is_spans else "accuracy"
    return TagScores(measure, every.f1, every.n_gold, each, len(gold))


def compare_tags(
    gold: Sequence[Tags], predicted: Sequence[Tags], other: Sequence[Tags], *, is_spans: bool, seed: int = 0
) -> Difference:
    """The measure of predictions less that of others; arguments as `score_tags`."""
    weights = _drawn(len(gold), seed)
    found = [_counts(gold, one, is_spans)[1].sum(axis=1) for one in (predicted, other)]  # each (n, 3)
    sampled = np.subtract(*(_f1(weights @ counts) for counts in found))
    value = float(np.subtract(*(_f1(counts.sum(axis=0)) for counts in found)))
    sign = np.random.default_rng((seed, 1)).integers(0, 2, (N_DRAWS, len(gold)))  # 1 = exchanged
    gained = sign @ (
        found[1] - found[0]
    )  # (S, 3): what the first one's counts gain, and the second one's lose
    null = _f1(found[0].sum(axis=0) + gained) - _f1(found[1].sum(axis=0) - gained)
    return Difference(over_samples(value, sampled), p_value(abs(value), np.abs(null)))


def measure(gold: Sequence[Tags], predicted: Sequence[Tags], *, is_spans: bool) -> float:
    """Span F1 or accuracy alone."""
    _require_same_sentences(gold, predicted)
    pairs = [(units(a, is_spans), units(b, is_spans)) for a, b in zip(gold, predicted, strict=True)]
    right = sum(len(a & b) for a, b in pairs)
    return 2 * right / max(sum(len(a) + len(b) for a, b in pairs), 1)


def _require_same_sentences(gold: Sequence[Tags], predicted: Sequence[Tags]) -> None:
    if list(map(len, gold)) != list(map(len, predicted)):
        raise InputError("Gold and predicted tags are not of the same sentences: their lengths differ.")


def _counts(gold: Sequence[Tags], predicted: Sequence[Tags], is_spans: bool) -> tuple[list[str], np.ndarray]:
    """Labels in order, and int64 (n, K, 3) of each sentence and label: right, gold, predicted."""
    _require_same_sentences(gold, predicted)
    if not len(gold):
        raise InputError("There is no sentence to score; give at least one.")
    pairs = [(units(a, is_spans), units(b, is_spans)) for a, b in zip(gold, predicted, strict=True)]
    labels = sorted({label for pair in pairs for side in pair for _, _, label in side})
    numbers = {label: number for number, label in enumerate(labels)}
    counts = np.zeros((len(pairs), len(labels), 3), dtype=np.int64)
    for row, (true, guess) in enumerate(pairs):
        for column, side in enumerate((true & guess, true, guess)):
            for label, n in Counter(label for _, _, label in side).items():
                counts[row, numbers[label], column] = n
    return labels, counts


def _drawn(n: int, seed: int) -> np.ndarray:
    """How often each sentence is in each sample: int64 (S, n)."""
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=N_SAMPLES)


def _label_score(label: str, total: np.ndarray, sampled: np.ndarray) -> LabelScore:
    """Scores of counts (3,), with intervals from sampled counts (S, 3)."""
    precision, recall = (
        over_samples(float(_ratio(total[0], total[k])), _ratio(sampled[:, 0], sampled[:, k])) for k in (2, 1)
    )
    f1 = over_samples(float(_f1(total)), _f1(sampled))
    return LabelScore(label, precision, recall, f1, int(total[1]), int(total[2]))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.asarray(part / np.maximum(whole, 1))


def _f1(counts: np.ndarray) -> np.ndarray:
    """F1 of counts (..., 3); 0 where there is nothing."""
    return _ratio(2 * counts[..., 0], counts[..., 1] + counts[..., 2])
