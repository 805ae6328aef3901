"""Input of the embedder: texts to token lists, sentences and numbered words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set, Sized
from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.text.characters import SENTENCE_END, SENTENCE_START
from elmo_core.text.tokenisation import tokenised_sentences

START, END = 0, 1
"""Numbers of the two sentence boundaries among the words of every call."""


@dataclass(frozen=True)
class TokenisedText:
    """One item of the input, which becomes one result; equal ones have equal results."""

    tokens: tuple[str, ...]
    lengths: tuple[int, ...]
    """Tokens of each of its sentences; they add up to `len(tokens)`."""


@dataclass(frozen=True)
class Sentence:
    """One sentence, which the LSTMs read without a break."""

    text: int
    """Number of its text."""
    start: int
    """Position of its first token in that text."""
    words: np.ndarray
    """int64 (n,): its tokens as numbers of distinct words."""


def read_texts(
    sentences: Iterable[str | Sequence[str]], language: str = "en", *, first: int = 0
) -> list[TokenisedText]:
    """Read the input of a call.

    Args:
        sentences: each a list of tokens, taken as it is, or a string, which is split into sentences
            and tokenised.
        language: language of strings, for the tokeniser.
        first: number of the first sentence, for error messages.

    Raises:
        InputError: `sentences` is one string, no collection, or holds anything but strings and token lists.
    """
    require_collection(sentences)
    return [_read_text(item, index, language) for index, item in enumerate(sentences, first)]


def require_collection(sentences: object) -> None:
    """Refuse what is not a collection of sentences, one string above all.

    Raises:
        InputError: see above.
    """
    if isinstance(sentences, str):
        raise InputError("A list of sentences is wanted, got one string; put it into a list: [text].")
    if not isinstance(sentences, Iterable) or isinstance(sentences, bytes | Mapping | Set):
        raise InputError(f"A list of sentences is wanted, got a {type(sentences).__name__}.")


def streamed_length(sentences: object, *, is_reported: bool) -> int:
    """Return how many sentences a collection has; 0 where that is not known before it is read.

    Args:
        sentences: the collection.
        is_reported: whether progress is wanted, for which the length must be known.

    Raises:
        InputError: see above, or as of `require_collection`.
    """
    require_collection(sentences)
    if isinstance(sentences, Sized):
        return len(sentences)
    if is_reported:
        raise InputError("Progress can only be reported of a list; make one of the sentences, or omit it.")
    return 0


def _read_text(item: object, index: int, language: str) -> TokenisedText:
    if isinstance(item, str):
        found = list(tokenised_sentences(item, language))
        return TokenisedText(tuple(token for tokens in found for token in tokens), tuple(map(len, found)))
    if not isinstance(item, list | tuple):
        raise InputError(
            f"Sentence {index} is a {type(item).__name__}; give a string, or a list of tokens as strings."
        )
    for position, token in enumerate(item):
        if not isinstance(token, str):
            raise InputError(
                f"Sentence {index}: token {position} is a {type(token).__name__}; tokens must be strings "
                "(untokenised sentences are given as strings, not in lists of their own)."
            )
    return TokenisedText(tuple(item), (len(item),) if item else ())


def number_words(texts: Sequence[TokenisedText]) -> tuple[list[str], list[Sentence]]:
    """Give every distinct word of a call a number.

    Returns:
        The words by number, the two boundaries first, and the sentences of all texts in order; a
        text without tokens counts as one sentence without words.
    """
    numbers = {SENTENCE_START: START, SENTENCE_END: END}
    sentences = []
    for index, text in enumerate(texts):
        ids = np.array([numbers.setdefault(token, len(numbers)) for token in text.tokens], dtype=np.int64)
        start = 0
        for length in text.lengths or (0,):
            sentences.append(Sentence(index, start, ids[start : start + length]))
            start += length
    return list(numbers), sentences
