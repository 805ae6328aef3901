"""Tags <-> spans: IO, IOB1, BIO, BIOES (BILOU, BMES), IOE2, by the rules of conlleval (Sang, Buchholz 2000).

Whatever notation a file uses (see `notation`), tags here are `O` and a letter of BIOES with a label: `B-PER`.
Spans of one type without a name have an empty label and bare letters: `B`, `I`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Literal

from elmo_core.exceptions import InputError
from elmo_core.learning.tags.notation import OUTSIDE, USUAL, Notation, Part, likely_notations, read_any

Scheme = Literal["plain", "IO", "IOB1", "BIO", "BIOES", "IOE2"]
"""How tags say where spans begin; "plain" = every token has a class of its own, there are no spans."""

SCHEMES: tuple[Scheme, ...] = ("plain", "IO", "IOB1", "BIO", "BIOES", "IOE2")
_WITH_LETTERS: tuple[Scheme, ...] = ("BIO", "IOB1", "BIOES", "IOE2")  # the first one wins where several fit
_ALIASES: Mapping[str, Scheme] = {
    "IOB2": "BIO", "IOBES": "BIOES", "BILOU": "BIOES", "BIOLU": "BIOES", "BILUO": "BIOES",
    "BMES": "BIOES", "BMEWO": "BIOES", "BMEOW": "BIOES",
}  # fmt: skip
_WEIGHTS: Mapping[Scheme, int] = {"IOB1": 4}
"""How much a tag counts against a scheme: a span that begins with I is a common slip in BIO, whereas a B that
IOB1 does not need is none."""
_MOST_ODD = 0.25
"""Share of tags that break every scheme, above which a rare notation is taken for names of classes."""
_EDGE: Part = (OUTSIDE, "")

Tags = Sequence[str]


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of tokens with a label."""

    start: int
    """Its first token."""
    end: int
    """The token after its last one."""
    label: str
    """Empty = the one type, which has no name."""


@dataclass(frozen=True)
class Normalised:
    """Tags of one scheme, brought into BIO."""

    tags: tuple[tuple[str, ...], ...]
    scheme: Scheme
    """Scheme that they were written in."""
    n_repaired: int
    """Tags that this scheme does not allow where they stood, and that were read as conlleval does."""
    notation: Notation = USUAL
    odd: tuple[str, ...] = ()
    """Tags spelled unlike the others, the most frequent first."""


def named(label: str) -> str:
    """A label for the eye: spans of the one type without a name are called "span"."""
    return label or "span"


def as_scheme(name: str) -> Scheme:
    """A scheme by its name or a usual other one (IOB2, IOBES, BILOU, BMES, BMEWO), in either case.

    Raises:
        InputError: there is no such scheme.
    """
    known: dict[str, Scheme] = {scheme.upper(): scheme for scheme in SCHEMES}
    scheme = known.get(name.upper()) or _ALIASES.get(name.upper())
    if scheme is None:
        raise InputError(f"There is no scheme {name!r}; use one of {', '.join((*SCHEMES, *_ALIASES))}.")
    return scheme


def split_tag(tag: str) -> Part:
    """Letter and label of a tag: `B-PER` -> ("B", "PER"), `B` -> ("B", ""), `O` -> ("O", "")."""
    return USUAL.read(tag) or Notation("").read(tag) or ("", tag)


def join_tag(letter: str, label: str) -> str:
    """The tag of a letter and a label."""
    return f"{letter}-{label}" if label and letter != OUTSIDE else letter


def spans_of(tags: Tags) -> list[Span]:
    """The spans of tags in IOB1, BIO, BIOES, IOE2 or a mixture of them, as conlleval reads them."""
    found: list[Span] = []
    start = 0
    before = _EDGE
    for at, tag in enumerate([*tags, OUTSIDE]):
        here = split_tag(tag)
        here = ("I", here[1]) if here[0] == "" else here
        if before[0] != OUTSIDE and _ends(before, here):
            found.append(Span(start, at, before[1]))
        if here[0] != OUTSIDE and (before[0] == OUTSIDE or _ends(before, here)):
            start = at
        before = here
    return found


def _ends(before: Part, here: Part) -> bool:
    """Whether a span that holds the token before ends there."""
    return before[0] in "ES" or here[0] in "BSO" or before[1] != here[1]


def tags_of(spans: Iterable[Span], n_tokens: int, scheme: Literal["BIO", "BIOES"] = "BIO") -> list[str]:
    """Write spans that do not overlap as tags."""
    tags = [OUTSIDE] * n_tokens
    for span in spans:
        inner = ["I"] * (span.end - span.start)
        inner[0] = "B"
        if scheme == "BIOES":
            inner[-1] = "S" if len(inner) == 1 else "E"
        tags[span.start : span.end] = [join_tag(letter, span.label) for letter in inner]
    return tags


def find_scheme(sentences: Iterable[Tags]) -> Scheme:
    """Find the scheme that tags are written in; see `normalise`."""
    rows = list(map(tuple, sentences))
    notation = _find_notation(rows)
    return _fallback(rows) if notation is None else _fewest_illegal(_parts(rows, notation)[0])


