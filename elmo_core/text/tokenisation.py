"""Raw text to sentences of tokens, Moses style as the corpus of the published ELMo.

Sentences are split by `sentencex` (Wikimedia), words by `sacremoses`, neither written here. Dashes
inside words stay, entities are not escaped: `don't` -> `don`, `'t`; `well-known` -> `well-known`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sacremoses import MosesTokenizer

TOKENISATION_VERSION = "sentencex-1/moses-0.2"
"""Part of the key of every tokenised cache; change it when the rules below change."""


@lru_cache(maxsize=8)
def _moses(language: str) -> MosesTokenizer:
    from sacremoses import MosesTokenizer

    return MosesTokenizer(language)


def _encodable(text: str) -> str:
    """Leave out lone surrogates, which UTF-8 (and so both libraries) cannot hold."""
    return text.encode("utf-8", "ignore").decode("utf-8")


def split_sentences(text: str, language: str = "en") -> list[str]:
    """Split running text into sentences; line ends always end a sentence.

    Args:
        text: any text.
        language: ISO 639-1 code.

    Returns:
        The sentences in order, stripped; blank ones are left out.
    """
    from sentencex import segment

    lines = _encodable(text).splitlines()
    parts = (part.strip() for line in lines for part in segment(language, line))
    return [part for part in parts if part]


def tokenise(sentence: str, language: str = "en") -> list[str]:
    """Split one sentence into tokens.

    Args:
        sentence: one sentence, untokenised.
        language: ISO 639-1 code.

    Returns:
        Its tokens; an empty list for a blank sentence.
    """
    return list(_moses(language).tokenize(_encodable(sentence), escape=False))


def tokenised_sentences(text: str, language: str = "en") -> Iterator[list[str]]:
    """Yield the tokens of every sentence of a running text, in order."""
    for sentence in split_sentences(text, language):
        tokens = tokenise(sentence, language)
        if tokens:
            yield tokens
