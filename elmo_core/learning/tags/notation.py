"""Spellings of the tags of spans: `B-PER`, `B_PER`, `PER-B`, `b.per`, or a letter without a label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OUTSIDE = "O"
Part = tuple[str, str]
"""Letter and label of a tag: ("B", "PER"), ("O", ""), or ("", tag) where it has no letter."""

_LETTERS = {letter: letter for letter in "BIES"} | {"L": "E", "U": "S", "M": "I", "W": "S"}
"""Letters of BIOES, and what those of BILOU, BMES and BMEWO are called there."""
_SEPARATORS = "-_.:/|"
_OTHER_OUTSIDE = frozenset(("0", "_", "-", "\u2013", "out", "outside", "other", "none", "null", "x"))


@dataclass(frozen=True)
class Notation:
    """One way to spell tags."""

    separator: str
    """Between letter and label; empty = a letter alone, for spans of one type without a name."""
    letter_first: bool = True
    outside: str = OUTSIDE
    """The tag of tokens outside all spans, in either case."""

    @property
    def example(self) -> str:
        """The first token of a person's name in this notation."""
        if not self.separator:
            return "B"
        return f"B{self.separator}PER" if self.letter_first else f"PER{self.separator}B"

    def read(self, tag: str) -> Part | None:
        """Divide a tag; None = it is spelled in another way."""
        if tag.casefold() == self.outside.casefold():
            return OUTSIDE, ""
        if not self.separator:
            letter, label = tag, ""
        elif self.letter_first:
            letter, _, label = tag.partition(self.separator)
        else:
            label, _, letter = tag.rpartition(self.separator)
        found = _LETTERS.get(letter.upper())
        return None if found is None or bool(self.separator) != bool(label) else (found, label)


USUAL = Notation("-")
_ALL = (
    USUAL,
    Notation(""),
    *(Notation(separator) for separator in _SEPARATORS[1:]),
    *(Notation(separator, letter_first=False) for separator in _SEPARATORS),
)


def likely_notations(counts: Mapping[str, int]) -> list[Notation]:
    """List the notations in which most tags can be read, the best first.

    A notation other than `B-PER` needs a letter that begins a span, or tags for inside and outside: two
    classes called `E` and `S` are no scheme.

    Args:
        counts: how often each tag occurs.
    """
    outside = _outside(counts)
    inside = {tag: n for tag, n in counts.items() if tag.casefold() != outside.casefold()}
    has_outside = len(inside) < len(counts)
    found = []
    for notation in _ALL:
        own = Notation(notation.separator, notation.letter_first, outside)
        read = {tag: part for tag in inside if (part := own.read(tag))}
        letters = {letter for letter, _ in read.values()}
        n_read = sum(inside[tag] for tag in read)
        is_scheme = notation == USUAL or "B" in letters or ("I" in letters and has_outside)
        if is_scheme and 2 * n_read > sum(inside.values()):
            found.append((n_read, own))
    return [notation for _, notation in sorted(found, key=lambda one: -one[0])]


def read_any(tag: str, notation: Notation, labels: frozenset[str]) -> Part:
    """Divide a tag that may be an odd one.

    Args:
        tag: as it stands.
        notation: notation of most tags.
        labels: those found in this notation; a tag in another one counts only with a label of these.

    Returns:
        Letter and label; the letter is empty where the tag has none.
    """
    if tag.casefold() in _OTHER_OUTSIDE:
        return OUTSIDE, ""
    part = notation.read(tag)
    if part is not None:
        return part
    others = (other.read(tag) for other in _ALL)
    return next((part for part in others if part and (part[1] in labels or not part[1])), ("", tag))


def _outside(counts: Mapping[str, int]) -> str:
    """The tag of tokens outside all spans: `O` wherever it occurs."""
    if any(tag.casefold() == "o" for tag in counts):
        return OUTSIDE
    others = [tag for tag in counts if tag.casefold() in _OTHER_OUTSIDE]
    return max(others, key=lambda tag: counts[tag], default=OUTSIDE)
