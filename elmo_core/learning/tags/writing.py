"""Tagged sentences as CoNLL or JSONL, sentence by sentence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from elmo_core.learning.tags.prediction import TaggedSentence


def to_conll(sentences: Iterable[TaggedSentence]) -> Iterator[str]:
    """A token and its tag a line, a tab between them, and a blank line after each sentence."""
    for sentence in sentences:
        lines = [
            f"{_one_line(token)}\t{tag}" for token, tag in zip(sentence.tokens, sentence.tags, strict=True)
        ]
        yield "".join(f"{line}\n" for line in [*lines, ""])


def to_jsonl(sentences: Iterable[TaggedSentence]) -> Iterator[str]:
    """One object a line: tokens, tags, and spans by tokens (the end is the token after the last one)."""
    for sentence in sentences:
        spans = [
            {
                "start": one.span.start,
                "end": one.span.end,
                "label": one.span.label,
                "text": " ".join(sentence.tokens[one.span.start : one.span.end]),
                "probability": round(one.probability, 4),
            }
            for one in sentence.found
        ]
        value = {"tokens": sentence.tokens, "tags": sentence.tags, "spans": spans}
        yield json.dumps(value, ensure_ascii=False) + "\n"


def _one_line(token: str) -> str:
    """A token that keeps to its cell."""
    return " ".join(token.split()) or "_"
