"""Texts with spans by offsets -> sentences of tagged tokens.

Offsets count characters, unless the spans' own texts show that they count UTF-16 units (as JavaScript
does), bytes of UTF-8, or characters with a line end of Windows as one; their ends may be the last character.
A record that the file's way of counting does not explain is left out. A span that ends within a word is
extended to the whole word, one that ends beside it divides the token; of spans that overlap, the longer is
kept. All of it is counted.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from elmo_core.learning.tags.schemes import Span, tags_of
from elmo_core.learning.tags.sentences import RawSentence
from elmo_core.tables.records import Skipped, counted
from elmo_core.text.levelling import level
from elmo_core.text.tokenisation import located_sentences

Place = tuple[int, int]
"""First character, and the one after the last."""

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
"""Characters of scripts without blanks between words, or with particles at their ends."""


@dataclass(frozen=True)
class RawSpan:
    """A span as it stands in a file."""

    start: int
    end: int
    label: str
    text: str | None = None
    """Its words, where the file repeats them."""
    by_tokens: bool = False
    """Whether it counts tokens."""


@dataclass(frozen=True)
class TextRecord:
    """A text with its spans."""

    line: int
    text: str
    spans: tuple[RawSpan, ...]
    tokens: tuple[RawSpan, ...] = ()
    """Where the file says them; empty = the text is still to be divided."""


@dataclass(frozen=True)
class Counting:
    """A way to count offsets."""

    name: str
    width: Callable[[str, str], int]
    """Width of a character, given the next one."""
    has_last: bool = False
    """Whether ends are last characters, not the ones after them."""

    def places(self, text: str) -> Mapping[int, int] | range:
        """From an offset to the number of a character."""
        if text.isascii() and "\r" not in text:
            return range(len(text) + 1)
        found, at = {}, 0
        for number, (here, after) in enumerate(pairwise(text + "\0")):
            found[at] = number
            at += self.width(here, after)
        found[at] = len(text)
        return found

    def place(self, places: Mapping[int, int] | range, span: RawSpan) -> Place | None:
        """A span by characters; None = it begins or ends within a character, or outside the text."""
        start, end = span.start, span.end + self.has_last
        try:
            found = (places[start], places[end]) if start >= 0 else (0, 0)
        except (KeyError, IndexError):
            return None
        return found if found[0] < found[1] else None


def _countings() -> tuple[Counting, ...]:
    widths: dict[str, Callable[[str, str], int]] = {
        "characters": lambda here, after: 1,
        "UTF-16 units": lambda here, after: 1 + (ord(here) > 0xFFFF),
        "bytes of UTF-8": lambda here, after: len(here.encode("utf-8", "surrogatepass")),
        "characters with each line end as one": lambda here, after: int((here, after) != ("\r", "\n")),
    }
    usual = [Counting(name, width) for name, width in widths.items()]
    return (*usual, *(replace(one, name=f"{one.name}, ends included", has_last=True) for one in usual))


COUNTINGS = _countings()


@dataclass
class SpanTexts:
    """The sentences of a file's texts, and what was done to its spans."""

    sentences: list[RawSentence] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def read_texts(records: Sequence[TextRecord]) -> SpanTexts:
    """Divide texts into sentences of tokens, and lay their spans over them."""
    found = SpanTexts()
    counting = _find_counting(records, found.notes)
    for record in records:
        places = counting.places(record.text)
        spans = [counting.place(places, span) for span in record.spans]
        reason = next(
            (_fault(record, span, place) for span, place in zip(record.spans, spans, strict=True)
             if _fault(record, span, place)), None,
        )  # fmt: skip
        if reason:
            found.skipped.append(Skipped(record.line, reason, record.text[:200]))
            continue
        placed = [Span(*place, span.label) for span, place in zip(record.spans, spans, strict=True) if place]
        tokens = [counting.place(places, token) for token in record.tokens]
        _lay(record, placed, [token for token in tokens if token], found)
    for n, said in (
        (found.counts["overlapping"], "Left out {} inside or across a longer one."),
        (found.counts["extended"], "Extended {} to whole words; if these are many, the offsets are wrong."),
    ):
        if n:
            found.notes.append(said.format(counted(n, "span")))
    if found.counts["divided"]:
        n = found.counts["divided"]
        found.notes.append(f"Divided {counted(n, 'token')} in which a span begins or ends.")
    return found


