"""JSON and JSONL: texts with spans by offsets, or tokens with tags, as annotation tools write them.

A record is one of
* a text with spans: `{"text": ..., "spans": [{"start": 0, "end": 3, "label": "PER"}]}` (Prodigy, doccano,
  Label Studio's JSON_MIN, spaCy, Dataturks; other usual names are understood), `[text, {"entities": [[0, 3,
  "PER"]]}]` (spaCy's training pairs), or a task of Label Studio;
* tokens with tags: `{"tokens": [...], "ner_tags": [...]}` (Hugging Face), with spans by tokens, or a list of
  pairs.
Records that a person has rejected, left or not reached are left out and counted, as is what no tag can say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from elmo_core.exceptions import InputError
from elmo_core.learning.tags.column_choice import TAG_NAMES, named_column
from elmo_core.learning.tags.raw_spans import (
    START,
    TOKENS,
    UnusableError,
    by_characters,
    by_tokens,
    given_tokens,
    label_of,
    read_span,
)
from elmo_core.learning.tags.sentences import RawSentence, TokenFile
from elmo_core.learning.tags.span_texts import SpanTexts, TextRecord, read_texts
from elmo_core.tables.json_tables import json_values
from elmo_core.tables.records import Skipped, counted
from elmo_core.text.encodings import Decoded
from elmo_core.text.unpacking import content_suffix

TEXTS = ("text", "content", "data", "sentence", "document", "raw", "body", "review", "message", "tweet")
_SPANS = ("spans", "entities", "ents", "label", "labels", "annotations", "annotation", "ner")
_DEEPEST = 3
_RELATIONS = ("relations", "relation")

Lists = dict[str, Sequence[str]]
"""Tokens, and tags of each kind, of one sentence."""


@dataclass
class _Found:
    """The sentences that the records of a file have given so far."""

    texts: list[TextRecord] = field(default_factory=list)
    lists: list[tuple[int, Lists]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def read_span_records(decoded: Decoded, name: str) -> TokenFile:
    """Read records, an object a line or however they are laid out.

    Args:
        decoded: the characters of the file.
        name: for messages.

    Raises:
        InputError: no record can be used.
    """
    kind = "JSON" if content_suffix(name) == ".json" else "JSONL"
    return read_values(name, kind, _records(decoded.text, name), decoded=decoded)


def read_values(
    name: str,
    kind: str,
    values: Iterable[tuple[int, Any]],
    *,
    decoded: Decoded | None = None,
    skipped: Sequence[Skipped] = (),
    notes: Sequence[str] = (),
    encoding: str | None = None,
) -> TokenFile:
    """Make a file of tokens from the values of records.

    Args:
        name: name of the file.
        kind: its format.
        values: line and value of each record, as they come from JSON.
        decoded: the characters of the file, if these are known.
        skipped: what was left out before.
        notes: what is to be said, one sentence each.
        encoding: that it was read with, where `decoded` is None.

    Raises:
        InputError: no record can be used.
    """
    found = _Found(skipped=list(skipped))
    for line, value in values:
        try:
            _read(line, value, found)
        except UnusableError as error:
            found.skipped.append(Skipped(line, str(error), str(value)[:200]))
    notes = [*(decoded.remarks() if decoded else ()), *notes, *notes_on(found.counts)]
    encoding = decoded.encoding if decoded else encoding
    return make_span_file(name, kind, found.texts, found.lists, found.skipped, notes=notes, encoding=encoding)


def make_span_file(
    name: str,
    kind: str,
    texts: Sequence[TextRecord],
    lists: Sequence[tuple[int, Lists]],
    skipped: Sequence[Skipped],
    *,
    notes: Sequence[str] = (),
    encoding: str | None = None,
) -> TokenFile:
    """Make a file of tokens from texts with spans and from tokens with tags.

    Raises:
        InputError: no record can be used.
    """
    laid = read_texts(texts) if texts else SpanTexts()
    columns = ["token", *dict.fromkeys(key for _, own in lists for key in own if key != "token")]
    shared = [column for column in columns if all(column in own for _, own in lists)]
    columns = shared if len(shared) > 1 and not texts else ["token", "tag"]
    sentences = list(laid.sentences)
    for line, own in lists:
        tag = named_column(list(own), TAG_NAMES) or list(own)[-1]
        cells = [own[column] if column in own else own[tag] for column in columns]
        sentences.append(RawSentence(line, tuple(zip(*cells, strict=True))))
    left_out = sorted([*skipped, *laid.skipped], key=lambda one: one.line)
    if not sentences:
        reason = f" (line {left_out[0].line}: {left_out[0].reason})" if left_out else ""
        raise InputError(
            f'{name} holds no usable record{reason}; give objects with "text" and "spans", or with "tokens" '
            'and "tags".'
        )
    sentences.sort(key=lambda one: one.line)
    tag_column = named_column(columns[1:], TAG_NAMES) or columns[-1]
    reason = (
        f"Tokens are in column 'token', tags in {tag_column!r} (by its name)." if len(columns) > 2 else ""
    )
    return TokenFile(
        name, kind, tuple(columns), tuple(sentences), "token", tag_column, tuple(left_out),
        (*notes, *laid.notes), encoding, reason,
    )  # fmt: skip


def as_lists(value: Mapping[str, Any]) -> Lists | None:
    """Tokens and their tags in the lists of a record; None = it has no such lists.

    Raises:
        UnusableError: their numbers differ, or all tags are numbers without names.
    """
    key = next((key for key in TOKENS if _are_strings(value.get(key))), None)
    if key is None:
        return None
    lists = {name: own for name, own in value.items() if name != key and isinstance(own, list)}
    named = {name: own for name, own in lists.items() if named_column([name], TAG_NAMES)}
    tags = {name: own for name, own in (named or lists).items() if _are_strings(own)}
    numbers = [name for name, own in named.items() if own and all(isinstance(one, int) for one in own)]
    if not tags and numbers:
        raise UnusableError(f"{numbers[0]!r} holds numbers without names; write the names of the tags")
    tokens = value[key]
    fitting = {name: own for name, own in tags.items() if len(own) == len(tokens)}
    if tags and not fitting:
        own = next(iter(tags.values()))
        raise UnusableError(f"{counted(len(tokens), 'token')} but {counted(len(own), 'tag')}")
    return {"token": tokens, **fitting} if fitting else None


def _are_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def notes_on(counts: Counter[str]) -> list[str]:
    """What is said of annotations that were left out, one sentence each."""
    sentences = {
        "discontinuous": "Left out {} of several pieces, which tags cannot say.",
        "other annotator": "Left out {} of further annotators; the first of each text is read.",
        "other kind": "Left out {} other than spans, such as relations and choices.",
        "overlapping": "Left out {} inside or across a longer one.",
        "further label": "Left out {} of spans that have several; the first is read.",
        "without spans": "{} without any spans: all tokens are outside.",
    }
    nouns = {
        "discontinuous": "span",
        "overlapping": "span",
        "without spans": "record",
        "further label": "label",
    }
    return [
        said.format(counted(counts[key], nouns.get(key, "annotation")))
        for key, said in sentences.items()
        if counts[key]
    ]


def _records(text: str, name: str) -> Iterator[tuple[int, Any]]:
    """Line (or number in its list) and value of each record."""
    values = [(line, own, value) for line, own, value in json_values(text, name) if own.strip()]
    if len(values) == 1:
        line, _, value = values[0]
        if isinstance(value, ValueError):
            raise InputError(f"{name} is not JSON ({value}); check where it was cut or edited.")
        if isinstance(value, dict) and not _is_record(value):
            value = max(_lists_below(value), key=len, default=value)
        if isinstance(value, list) and not _is_pair(value):
            yield from enumerate(value, start=1)
        else:
            yield line, value
        return
    for line, _, value in values:
        yield line, value


def _lists_below(value: Mapping[str, Any], depth: int = 0) -> Iterator[list[Any]]:
    """Lists of records in an object, or in the objects below it (Rasa)."""
    for inner in value.values():
        if isinstance(inner, list) and inner and isinstance(inner[0], dict | list):
            yield inner
        elif isinstance(inner, dict) and depth < _DEEPEST:
            yield from _lists_below(inner, depth + 1)


def _is_record(value: Mapping[str, Any]) -> bool:
    has_text = any(isinstance(value.get(key), str) for key in TEXTS)
    return (
        has_text or any(_are_strings(value.get(key)) for key in TOKENS) or isinstance(value.get("data"), dict)
    )


def _is_pair(value: Any) -> bool:
    """Whether a list is a text with its spans."""
    if not (isinstance(value, list) and len(value) >= 2 and isinstance(value[0], str)):
        return False
    spans = value[1]
    return isinstance(spans, dict) or (
        isinstance(spans, list) and all(isinstance(one, list) for one in spans)
    )


def _read(line: int, value: Any, found: _Found) -> None:
    """Add one record."""
    if _is_pair(value):
        own = value[1] if isinstance(value[1], dict) else {"spans": value[1]}
        value = {"text": value[0], **own}
    if isinstance(value, list) and value and all(_are_strings(one) and len(one) > 1 for one in value):
        found.lists.append((line, {"token": [one[0] for one in value], "tag": [one[-1] for one in value]}))
        return
    if not isinstance(value, dict):
        raise UnusableError("not JSON" if isinstance(value, ValueError) else "not a JSON object")
    if value.get("answer") in ("reject", "ignore"):
        raise UnusableError(f"answered with {value['answer']!r}")
    if isinstance(value.get("data"), dict):
        value = _task(value, found.counts)
    lists = as_lists(value)
    if lists is None:
        _read_text(line, value, found)
    elif lists["token"]:
        found.lists.append((line, lists))


def _read_text(line: int, value: Mapping[str, Any], found: _Found) -> None:
    """Add a text, or tokens, with spans."""
    found.counts["other kind"] += sum(
        len(value[key]) for key in _RELATIONS if isinstance(value.get(key), list)
    )
    text = next((value[key] for key in TEXTS if isinstance(value.get(key), str)), None)
    spans = [span for one in _raw_spans(value) if (span := read_span(one, found.counts))]
    words = next((value[key] for key in TOKENS if _are_strings(value.get(key)) and value[key]), None)
    if text is None and words is not None:
        found.lists.append((line, {"token": words, "tag": by_tokens(words, spans, found.counts)}))
        return
    if text is None:
        raise UnusableError('neither "text" and "spans" nor "tokens" and "tags"')
    found.counts["without spans"] += not spans
    tokens = given_tokens(value)
    found.texts.append(
        TextRecord(line, text, tuple(by_characters(one, tokens) for one in spans), tuple(tokens))
    )


def _raw_spans(value: Mapping[str, Any]) -> list[Any]:
    """The spans of a record as they stand there."""
    for key in _SPANS:
        own = value.get(key)
        if isinstance(own, list) and not (own and _are_strings(own)):
            return own
    others = (own for own in value.values() if isinstance(own, list) and own and isinstance(own[0], dict))
    return next((own for own in others if any(key in own[0] for key in START) and label_of(own[0])), [])


def _task(value: Mapping[str, Any], counts: Counter[str]) -> dict[str, Any]:
    """A task of Label Studio as a text with spans."""
    done = value.get("annotations", value.get("completions", []))
    done = [one for one in done if isinstance(one, dict)] if isinstance(done, list) else []
    if not done:
        raise UnusableError("not annotated yet")
    kept = [one for one in done if not (one.get("was_cancelled") or one.get("skipped"))]
    if not kept:
        raise UnusableError("skipped by its annotator")
    best = next((one for one in kept if one.get("ground_truth")), kept[0])
    counts["other annotator"] += len(kept) - 1
    spans = []
    for item in best.get("result", []):
        own = item.get("value") if isinstance(item, dict) else None
        if isinstance(own, dict) and any(key in own for key in START) and label_of(own) is not None:
            spans.append(own)
        else:
            counts["other kind"] += 1
    texts = {key: own for key, own in value["data"].items() if isinstance(own, str)}
    text = next((texts[key] for key in TEXTS if key in texts), max(texts.values(), key=len, default=None))
    return {"text": text, "spans": spans}
