"""Sentences ready to be tagged: their words, the layers of their tokens, and word classes where given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.learning.inputs import check_texts
from elmo_core.learning.text_layers import TextLayers, embed_texts
from elmo_core.progress import Report

Words = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TokenData:
    """n sentences; the biLM has read them once, however often a tagger learns from them."""

    words: tuple[Words, ...]
    layers: TextLayers | None
    """Layers with all tokens; None where no biLM is used."""
    word_classes: tuple[Words, ...] | None = None
    """A part of speech (or any other class) of each word, as a further input."""

    def __len__(self) -> int:
        return len(self.words)

    def take(self, rows: Sequence[int] | np.ndarray) -> TokenData:
        """Some of the sentences, in the given order; the vectors are shared, not copied."""
        chosen = [int(row) for row in rows]
        classes = self.word_classes
        return TokenData(
            tuple(self.words[row] for row in chosen),
            None if self.layers is None else self.layers.take(chosen),
            None if classes is None else tuple(classes[row] for row in chosen),
        )

    @property
    def lengths(self) -> np.ndarray:
        """int64 (n,): tokens of each sentence."""
        return np.array([len(words) for words in self.words], dtype=np.int64)

    @property
    def known_classes(self) -> tuple[str, ...]:
        """The word classes that occur, in order."""
        return tuple(sorted({one for row in self.word_classes or () for one in row}))


@dataclass(frozen=True)
class TaggedTokens:
    """Sentences with their tags."""

    data: TokenData
    tags: Sequence[Sequence[str]]
    """Tags in BIO, or plain."""

    def take(self, rows: np.ndarray) -> TaggedTokens:
        """Some of the sentences."""
        return TaggedTokens(self.data.take(rows), [self.tags[int(row)] for row in rows])

    def filled(self) -> TaggedTokens:
        """Without the sentences that have no token.

        Raises:
            InputError: none has one.
        """
        rows = np.flatnonzero(self.data.lengths)
        if not len(rows):
            raise InputError("No sentence has a token; give sentences with tokens.")
        return self.take(rows)

    def split(self, share: float, seed: int) -> tuple[TaggedTokens, TaggedTokens]:
        """The sentences in two parts, a share of them in the second; a single one is in both."""
        n = len(self.tags)
        order = np.random.default_rng(seed).permutation(n)
        n_second = max(1, round(share * n))
        first = order[min(n_second, n - 1) :]
        return self.take(np.sort(first)), self.take(np.sort(order[:n_second]))


def check_sentences(sentences: object) -> tuple[Words, ...]:
    """Make tuples of tokens of whatever was given.

    Raises:
        InputError: it is no sequence of lists of strings.
    """
    found = []
    for index, item in enumerate(check_texts(sentences)):
        if not isinstance(item, list | tuple):
            raise InputError(
                f"Sentence {index} is a {type(item).__name__}; a tagger takes lists of tokens "
                "(elmo_core.text.tokenisation.tokenise makes one of a string)."
            )
        wrong = next((token for token in item if not isinstance(token, str)), None)
        if wrong is not None:
            raise InputError(
                f"Sentence {index} holds a {type(wrong).__name__} ({wrong!r}); tokens must be strings."
            )
        found.append(tuple(item))
    return tuple(found)


def check_tags(words: Sequence[Words], y: Sequence[Sequence[str]]) -> None:
    """Raise InputError unless every token has a tag."""
    if isinstance(y, str) or len(y) != len(words):
        raise InputError(f"There are {len(words)} sentences but {len(y)} lists of tags; give one for each.")
    for index, (own, tags) in enumerate(zip(words, y, strict=True)):
        if isinstance(tags, str) or len(tags) != len(own):
            raise InputError(
                f"Sentence {index} has {len(own)} tokens but {len(tags)} tags; give one for each."
            )
        if any(not isinstance(tag, str) or not tag for tag in tags):
            raise InputError(f"Sentence {index} has a tag that is no string or empty; tags must be strings.")


def embed_tokens(
    elmo: Encoder | None,
    sentences: Sequence[Sequence[str]],
    *,
    word_classes: Sequence[Sequence[str]] | None = None,
    report: Report | None = None,
) -> TokenData:
    """Run the biLM once over sentences.

    Args:
        elmo: the model; None = leave it out.
        sentences: n lists of tokens.
        word_classes: a class of each token.
        report: called with the progress; an error it raises stops the work.

    Raises:
        InputError: there is no sentence, or one is no list of tokens, or classes are missing.
    """
    words = check_sentences(sentences)
    if not words:
        raise InputError("There is no sentence; give at least one.")
    classes = None if word_classes is None else tuple(map(tuple, word_classes))
    if classes is not None and list(map(len, classes)) != list(map(len, words)):
        raise InputError("Every token needs one word class; their numbers differ.")
    layers = None if elmo is None else embed_texts(elmo, words, keep_tokens=True, report=report)
    return TokenData(words, layers, classes)
