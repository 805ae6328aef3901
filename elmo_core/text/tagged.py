"""Tokens that carry a tag: one string, so that whatever counts, shuffles or caches tokens serves them too.

A biLM that is told of the part of speech of each token (`BiLMConfig.tags`) reads such strings; any
other one takes them letter by letter, like every string.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_MARK = "\x1f"  # the unit separator of ASCII, which no tokeniser leaves inside a word


def tag_token(word: str, tag: str) -> str:
    """A word with its tag."""
    return f"{word}{_MARK}{tag}"


def lower_token(token: str) -> str:
    """A token with its word in lower case; its tag, if it has one, stays what it is."""
    word, mark, tag = token.rpartition(_MARK)
    return f"{word.lower()}{mark}{tag}" if mark else token.lower()


def tags_of(tokens: Sequence[str]) -> tuple[str, ...]:
    """All tags of some tokens, sorted."""
    return tuple(sorted({tag for _, mark, tag in (token.rpartition(_MARK) for token in tokens) if mark}))


def split_tags(tokens: Sequence[str], tags: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Words and the numbers of their tags.

    Args:
        tokens: n tokens, with or without a tag.
        tags: those that are known; empty = tokens are words as they are.

    Returns:
        n words, and int64 (n,): 0 for a token without a known tag, the first tag is 1.
    """
    if not tags:
        return list(tokens), np.zeros(len(tokens), dtype=np.int64)
    numbers = {tag: number for number, tag in enumerate(tags, start=1)}
    parts = [token.rpartition(_MARK) for token in tokens]
    words = [word if mark else token for (word, mark, _), token in zip(parts, tokens, strict=True)]
    return words, np.array([numbers.get(tag, 0) if mark else 0 for _, mark, tag in parts], dtype=np.int64)
