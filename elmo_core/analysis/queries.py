"""What a user asks for, as the set of words that count: a word, several words, or a pattern.

bank              one token, in any case
bank, shore       any of several
/bank.*/          every word of the text that the pattern matches as a whole
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from elmo_core.analysis.inflections import forms_of
from elmo_core.exceptions import InputError
from elmo_core.text.tokenisation import tokenise

MAX_FORMS = 500
"""A pattern that matches more different words is refused."""
WORD = re.compile(r"(?<!\w)[^\W\d_]+(?:-[^\W\d_]+)*(?!\w)")
"""Runs of letters, hyphens inside them included: the words that are counted and that patterns match."""
_TIMEOUT_S = 0.5  # for one word: a pattern of a user may be slow on purpose


@dataclass(frozen=True)
class Query:
    """Words and patterns that were asked for."""

    words: tuple[str, ...]
    """Case-folded tokens."""
    pattern: str
    """A regular expression; empty = none."""

    @property
    def needs_vocabulary(self) -> bool:
        """Whether it takes the words of the text to know which of them count."""
        return bool(self.pattern)


def parse_query(text: str) -> Query:
    """Read what was typed.

    Raises:
        InputError: it is empty, a part of it is more than one token, or its pattern is none.
    """
    text = text.strip()
    if len(text) > 2 and text.startswith("/") and text.endswith("/"):
        _compiled(text[1:-1])
        return Query((), text[1:-1])
    parts = [part.strip() for part in text.split(",")] if text != "," else [text]
    words = tuple(dict.fromkeys(_one_token(part) for part in parts if part))
    if not words:
        raise InputError("Type a word to see its uses.")
    return Query(words, "")


def forms(query: Query, vocabulary: Collection[str], *, inflections: bool = False) -> frozenset[str]:
    """The case-folded words that count.

    Args:
        query: what was asked for.
        vocabulary: the case-folded words of the text; may be empty where nothing needs them.
        inflections: whether other forms of a word count as well (English: banks for bank).

    Raises:
        InputError: its pattern matches too many words, or takes too long.
    """
    found = set(query.words)
    if query.pattern:
        found.update(_matching(query.pattern, vocabulary))
    if inflections:
        found.update(*(forms_of(word, vocabulary) for word in sorted(found)))
    return frozenset(found)


def _matching(pattern: str, vocabulary: Collection[str]) -> Sequence[str]:
    compiled = _compiled(pattern)
    found = []
    try:
        for word in vocabulary:
            if compiled.fullmatch(word, timeout=_TIMEOUT_S, concurrent=True):
                found.append(word)
    except TimeoutError:
        raise InputError(f"The pattern /{pattern}/ takes too long; make it simpler.") from None
    if len(found) > MAX_FORMS:
        raise InputError(
            f"The pattern /{pattern}/ matches {len(found):,} different words; at most {MAX_FORMS} can be "
            "shown together. Make it narrower."
        )
    return found


def _compiled(pattern: str):  # type: ignore[no-untyped-def] # noqa: ANN202 (regex ships no types)
    import regex

    try:
        return regex.compile(pattern, regex.IGNORECASE)
    except regex.error as error:
        raise InputError(f"/{pattern}/ is not a regular expression ({error}).") from None


def _one_token(word: str) -> str:
    """The case-folded token that a use must equal."""
    tokens = tokenise(word)
    if len(tokens) != 1:
        found = " | ".join(tokens) or "none"
        raise InputError(
            f"A use is one token; {word!r} is {len(tokens)} ({found}). Choose one of them, or part several "
            "words by commas."
        )
    return tokens[0].casefold()