def _find_counting(records: Sequence[TextRecord], notes: list[str]) -> Counting:
    """The way to count that explains most spans; without own texts, characters."""
    explained, cut = Counter[str](), Counter[str]()
    n_with_text = 0
    for record in records:
        n_with_text += sum(span.text is not None for span in record.spans)
        for counting in COUNTINGS:
            places = counting.places(record.text)
            for span in record.spans:
                place = counting.place(places, span)
                if span.text is not None:
                    explained[counting.name] += place is not None and _is_text(record.text, place, span.text)
                cut[counting.name] += place is None or any(_is_within(record.text, at) for at in place)
    best = max(COUNTINGS, key=lambda one: explained[one.name])
    usual = COUNTINGS[0]
    if best is not usual:
        n = explained[best.name] - explained[usual.name]
        notes.append(f"Offsets count {best.name}, as the spans' own texts show; {counted(n, 'span')} moved.")
    elif not n_with_text and cut[usual.name]:
        others = [one.name for one in COUNTINGS[1:4] if not cut[one.name]]
        if others:
            notes.append(
                f"Offsets are taken as characters, and {counted(cut[usual.name], 'span')} would cut words; "
                f"as {others[0]} none would. Save them with each span's text."
            )
    return best


def _fault(record: TextRecord, span: RawSpan, place: Place | None) -> str | None:
    """Why a span cannot be used."""
    if place is None:
        return f"a span from {span.start} to {span.end} in a text of {len(record.text)} characters"
    if span.text is None or _is_text(record.text, place, span.text):
        return None
    there = record.text[slice(*place)][:40]
    return (
        f"a span from {span.start} to {span.end} is {there!r} there, but {span.text[:40]!r} by its own text"
    )


def _is_text(text: str, place: Place, own: str) -> bool:
    """Whether a span's own text stands there; blanks may differ, and what levelling removes."""
    return level(text[slice(*place)]).split() == level(own).split()


def _is_within(text: str, at: int) -> bool:
    """Whether a place lies within a word or a number, where no span of words ends."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if unicodedata.combining(after):
        return True
    if _UNSPACED.match(before) or _UNSPACED.match(after):
        return False
    return (before.isalpha() and after.isalpha()) or (before.isdigit() and after.isdigit())


def _lay(record: TextRecord, spans: Sequence[Span], tokens: Sequence[Place], found: SpanTexts) -> None:
    """Divide a text, and lay its spans over the tokens."""
    given = sorted(tokens)
    gaps = [(before, after) for (_, before), (after, _) in pairwise([(0, 0), *given, (len(record.text), 0)])]
    if any(before > after or record.text[before:after].strip() for before, after in gaps):
        given = []  # they overlap, or leave a part of the text out
    extended = [_extended(record.text, span, given) for span in spans]
    found.counts["extended"] += sum(new != old for new, old in zip(extended, spans, strict=True))
    kept: list[Span] = []
    for span in sorted(extended, key=lambda one: (one.start - one.end, one.start)):
        if any(span.start < other.end and other.start < span.end for other in kept):
            found.counts["overlapping"] += 1
        else:
            kept.append(span)
    edges = {edge for span in kept for edge in (span.start, span.end)}
    for places in [given] if given else _places(record.text, kept):
        parts = list(places) if given else _divided(record.text, places, edges, found.counts)
        tags = tags_of(_token_spans(parts, kept), len(parts))
        words = (record.text[start:end] for start, end in parts)
        rows = tuple((level(word) or word, tag) for word, tag in zip(words, tags, strict=True))
        if rows:
            found.sentences.append(RawSentence(record.line, rows))


def _extended(text: str, span: Span, tokens: Sequence[Place]) -> Span:
    """A span that ends where words, or the tokens that are given, end."""
    start, end = span.start, span.end
    if tokens:
        own = [place for place in tokens if place[0] < end and start < place[1]]
        return Span(min(start, own[0][0]), max(end, own[-1][1]), span.label) if own else span
    while _is_within(text, start):
        start -= 1
    while _is_within(text, end):
        end += 1
    return Span(start, end, span.label)


def _places(text: str, spans: Sequence[Span]) -> list[list[Place]]:
    """Where the tokens of each sentence are; sentences that a span runs across are joined."""
    sentences: list[list[Place]] = []
    for _, places in located_sentences(text):
        crosses = sentences and any(
            span.start < sentences[-1][-1][1] and span.end > places[0][0] for span in spans
        )
        if crosses:
            sentences[-1] += places
        else:
            sentences.append(places)
    return sentences


def _divided(text: str, places: Sequence[Place], edges: set[int], counts: Counter[str]) -> list[Place]:
    """Tokens divided where a span begins or ends within them."""
    parts: list[Place] = []
    for start, end in places:
        inner = sorted(edge for edge in edges if start < edge < end)
        counts["divided"] += bool(inner)
        bounds = [start, *inner, end]
        parts += [(a, b) for a, b in pairwise(bounds) if text[a:b].strip()]
    return parts


def _token_spans(tokens: Sequence[Place], spans: Sequence[Span]) -> list[Span]:
    """Spans by tokens; one that covers blanks alone is nowhere."""
    found = []
    for span in spans:
        rows = [row for row, (start, end) in enumerate(tokens) if start < span.end and span.start < end]
        if rows:
            found.append(Span(rows[0], rows[-1] + 1, span.label))
    return found
