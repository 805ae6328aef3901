"""One spelling for what typing, autocorrection and file formats spell in many ways.

A text is levelled before it is tokenised, and so are queries and labels: a curly apostrophe gives the
tokens of a straight one, and an accent is the same composed or not. Tokens handed in as lists are never
levelled, and printable ASCII stays as it is.

Levelled
* Curly, low and fullwidth quotation marks and apostrophes, German ones included, become `"` and `'`: the
  plain forms are frequent in the training text of `english-small` and the only ones in that of the
  published ELMo. Beside Chinese and Japanese characters they stay, for there they are the only form.
* An acute accent or a prime between two letters becomes `'`; so does the modifier apostrophe (U+02BC)
  between Cyrillic letters and before s, t, d, m, re, ve, ll. Elsewhere it is a letter (Navajo, Breton).
* The ellipsis becomes `...`, except beside Chinese and Japanese characters; U+2010 and the no-break hyphen
  become `-`; no-break, thin, ideographic and other spaces become a blank; Latin ligatures their letters.
* Soft hyphens, BOM, bidi and format controls and lone surrogates go.
* A zero-width space becomes a blank in Thai, Lao, Khmer, Burmese and their kin, where it parts words;
  elsewhere it goes. Joiner, non-joiner and Mongolian vowel separator stay inside words of the scripts that
  spell with them (Persian, Hindi), the joiner in emoji too; variation selectors 15 and 16 stay after emoji.
* The rest is put into Unicode's NFC.

Left alone: dashes and the minus sign, which are frequent tokens of their own in the training text of
`english-small`; guillemets, CJK brackets and Hebrew geresh, the right forms of their languages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from unicodedata import is_normalized, normalize

import regex

_Edit = tuple[int, int, str]
"""Characters from start to end become a string."""

_PLAIN = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\uff07", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\uff02", '"'),
    **dict.fromkeys("\u2010\u2011", "-"),
    **dict.fromkeys(map(chr, (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)), " "),
    **dict(zip(map(chr, range(0xFB00, 0xFB07)), ["ff", "fi", "fl", "ffi", "ffl", "st", "st"], strict=True)),
}
_INVISIBLE = (
    r"\x00-\x08\x0e-\x1b"  # controls, those that are white space left alone
    r"\u00ad\u034f\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
)
_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\u3001-\u303f\uff01\uff08\uff09\uff0c\uff0e\uff1a\uff1b\uff1f"
_NOT_IN_CJK = "\u2018\u2019\u201c\u201d"
_ALONE = regex.compile(
    rf"[{_INVISIBLE}{''.join(set(_PLAIN) - set(_NOT_IN_CJK))}]"
    rf"|[{_NOT_IN_CJK}](?<![{_CJK}].)(?![{_CJK}])"
    rf"|\u2026(?<![{_CJK}\u2026].)\u2026*(?![{_CJK}\u2026])"
    r"|[\ufe0e\ufe0f](?<!\p{Emoji}.)"
    r"|[\U000e0001-\U000e007f](?<!\U0001f3f4[\U000e0020-\U000e007f]*)"  # the letters in flags of regions
)
_MAY_CHANGE = re.compile(
    rf"[{_INVISIBLE}{''.join(_PLAIN)}\u2026\ufe0e\ufe0f\U000e0001-\U000e007f\u180e\u200b-\u200d\u00b4\u2032\u02bc]"
)
"""All characters that a text in NFC may have another spelling of."""

_ZWSP, _ZWJ = "\u200b", "\u200d"
_JOINERS = regex.compile("[\u180e\u200b\u200c\u200d]+")
_JOINED_SCRIPTS = regex.compile(
    r"[\u0640\u064b-\u0655\p{Arabic}\p{Syriac}\p{Mandaic}\p{Nko}\p{Adlam}\p{Mongolian}\p{Phags_Pa}"
    r"\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}\p{Tamil}\p{Telugu}\p{Kannada}\p{Malayalam}"
    r"\p{Sinhala}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{Javanese}\p{Balinese}\p{Sundanese}\p{Meetei_Mayek}]"
)
_UNSPACED_SCRIPTS = regex.compile(
    r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{Javanese}\p{Balinese}\p{Sundanese}"
    r"\p{Tai_Le}\p{New_Tai_Lue}\p{Tai_Tham}\p{Tai_Viet}\p{Cham}]"
)
_BEFORE_EMOJI = regex.compile(r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]")
_EMOJI = regex.compile(r"\p{Extended_Pictographic}")

_CLUSTERS = regex.compile(r"\X")
_APOSTROPHES = regex.compile(
    r"[\u00b4\u2032](?<=\p{L}.)(?=\p{L})"
    r"|\u02bc(?<=\p{Cyrillic}.)(?=\p{Cyrillic})"
    r"|\u02bc(?<=\p{Latin}.)(?=(?i:s|t|d|m|re|ve|ll)\b)"
)

_SELECTORS = regex.compile(r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


@dataclass(frozen=True)
class Levelled:
    """A levelled text, and where each of its characters stands in the original."""

    text: str
    starts: tuple[int, ...]
    """For each character the start of what it was made of."""
    ends: tuple[int, ...]
    """For each character the end of what it was made of."""

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Start and end in the original of a span of the levelled text, which must not be empty."""
        return self.starts[start], self.ends[end - 1]


