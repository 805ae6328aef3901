"""JSON and JSONL: texts with spans by character offsets, or tokens with tags."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from elmo_core.exceptions import InputError
from elmo_core.tables.records import Skipped, counted
from elmo_core.tasks.tagging.schemes import Span, tags_of
from elmo_core.tasks.tagging.sentences import RawSentence, TokenFile
from elmo_core.text.encodings import Decoded
from elmo_core.text.tokenisation import tokenised_sentences

_SPANS = ("spans", "entities", "label", "labels", "annotations")
_TAGS = ("tags", "ner_tags", "labels", "pos_tags", "upos")
_START, _END = ("start", "start_offset", "begin", "from"), ("end", "end_offset", "stop", "to")
_LABEL = ("label", "type", "tag", "entity", "class")
_WORDS = re.compile(r"\w+|[^\w\s]")

Place = tuple[int, int]
"""First character, and the one after the last."""


@dataclass
class _Found:
    """What the records of a file have given so far."""

    sentences: list[RawSentence] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    n_overlapping: int = 0
    n_cut: int = 0


class _UnusableError(Exception):
    """Why one record is left out."""


def read_span_records(decoded: Decoded, name: str) -> TokenFile:
    """Read one object a line, or a list of them.

    An object is {"text": ..., "spans": [{"start": 0, "end": 5, "label": "PER"}, ...]} (other usual names and
    [start, end, label] are understood, too), or {"tokens": [...], "tags": [...]}. Of spans that overlap,
    the longer is kept; where one begins or ends within a token, the token is divided.

    Args:
        decoded: the characters of the file.
        name: for messages.

    Raises:
        InputError: no record can be used.
    """
    found = _Found()
    for line, value in _values(decoded.text, name):
        try:
            _read(line, value, found)
        except _UnusableError as error:
            found.skipped.append(Skipped(line, str(error), str(value)[:200]))
    if not found.sentences:
        reason = f" (line {found.skipped[0].line}: {found.skipped[0].reason})" if found.skipped else ""
        raise InputError(
            f'{name} holds no usable record{reason}; give objects with "text" and "spans", or with "tokens" '
            'and "tags".'
        )
    notes = list(decoded.remarks())
    if found.n_overlapping:
        notes.append(f"Left out {counted(found.n_overlapping, 'span')} inside or across a longer one.")
    if found.n_cut:
        notes.append(f"Divided {counted(found.n_cut, 'token')} in which a span begins or ends.")
    return TokenFile(
        name, "JSONL", ("token", "tag"), tuple(found.sentences), "token", "tag", tuple(found.skipped),
        tuple(notes), decoded.encoding,
    )  # fmt: skip


def _values(text: str, name: str) -> Iterator[tuple[int, Any]]:
    """Line (or number) and value of each record."""
    if text.lstrip().startswith("["):
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{name} is not JSON ({error}); check where it was cut or edited.") from None
        yield from enumerate(listed, start=1)
        return
    for line, part in enumerate(text.split("\n"), start=1):
        if part.strip():
            try:
                yield line, json.loads(part)
            except (ValueError, RecursionError):
                yield line, part


def _read(line: int, value: Any, found: _Found) -> None:
    """Add the sentences of one record."""
    if not isinstance(value, dict):
        raise _UnusableError("not a JSON object")
    tokens = value.get("tokens", value.get("words"))
    if isinstance(tokens, list) and all(isinstance(token, str) for token in tokens):
        tags = next((value[key] for key in _TAGS if isinstance(value.get(key), list)), None)
        if tags is not None:
            if not all(isinstance(tag, str) for tag in tags):
                raise _UnusableError("tags that are no strings; give their names")
            if len(tags) != len(tokens):
                raise _UnusableError(f"{counted(len(tokens), 'token')} but {counted(len(tags), 'tag')}")
            if tokens:
                found.sentences.append(RawSentence(line, tuple(zip(tokens, tags, strict=True))))
            return
    if not isinstance(value.get("text"), str):
        raise _UnusableError('neither "text" and "spans" nor "tokens" and "tags"')
    spans: list[Any] = next((value[key] for key in _SPANS if isinstance(value.get(key), list)), [])
    _read_text(line, value["text"], [_span(one, len(value["text"])) for one in spans], found)


def _span(value: Any, length: int) -> Span:
    """A span by characters."""
    if isinstance(value, list) and len(value) == 3:
        start, end, label = value
    elif isinstance(value, Mapping):
        start, end, label = (
            next((value[key] for key in keys if key in value), None) for keys in (_START, _END, _LABEL)
        )
        label = label[0] if isinstance(label, list) and len(label) == 1 else label
    else:
        raise _UnusableError("a span that is neither [start, end, label] nor an object")
    is_range = all(isinstance(one, int) and not isinstance(one, bool) for one in (start, end))
    if not is_range or not isinstance(label, str) or not label.strip():
        raise _UnusableError("a span without start, end or label")
    if not 0 <= start < end <= length:
        raise _UnusableError(f"a span from {start} to {end} in a text of {length} characters")
    return Span(start, end, label.strip())


def _read_text(line: int, text: str, spans: Sequence[Span], found: _Found) -> None:
    """Divide a text into sentences of tokens, and lay its spans over them."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start - one.end, one.start)):
        if any(span.start < other.end and other.start < span.end for other in kept):
            found.n_overlapping += 1
        else:
            kept.append(span)
    edges = {edge for span in kept for edge in (span.start, span.end)}
    for places in _places(text, kept):
        tokens, n_cut = _divided(text, places, edges)
        found.n_cut += n_cut
        tags = tags_of(_token_spans(tokens, kept), len(tokens))
        rows = tuple((text[start:end], tag) for (start, end), tag in zip(tokens, tags, strict=True))
        if rows:
            found.sentences.append(RawSentence(line, rows))


def _places(text: str, spans: Sequence[Span]) -> list[list[Place]]:
    """Where the tokens of each sentence are; sentences that a span runs across are joined."""
    sentences: list[list[Place]] = []
    at = 0
    for tokens in tokenised_sentences(text):
        places = []
        for token in tokens:
            start = text.find(token, at)
            if start < 0:  # the tokeniser has rewritten something
                return [[match.span() for match in _WORDS.finditer(text)]]
            at = start + len(token)
            places.append((start, at))
        crosses = sentences and any(
            span.start < sentences[-1][-1][1] and span.end > places[0][0] for span in spans
        )
        if crosses:
            sentences[-1] += places
        else:
            sentences.append(places)
    return sentences


def _divided(text: str, places: Sequence[Place], edges: set[int]) -> tuple[list[Place], int]:
    """Tokens divided where a span begins or ends within them, and how many were."""
    parts: list[Place] = []
    n_cut = 0
    for start, end in places:
        inner = sorted(edge for edge in edges if start < edge < end)
        n_cut += bool(inner)
        bounds = [start, *inner, end]
        parts += [(a, b) for a, b in pairwise(bounds) if text[a:b].strip()]
    return parts, n_cut


def _token_spans(tokens: Sequence[Place], spans: Sequence[Span]) -> list[Span]:
    """Spans by tokens; one that covers blanks alone is nowhere."""
    found = []
    for span in spans:
        rows = [row for row, (start, end) in enumerate(tokens) if start < span.end and span.start < end]
        if rows:
            found.append(Span(rows[0], rows[-1] + 1, span.label))
    return found
