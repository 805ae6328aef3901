"""A user's query and the tokens that match it: a word, a phrase, several of either, or a pattern.

bank              one token, in any case
New York          several tokens in a row; don't (don + 't) and o'clock are such phrases as well
bank, New York    any of several
/covid.*/         every token of the text that the pattern matches as a whole

A query is levelled and tokenised like the text (`elmo_core.text.levelling`) and compared without regard to
case, so digits, dots, apostrophes, hyphens and accents count as they do there. A comma between digits does
not part a query: `1,000` is a number.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from elmo_core.exceptions import InputError
from elmo_core.senses.inflections import forms_of
from elmo_core.text.levelling import fold, level
from elmo_core.text.tokenisation import Phrase, phrases_of

MAX_FORMS = 500
"""A pattern that matches more different tokens is refused."""
MAX_PHRASE = 20
"""Tokens of a phrase."""
_TIMEOUT_S = 0.5  # for one token: a pattern of a user may be slow on purpose
_COMMA = re.compile(r"(?<!\d),|,(?!\d)")


@dataclass(frozen=True)
class Query:
    """Phrases or a pattern that were asked for."""

    phrases: tuple[Phrase, ...]
    """Every way in which a text may be tokenised where it holds what was asked for."""
    pattern: str
    """A regular expression; empty = none."""

    @property
    def needs_vocabulary(self) -> bool:
        """Whether the vocabulary of the text is needed to find the tokens that match."""
        return bool(self.pattern)


def parse_query(text: str) -> Query:
    """Read what was typed.

    Raises:
        InputError: it is empty, a phrase of it is too long, or its pattern is none.
    """
    text = level(text).strip()
    if len(text) > 2 and text.startswith("/") and text.endswith("/"):
        _compile(text[1:-1])
        return Query((), text[1:-1])
    parts = [part.strip() for part in _COMMA.split(text)] if text.strip(", ") else [text]
    phrases = dict.fromkeys(phrase for part in parts for phrase in phrases_of(part))
    if not phrases:
        raise InputError("Type a word to see its uses.")
    if (length := max(map(len, phrases))) > MAX_PHRASE:
        raise InputError(f"A phrase of up to {MAX_PHRASE} tokens can be looked for; this one has {length}.")
    return Query(tuple(phrases), "")


def forms(query: Query, vocabulary: Collection[str], *, inflections: bool = False) -> frozenset[Phrase]:
    """The phrases that count.

    Args:
        query: what was asked for.
        vocabulary: the folded tokens of the text; may be empty where nothing needs them.
        inflections: whether other forms count as well (English: banks for bank); of a phrase, those of its
            last token.

    Raises:
        InputError: its pattern matches too many tokens, or takes too long.
    """
    found = set(query.phrases)
    if query.pattern:
        found.update((token,) for token in _matching(query.pattern, vocabulary))
    if inflections:
        for *first, last in sorted(found):
            found.update((*first, form) for form in forms_of(last, vocabulary))
    return frozenset(found)


class PhraseFinder:
    """Finds phrases in sentences."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        """Take the phrases, none of them empty."""
        self._by_first: dict[str, list[Phrase]] = {}
        for phrase in sorted(phrases, key=len, reverse=True):
            self._by_first.setdefault(phrase[0], []).append(phrase)

    def may_be_in(self, folded: str) -> bool:
        """Whether a folded sentence has the characters of a phrase, whatever its tokens are."""
        return any(
            first in folded and any(all(token in folded for token in phrase) for phrase in phrases)
            for first, phrases in self._by_first.items()
        )

    def in_tokens(self, tokens: Sequence[str]) -> list[range]:
        """Positions of phrases among tokens; of two that overlap, the longer one."""
        folded = [fold(token) for token in tokens]
        found, at = [], 0
        while at < len(folded):
            phrases = self._by_first.get(folded[at], ())
            length = next((len(own) for own in phrases if tuple(folded[at : at + len(own)]) == own), 0)
            if length:
                found.append(range(at, at + length))
            at += length or 1
        return found


def matches_inside(pattern: str, texts: Sequence[str]) -> list[str]:
    """The first match of a pattern in each text that has one.

    Raises:
        InputError: it takes too long.
    """
    compiled = _compile(pattern)
    try:
        finds = (compiled.search(text, timeout=_TIMEOUT_S, concurrent=True) for text in texts)
        return [find[0] for find in finds if find]
    except TimeoutError:
        raise _too_slow(pattern) from None


def _matching(pattern: str, vocabulary: Collection[str]) -> list[str]:
    compiled = _compile(pattern)
    found = []
    try:
        for word in vocabulary:
            if compiled.fullmatch(word, timeout=_TIMEOUT_S, concurrent=True):
                found.append(word)
    except TimeoutError:
        raise _too_slow(pattern) from None
    if len(found) > MAX_FORMS:
        raise InputError(
            f"The pattern /{pattern}/ matches {len(found):,} different words; at most {MAX_FORMS} can be "
            "shown together. Make it narrower."
        )
    return found


def _compile(pattern: str):  # type: ignore[no-untyped-def] # noqa: ANN202 (regex ships no types)
    import regex

    try:
        return regex.compile(pattern.replace("\u0130", "i"), regex.IGNORECASE | regex.FULLCASE)
    except regex.error as error:
        raise InputError(f"/{pattern}/ is not a regular expression ({error}).") from None


def _too_slow(pattern: str) -> InputError:
    return InputError(f"The pattern /{pattern}/ takes too long; make it simpler.")