def level(text: str) -> str:
    """Give a text its one spelling; doing it twice changes nothing more."""
    if not _MAY_CHANGE.search(text) and is_normalized("NFC", text):
        return text
    for step in _STEPS:
        text = _apply(text, step(text))
    return text


def level_with_offsets(text: str) -> Levelled:
    """Level a text, and keep where each character comes from."""
    places = [(at, at + 1) for at in range(len(text))]
    for step in _STEPS:
        edits = list(step(text))
        if edits:
            places = _move(places, edits)
            text = _apply(text, edits)
    return Levelled(text, tuple(start for start, _ in places), tuple(end for _, end in places))


def fold(token: str) -> str:
    """Fold a token for comparison: levelled, without case, without the look that a selector asks for.

    The dotted capital of Turkish folds to a plain i, the dotless i stays another letter: without the
    language, `I` can only be the capital of one of them.
    """
    folded = level(token).casefold().replace("i\u0307", "i")
    return folded if folded.isascii() else normalize("NFC", _SELECTORS.sub("", folded))


def unify(labels: Sequence[str]) -> tuple[list[str], list[str]]:
    """Give labels that differ in invisible ways alone one spelling: the first that occurs.

    Args:
        labels: in the order of their file.

    Returns:
        The labels, without blanks at either end, and those spellings that stand for others as well.
    """
    first: dict[str, str] = {"": ""}
    respelt: dict[str, None] = {}
    unified = []
    for label in map(str.strip, labels):
        spelling = first.setdefault(level(label).strip(), label)
        if spelling not in ("", label):
            respelt[spelling] = None
        unified.append(spelling)
    return unified, list(respelt)


def _apply(text: str, edits: Iterable[_Edit]) -> str:
    parts, at = [], 0
    for start, end, new in edits:
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]]) if parts else text


def _move(places: list[tuple[int, int]], edits: Iterable[_Edit]) -> list[tuple[int, int]]:
    """Places of the characters of an edited text."""
    moved, at = [], 0
    for start, end, new in edits:
        moved += places[at:start]
        moved += [(places[start][0], places[end - 1][1])] * len(new)
        at = end
    return moved + places[at:]


def _edit_alone(text: str) -> Iterable[_Edit]:
    """Characters that are replaced whatever stands beside them."""
    for match in _ALONE.finditer(text):
        found = match[0]
        yield *match.span(), "..." * len(found) if found[0] == "\u2026" else _PLAIN.get(found, "")


def _edit_joiners(text: str) -> Iterable[_Edit]:
    """Runs of zero-width characters, by what stands on either side."""
    for match in _JOINERS.finditer(text):
        start, end = match.span()
        new = _joiner(match[0], text[max(0, start - 1) : start], text[end : end + 1])
        if new != match[0]:
            yield start, end, new


def _joiner(run: str, before: str, after: str) -> str:
    """What is left of a run of zero-width characters between two others."""
    if _ZWSP in run and (_UNSPACED_SCRIPTS.match(before) or _UNSPACED_SCRIPTS.match(after)):
        return " "
    joiner = run.replace(_ZWSP, "")[:1]
    if joiner == _ZWJ and _BEFORE_EMOJI.match(before) and _EMOJI.match(after):
        return joiner
    is_inside = _JOINED_SCRIPTS.match(before) and (joiner == _ZWJ or _JOINED_SCRIPTS.match(after))
    return joiner if is_inside else ""


def _edit_accents(text: str) -> Iterable[_Edit]:
    """Clusters of a letter and its marks that are not in NFC."""
    if is_normalized("NFC", text):
        return
    for match in _CLUSTERS.finditer(text):
        composed = normalize("NFC", match[0])
        if composed != match[0]:
            yield (*match.span(), composed)


def _edit_apostrophes(text: str) -> Iterable[_Edit]:
    """Characters that are apostrophes by where they stand."""
    return ((*match.span(), "'") for match in _APOSTROPHES.finditer(text))


_STEPS: tuple[Callable[[str], Iterable[_Edit]], ...] = (
    _edit_alone,
    _edit_joiners,
    _edit_accents,
    _edit_apostrophes,
)
