"""How likely each word of a sentence is to a model, and which words were likely in its place.

A biLM predicts each word three times, a masked language model once; each time as a distribution over its
vocabulary:

    left    p(w | the words before it), by the forward direction
    right   p(w | the words after it), by the backward direction
    both    p(w | the words on both sides)

The surprise of a word in bits is -log2 of its probability; a word outside the vocabulary has that of the
unknown word.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from elmo_core.progress import Progress

Side = Literal["left", "right", "both"]
SIDES: tuple[Side, ...] = ("left", "right", "both")
N_EXPECTED = 10
"""Likeliest words kept of each prediction."""

_TOKENS_PER_BLOCK = 512


class Expected(NamedTuple):
    """A word that was likely in some place."""

    word: str
    """As in the vocabulary: `<UNK>` is any word outside it, `<S>` and `</S>` are boundaries of sentences."""
    probability: float


@dataclass(frozen=True, eq=False)
class ReadSentence:
    """The predictions of one sentence of T tokens; rows are in the order of `SIDES`.

    The rows of a side from which a model does not predict are NaN, and its likeliest words 0.
    """

    tokens: tuple[str, ...]
    bits: np.ndarray
    """float32 (3, T): surprise of each token."""
    boundary_bits: np.ndarray
    """float32 (2,): surprise of the sentence's end from the left, and of its start from the right."""
    is_unknown: np.ndarray
    """bool (T,): whether a token is outside the vocabulary, so that the unknown word was predicted."""
    likeliest: np.ndarray
    """int64 (3, T, k): ids of the likeliest words, the likeliest first."""
    probabilities: np.ndarray
    """float32 (3, T, k): of these words."""
    words: tuple[str, ...]
    """The vocabulary, by id."""
    sides: tuple[Side, ...] = SIDES
    """Where the model predicts from."""

    def expected(self, side: Side, place: int, n: int = N_EXPECTED) -> list[Expected]:
        """Return the likeliest words in the place of a token, the likeliest first.

        Args:
            side: what was read when they were predicted.
            place: of the token in the sentence.
            n: most words.
        """
        if side not in self.sides:
            return []
        row = SIDES.index(side)
        pairs = zip(
            self.likeliest[row, place, :n].tolist(), self.probabilities[row, place, :n].tolist(), strict=True
        )
        return [Expected(self.words[number], probability) for number, probability in pairs]

    def loss_sums(self) -> np.ndarray:
        """Sum of the losses of each direction in nats, the boundary included: float64 (2,)."""
        return (self.bits[:2].sum(axis=1, dtype=np.float64) + self.boundary_bits) * math.log(2)  # type: ignore[no-any-return]


class WordLikelihoods(ABC):
    """How likely the words of a text are to a model."""

    sides: tuple[Side, ...]
    """Where it predicts from."""
    words: tuple[str, ...]
    """Its vocabulary, by id."""
    seconds_per_word: float
    """About how long a word of running text takes on one busy core."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """SHA-256 over all that the predictions depend on, in hexadecimal digits."""

    @abstractmethod
    def of(
        self,
        sentences: Sequence[Sequence[str]],
        n_expected: int = N_EXPECTED,
        progress: Progress | None = None,
    ) -> Iterator[ReadSentence]:
        """Read sentences one after the other; beside the results in constant memory.

        Args:
            sentences: lists of tokens, at least one each.
            n_expected: likeliest words to keep of each prediction, at most the vocabulary.
            progress: called with (work done, work in all), several times in a long sentence.

        Yields:
            Each sentence as soon as it is read.
        """


def sentence_blocks(sentences: Sequence[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    """Put sentences into blocks of some hundred tokens."""
    block: list[Sequence[str]] = []
    n_tokens = 0
    for sentence in sentences:
        block.append(sentence)
        n_tokens += len(sentence)
        if n_tokens >= _TOKENS_PER_BLOCK:
            yield block
            block, n_tokens = [], 0
    if block:
        yield block