def normalise(sentences: Sequence[Tags], scheme: Scheme | None = None) -> Normalised:
    """Bring tags into BIO; plain ones stay as they are.

    The notation is the one in which most tags can be read, the scheme the one with the fewest tags where it
    does not allow them; the others are read as conlleval does, and counted. Tags without letters are word
    classes, unless most of them are `O`: then a run of one label is a span.

    Args:
        sentences: the tags of each sentence.
        scheme: what they are written in; None = find out.

    Raises:
        InputError: the scheme that is given has letters, and the tags have none.
    """
    rows = list(map(tuple, sentences))
    notation = None if scheme == "plain" else _find_notation(rows)
    odd = Counter[str]()
    if notation is None and scheme in _WITH_LETTERS and any(map(_is_inside, chain.from_iterable(rows))):
        raise InputError(
            f"The tags are not in {scheme}: most have no letter such as B or I. Use IO or plain."
        )
    if notation is None:
        found = scheme or _fallback(rows)
        if found == "plain":
            return Normalised(tuple(rows), found, 0)
        notation = USUAL
        parts = [[("I", tag) if _is_inside(tag) else _EDGE for tag in row] for row in rows]
    else:
        parts, odd = _parts(rows, notation)
        found = scheme or _fewest_illegal(parts)
    n_repaired = sum(
        tag in odd or not _allows(found, before, here)
        for row, own in zip(rows, parts, strict=True)
        for tag, (before, here) in zip([*row, OUTSIDE], _pairs(own), strict=True)
    )
    if found == "IO":
        parts = [[part if part == _EDGE else ("I", part[1]) for part in row] for row in parts]
    written = [[join_tag(letter or "I", label) for letter, label in row] for row in parts]
    tags = tuple(tuple(tags_of(spans_of(row), len(row))) for row in written)
    return Normalised(tags, found, n_repaired, notation, tuple(tag for tag, _ in odd.most_common()))


def normalise_as_spans(sentences: Sequence[Tags]) -> Normalised:
    """Bring tags that are known to be of spans into BIO; without letters, a run of one label is a span."""
    found = normalise(sentences)
    return normalise(sentences, "IO") if found.scheme == "plain" else found


def _find_notation(rows: Sequence[Tags]) -> Notation | None:
    """The notation of most tags; None = they have no letters."""
    for notation in likely_notations(Counter(tag for row in rows for tag in row)):
        parts, _ = _parts(rows, notation)
        n_inside = sum(part != _EDGE for row in parts for part in row)
        n_illegal = min(_n_illegal(parts, scheme) for scheme in _WITH_LETTERS)
        is_usual = notation.separator == USUAL.separator and notation.letter_first
        if is_usual or n_illegal <= _MOST_ODD * n_inside:
            return notation
    return None


def _parts(rows: Sequence[Tags], notation: Notation) -> tuple[list[list[Part]], Counter[str]]:
    """Letter and label of each tag, and the tags that are spelled in another way."""
    counts = Counter(tag for row in rows for tag in row)
    read = {tag: part for tag in counts if (part := notation.read(tag))}
    labels = frozenset(label for _, label in read.values())
    odd = Counter({tag: n for tag, n in counts.items() if tag not in read})
    read |= {tag: read_any(tag, notation, labels) for tag in odd}
    return [[read[tag] for tag in row] for row in rows], odd


def _fallback(rows: Sequence[Tags]) -> Scheme:
    """The scheme of tags without letters."""
    n_inside = sum(_is_inside(tag) for row in rows for tag in row)
    return "IO" if 2 * n_inside < sum(map(len, rows)) else "plain"


def _is_inside(tag: str) -> bool:
    return tag not in (OUTSIDE, "o")


def _fewest_illegal(parts: Sequence[Sequence[Part]]) -> Scheme:
    return min(_WITH_LETTERS, key=lambda scheme: _WEIGHTS.get(scheme, 1) * _n_illegal(parts, scheme))


def n_illegal(tags: Tags, scheme: Scheme) -> int:
    """Tags that a scheme does not allow where they stand."""
    return _n_illegal([[split_tag(tag) for tag in tags]], scheme)


def _n_illegal(parts: Iterable[Sequence[Part]], scheme: Scheme) -> int:
    pairs = Counter(pair for row in parts for pair in _pairs(row))
    return sum(n for pair, n in pairs.items() if not _allows(scheme, *pair))


def _pairs(row: Sequence[Part]) -> Iterator[tuple[Part, Part]]:
    """Neighbours in a sentence, which is surrounded by `O`."""
    return pairwise([_EDGE, *row, _EDGE])


def _allows(scheme: Scheme, before: Part, here: Part) -> bool:
    """Whether a scheme allows a tag after another."""
    continues = before[0] != OUTSIDE and before[1] == here[1]
    if scheme in ("plain", "IO"):
        return True
    if scheme == "IOB1":
        return here[0] in ("I", OUTSIDE) or (here[0] == "B" and continues)
    if scheme == "BIO":
        return here[0] in ("B", OUTSIDE) or (here[0] == "I" and continues)
    if scheme == "IOE2":
        return here[0] in ("I", "E", OUTSIDE) and (before[0] != "I" or (here[0] != OUTSIDE and continues))
    return follows(before, here)


def follows(before: Part, here: Part) -> bool:
    """Whether BIOES allows a (letter, label) after another; a sentence is surrounded by `O`."""
    if before[0] in ("B", "I"):
        return here[0] in ("I", "E") and before[1] == here[1]
    return here[0] in ("B", "S", OUTSIDE)
