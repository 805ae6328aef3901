"""A check of whether a text is in a model's language, by the share of its words in the vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from elmo_core.senses.uses import Uses
from elmo_core.text.vocabulary import Vocabulary

N_COMMON = 100
"""Most frequent words of a vocabulary: mostly the function words of its language."""
LEAST_WORDS, LEAST_VOCABULARY = 20, 1_000
MOST_UNKNOWN, LEAST_COMMON = 0.25, 0.30
"""Shares from which on a text is unfamiliar: more words unknown than the first, fewer common than the second.
For english-small, ten sentences of the bundled samples have at most 6% unknown and at least 36% common words;
German, Dutch, French, Spanish, Italian and Danish ones have 41% to 68% and 0% to 24%."""


@dataclass(frozen=True)
class Familiarity:
    """How much of a text a model's vocabulary holds."""

    n_words: int
    unknown: float
    """Share of words that are not in the vocabulary."""
    common: float
    """Share of words among the vocabulary's most frequent ones."""

    @property
    def is_unfamiliar(self) -> bool:
        """Whether the text is probably not in the model's language."""
        is_enough = self.n_words >= LEAST_WORDS
        return is_enough and self.unknown > MOST_UNKNOWN and self.common < LEAST_COMMON


def familiarity(uses: Uses, vocabulary: Vocabulary | None) -> Familiarity | None:
    """Measure how many words of the uses' sentences are in a model's vocabulary, ignoring case.

    Args:
        uses: at least one use.
        vocabulary: vocabulary of the model, the most frequent words first.

    Returns:
        None where the vocabulary is missing or too small to tell.
    """
    if vocabulary is None or len(vocabulary.words) < LEAST_VOCABULARY:
        return None
    folded = dict.fromkeys(word.casefold() for word in vocabulary.words if word.isalpha())
    common = set(islice(folded, N_COMMON))
    sentences = {use.sentence: use.tokens for use in uses.uses}
    words = list(_words(sentences.values()))
    n = max(len(words), 1)
    unknown = sum(word not in folded for word in words)
    return Familiarity(len(words), unknown / n, sum(word in common for word in words) / n)


def _words(sentences: Iterable[Iterable[str]]) -> Iterable[str]:
    return (token.casefold() for tokens in sentences for token in tokens if token.isalpha())
