"""Where predicted spans differ from gold ones, and how: missed, spurious, wrong type, wrong boundary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from elmo_core.learning.tags.schemes import Span, spans_of

DifferenceKind = Literal[
    "missed", "spurious", "wrong type", "wrong boundary", "wrong type and boundary", "wrong class"
]
KINDS: tuple[DifferenceKind, ...] = (
    "missed",
    "spurious",
    "wrong type",
    "wrong boundary",
    "wrong type and boundary",
    "wrong class",
)


@dataclass(frozen=True)
class Mismatch:
    """One difference."""

    kind: DifferenceKind
    """"wrong class" is of plain tags."""
    sentence: int
    gold: Span | None
    predicted: Span | None


def find_mismatches(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], *, is_spans: bool
) -> list[Mismatch]:
    """All differences in order; every gold and every predicted span that is not right is in just one.

    Args:
        gold: the tags of n sentences.
        predicted: as many.
        is_spans: whether tags are of spans, or plain.
    """
    found: list[Mismatch] = []
    for number, (true, guess) in enumerate(zip(gold, predicted, strict=True)):
        if is_spans:
            found += _of_spans(number, spans_of(true), spans_of(guess))
        else:
            pairs = enumerate(zip(true, guess, strict=True))
            found += [
                Mismatch("wrong class", number, Span(at, at + 1, a), Span(at, at + 1, b))
                for at, (a, b) in pairs
                if a != b
            ]
    return found


def _of_spans(number: int, gold: Sequence[Span], predicted: Sequence[Span]) -> list[Mismatch]:
    missing = [span for span in gold if span not in predicted]
    extra = [span for span in predicted if span not in gold]
    pairs = [(_overlap(a, b), a.label == b.label, a, b) for a in missing for b in extra if _overlap(a, b)]
    found = []
    for _, _, a, b in sorted(pairs, key=lambda pair: (-pair[0], not pair[1], pair[2], pair[3])):
        if a in missing and b in extra:
            missing.remove(a)
            extra.remove(b)
            found.append(Mismatch(_kind(a, b), number, a, b))
    found += [Mismatch("missed", number, span, None) for span in missing]
    found += [Mismatch("spurious", number, None, span) for span in extra]
    return sorted(found, key=lambda one: (one.gold or one.predicted or Span(0, 0, "")).start)


def _overlap(a: Span, b: Span) -> int:
    """Tokens that both have."""
    return max(0, min(a.end, b.end) - max(a.start, b.start))


def _kind(gold: Span, predicted: Span) -> DifferenceKind:
    if (gold.start, gold.end) == (predicted.start, predicted.end):
        return "wrong type"
    return "wrong boundary" if gold.label == predicted.label else "wrong type and boundary"
