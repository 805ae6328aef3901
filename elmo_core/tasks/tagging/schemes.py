"""Tags <-> spans: IO, IOB1, BIO, BIOES (BILOU), by the rules of conlleval (Sang and Buchholz 2000)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Scheme = Literal["plain", "IO", "IOB1", "BIO", "BIOES"]
"""How tags say where spans begin; "plain" = every token has a class of its own, there are no spans."""

OUTSIDE = "O"
_SAME = {"L": "E", "U": "S", "M": "I", "W": "S"}
"""Letters of BILOU and BMES, and what they are called in BIOES."""
_LETTERS = "BIES"


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of tokens with a label."""

    start: int
    """Its first token."""
    end: int
    """The token after its last one."""
    label: str


@dataclass(frozen=True)
class Normalised:
    """Tags of one scheme, brought into BIO."""

    tags: tuple[tuple[str, ...], ...]
    scheme: Scheme
    """What they were written in."""
    n_repaired: int
    """Tags that this scheme does not allow where they stood, and that were read as conlleval does."""


def split_tag(tag: str) -> tuple[str, str]:
    """Letter and label of a tag: `B-PER` -> ("B", "PER"), `O` -> ("O", "")."""
    letter, dash, label = tag.partition("-")
    letter = _SAME.get(letter.upper(), letter.upper())
    if dash and label and letter in _LETTERS:
        return letter, label
    return (OUTSIDE, "") if tag in (OUTSIDE, "o") else ("", tag)


def spans_of(tags: Sequence[str]) -> list[Span]:
    """The spans of tags in IOB1, BIO, BIOES or a mixture of them, as conlleval reads them."""
    found: list[Span] = []
    start = 0
    before = (OUTSIDE, "")
    for at, tag in enumerate([*tags, OUTSIDE]):
        here = split_tag(tag)
        here = ("I", here[1]) if here[0] == "" else here
        if before[0] != OUTSIDE and _ends(before, here):
            found.append(Span(start, at, before[1]))
        if here[0] != OUTSIDE and (before[0] == OUTSIDE or _ends(before, here)):
            start = at
        before = here
    return found


def _ends(before: tuple[str, str], here: tuple[str, str]) -> bool:
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
        tags[span.start : span.end] = [f"{letter}-{span.label}" for letter in inner]
    return tags


def find_scheme(sentences: Iterable[Sequence[str]]) -> Scheme:
    """Which scheme tags are written in.

    Tags without letters are word classes, unless most of them are `O`: then a run of one label is a span.
    """
    tags = [[split_tag(tag) for tag in sentence] for sentence in sentences]
    letters = {letter for sentence in tags for letter, _ in sentence}
    if letters <= {"", OUTSIDE}:
        n_outside = sum(letter == OUTSIDE for sentence in tags for letter, _ in sentence)
        return "IO" if 2 * n_outside > sum(map(len, tags)) else "plain"
    if "" in letters and not letters & {"E", "S"} and not {"B", "I"} <= letters:
        return "plain"  # a class that happens to look like `I-...` among others
    if letters & {"E", "S"}:
        return "BIOES"
    padded = ([(OUTSIDE, ""), *sentence] for sentence in tags)
    pairs = [pair for sentence in padded for pair in pairwise(sentence)]
    begins_with_i = any(_begins_with_i(before, here) for before, here in pairs)
    needless_b = any(here[0] == "B" and before[1] != here[1] for before, here in pairs)
    return "IOB1" if begins_with_i and not needless_b else "BIO"


def _begins_with_i(before: tuple[str, str], here: tuple[str, str]) -> bool:
    return here[0] == "I" and before[1] != here[1]


def normalise(sentences: Sequence[Sequence[str]], scheme: Scheme | None = None) -> Normalised:
    """Bring tags into BIO; plain ones stay as they are.

    Args:
        sentences: the tags of each sentence.
        scheme: what they are written in; None = find out.
    """
    found = scheme or find_scheme(sentences)
    if found == "plain":
        return Normalised(tuple(map(tuple, sentences)), found, 0)
    tags = tuple(tuple(tags_of(spans_of(sentence), len(sentence))) for sentence in sentences)
    repaired = sum(n_illegal(sentence, found) for sentence in sentences)
    return Normalised(tags, found, repaired)


def n_illegal(tags: Sequence[str], scheme: Scheme) -> int:
    """Tags that a scheme does not allow where they stand."""
    if scheme in ("plain", "IO"):
        return 0
    pairs = [split_tag(tag) for tag in [OUTSIDE, *tags, OUTSIDE]]
    if scheme == "IOB1":
        return sum(
            letter == "" or (letter == "B" and before[1] != label)
            for before, (letter, label) in pairwise(pairs)
        )
    if scheme == "BIO":
        return sum(
            here[0] not in "BIO" or here[0] == "" or _begins_with_i(before, here)
            for before, here in pairwise(pairs)
        )
    return sum(not follows(before, here) for before, here in pairwise(pairs))


def follows(before: tuple[str, str], here: tuple[str, str]) -> bool:
    """Whether BIOES allows a (letter, label) after another; a sentence is surrounded by `O`."""
    if before[0] in ("B", "I"):
        return here[0] in ("I", "E") and before[1] == here[1]
    return here[0] in ("B", "S", OUTSIDE)
