"""Forms of one word (bank and banks, go and went), by simplemma's dictionaries."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache


@lru_cache(maxsize=200_000)
def lemma(word: str, language: str = "en") -> str:
    """The case-folded dictionary form of a word; a word without an entry is its own.

    Args:
        word: one token.
        language: ISO 639-1 code; one that has no dictionary leaves every word as it is.
    """
    from simplemma import lemmatize

    folded = word.casefold()
    try:
        return lemmatize(folded, lang=language).casefold()
    except ValueError:  # no dictionary for this language, or an empty word
        return folded


def forms_of(word: str, words: Iterable[str], language: str = "en") -> frozenset[str]:
    """The word and those of some other words that are forms of it, case-folded."""
    wanted = lemma(word, language)
    found = {other.casefold() for other in words if lemma(other, language) == wanted}
    return frozenset(found | {word.casefold()})
