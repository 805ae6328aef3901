"""Sentences with their spans marked in colour, as HTML in which everything of the text is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence

from elmo_core.learning.tags.prediction import FoundSpan, TaggedSentence
from elmo_core.learning.tags.schemes import named
from elmo_core.plots.style import NEUTRAL, PALETTE

_QUOTES = ('"', "\u201e")
_NO_SPACE_AFTER = frozenset("([{\u201c\u2018$\u00a3")
_NO_SPACE_BEFORE = frozenset(".,;:!?)]}%'\u2019\u201d")
_PAGE_START = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Tagged sentences</title>\n'
    '<meta name="color-scheme" content="light dark"><meta name="viewport" content="width=device-width">\n'
    "<style>body{font:16px/1.9 'Source Sans 3',Helvetica,Arial,sans-serif;max-width:46rem;margin:2rem auto;"
    "padding:0 1rem}p{margin:.4rem 0}</style></head><body>\n"
)
_PAGE_END = "</body></html>\n"


def colours(labels: Sequence[str]) -> dict[str, str]:
    """A colour for each label; from the eighth on they repeat, so the label is always written beside it."""
    return {label: PALETTE[number % len(PALETTE)] for number, label in enumerate(labels)}


def highlighted(sentence: TaggedSentence, labels: Sequence[str], *, with_probability: bool = True) -> str:
    """One sentence as an HTML paragraph.

    Args:
        sentence: its spans do not overlap.
        labels: all labels, in the order of their colours.
        with_probability: whether to say how sure each span is.
    """
    palette = colours(labels)
    parts: list[str] = []
    at = 0
    for found in sentence.found:
        parts += map(_escaped, sentence.tokens[at : found.span.start])
        words = sentence.tokens[found.span.start : found.span.end]
        parts.append(_mark(words, found, palette, with_probability))
        at = found.span.end
    parts += map(_escaped, sentence.tokens[at:])
    return f'<p style="line-height:2">{_joined(parts)}</p>'


def to_html(sentences: Iterable[TaggedSentence], labels: Sequence[str]) -> Iterator[str]:
    """A page of sentences that needs no network, piece by piece."""
    yield _PAGE_START
    for sentence in sentences:
        yield highlighted(sentence, labels) + "\n"
    yield _PAGE_END


def _escaped(token: str) -> str:
    return html.escape(token, quote=True)


def _mark(words: Sequence[str], found: FoundSpan, palette: dict[str, str], with_probability: bool) -> str:
    """A span on a tint of its colour, its label behind it."""
    colour = palette.get(found.span.label, NEUTRAL)
    label = _escaped(named(found.span.label))
    sure = f" {found.probability:.0%}" if with_probability else ""
    return (
        f'<mark style="color:inherit;background:{colour}33;border-bottom:2px solid {colour};'
        f'border-radius:3px;padding:1px 4px;white-space:normal" title="{label}{sure}">'
        f"{_joined([_escaped(word) for word in words])}"
        f'<small style="opacity:.9;margin-left:5px">{label}{sure}</small></mark>'
    )


def _joined(parts: Sequence[str]) -> str:
    """Words with blanks between them, none before closing or after opening punctuation."""
    joined = ""
    is_glued, is_quoted = True, False
    for part in parts:
        sign = "" if part.startswith("<mark") else html.unescape(part)
        closes = sign[:1] in _NO_SPACE_BEFORE if sign else False
        opens = sign in _NO_SPACE_AFTER
        if sign in _QUOTES:
            opens, closes = not is_quoted, is_quoted
            is_quoted = not is_quoted
        joined += part if is_glued or closes else f" {part}"
        is_glued = opens
    return joined
