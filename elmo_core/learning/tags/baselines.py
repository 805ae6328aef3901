"""The least a tagger has to beat: what the training sentences have called the same words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from elmo_core.learning.tags.schemes import Span, spans_of, tags_of

Sentences = Sequence[Sequence[str]]


def look_up(train: Sentences, tags: Sentences, test: Sentences, *, is_spans: bool) -> list[list[str]]:
    """Tags of test sentences by what the training sentences have called the same words.

    Spans: the longest stretch that was a span in training, with its most frequent label (the baseline of
    CoNLL-2003). Plain tags: the most frequent tag of the word, or of all words.
    """
    if not is_spans:
        return _most_frequent(train, tags, test)
    counts: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for tokens, own in zip(train, tags, strict=True):
        for span in spans_of(own):
            counts[tuple(tokens[span.start : span.end])][span.label] += 1
    names = {phrase: labels.most_common(1)[0][0] for phrase, labels in counts.items()}
    longest = max(map(len, names), default=0)
    return [_longest_matches(tuple(tokens), names, longest) for tokens in test]


def _most_frequent(train: Sentences, tags: Sentences, test: Sentences) -> list[list[str]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for tokens, own in zip(train, tags, strict=True):
        for token, tag in zip(tokens, own, strict=True):
            counts[token][tag] += 1
    usual = sum(counts.values(), Counter[str]()).most_common(1)[0][0]
    best = {token: found.most_common(1)[0][0] for token, found in counts.items()}
    return [[best.get(token, usual) for token in tokens] for tokens in test]


def _longest_matches(tokens: tuple[str, ...], names: dict[tuple[str, ...], str], longest: int) -> list[str]:
    spans, at = [], 0
    while at < len(tokens):
        ends = range(min(len(tokens), at + longest), at, -1)
        end = next((end for end in ends if tokens[at:end] in names), None)
        if end is not None:
            spans.append(Span(at, end, names[tokens[at:end]]))
        at = end or at + 1
    return tags_of(spans, len(tokens))
