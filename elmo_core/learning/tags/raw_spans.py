"""One span of a JSON record, in the forms in which annotation tools write them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from elmo_core.learning.tags.schemes import Span, tags_of
from elmo_core.learning.tags.span_texts import RawSpan
from elmo_core.tables.records import counted

START, END = ("start", "start_offset", "begin", "from"), ("end", "end_offset", "stop", "to")
_LABEL = ("label", "labels", "type", "tag", "tags", "entity", "entity_group", "class", "category")
_OWN_TEXT = ("text", "value", "word", "surface", "mention")
TOKENS = ("tokens", "words", "sentence", "token", "word")
PIECES = ("points", "offsets", "fragments")


class UnusableError(Exception):
    """Why one record is left out."""


def label_of(value: Mapping[str, Any]) -> Any:
    """Label of a span; a list where it has several."""
    return next((value[key] for key in _LABEL if key in value), None)


def read_span(value: Any, counts: Counter[str]) -> RawSpan | None:
    """Read a span.

    Args:
        value: [start, end, label], or an object.
        counts: counter of what is skipped, by reason.

    Returns:
        None where it is in several pieces.

    Raises:
        UnusableError: it is no span.
    """
    ends: Mapping[str, Any]
    if isinstance(value, list) and len(value) in (3, 4):
        ends, label = dict(zip(("start", "end", "label", "text"), value, strict=False)), value[2]
    elif isinstance(value, Mapping):
        pieces = next((value[key] for key in PIECES if isinstance(value.get(key), list)), [value])
        if len(pieces) != 1:
            counts["discontinuous"] += 1
            return None
        first = pieces[0]
        ends = first if isinstance(first, Mapping) else dict(zip(("start", "end"), first, strict=False))
        ends, label = {**value, **ends}, label_of(value)
    else:
        raise UnusableError("a span that is neither [start, end, label] nor an object")
    if isinstance(label, list) and label:
        counts["further label"] += len(label) - 1
        label = label[0]
    if isinstance(label, int):
        raise UnusableError("a span whose label is a number; write its name")
    start, end = (next((_whole(ends[key]) for key in keys if key in ends), None) for keys in (START, END))
    has_last = "points" in ends  # Dataturks names the last character
    by_tokens = start is None and "token_start" in ends
    if by_tokens:  # Prodigy names the last token
        start, end, has_last = _whole(ends["token_start"]), _whole(ends.get("token_end")), True
    if start is None or end is None or not isinstance(label, str) or not label.strip():
        raise UnusableError("a span without start, end or label")
    own = next((ends[key] for key in _OWN_TEXT if isinstance(ends.get(key), str)), None)
    if "entity" in ends and own == ends.get("value"):  # Rasa's is what the words stand for
        own = None
    return RawSpan(start, end + has_last, label.strip(), own, by_tokens)


def _whole(value: Any) -> int | None:
    """A whole number, also where it is written as 3.0 or "3"."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) < 10 else None
    return int(value) if isinstance(value, int | float) and value == value // 1 else None


def given_tokens(value: Mapping[str, Any]) -> list[RawSpan]:
    """The places of tokens, where a record says them (Prodigy, spaCy)."""
    listed: list[Any] = next((value[key] for key in TOKENS if isinstance(value.get(key), list)), [])
    found = []
    for one in listed:
        start, end = (_whole(one.get(key)) if isinstance(one, Mapping) else None for key in ("start", "end"))
        if start is None or end is None:
            return []
        found.append(RawSpan(start, end, ""))
    return found


def by_characters(span: RawSpan, tokens: Sequence[RawSpan]) -> RawSpan:
    """A span by tokens as one by characters."""
    if not span.by_tokens:
        return span
    if not 0 <= span.start < span.end <= len(tokens):
        raise UnusableError(
            f"a span from token {span.start} to {span.end} of {counted(len(tokens), 'token')}"
        )
    first, last = tokens[span.start], tokens[span.end - 1]
    return RawSpan(first.start, last.end, span.label, span.text)


def by_tokens(tokens: Sequence[str], spans: Sequence[RawSpan], counts: Counter[str]) -> list[str]:
    """Tags of spans that count tokens; of those that overlap, the longer is kept."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start - one.end, one.start)):
        end = span.end
        own = None if span.text is None else span.text.split()
        if (
            own is not None
            and own != list(tokens[span.start : end])
            and own == list(tokens[span.start : end + 1])
        ):
            end += 1  # it names its last token
        if not 0 <= span.start < end <= len(tokens):
            raise UnusableError(f"a span from token {span.start} to {end} of {counted(len(tokens), 'token')}")
        if any(span.start < other.end and other.start < end for other in kept):
            counts["overlapping"] += 1
        else:
            kept.append(Span(span.start, end, span.label))
    return tags_of(kept, len(tokens))
