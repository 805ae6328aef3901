"""The held-out text of a run: what is measured at each checkpoint, and what to mind of its numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elmo_core.exceptions import CorpusError
from elmo_core.pretraining.cache import TokenCache
from elmo_core.pretraining.evaluation import unknown_warning
from elmo_core.pretraining.unigrams import unigram_probabilities
from elmo_core.text.tagged import split_tags
from elmo_core.text.vocabulary import Vocabulary

_LEAST_TOKENS = 4  # of a sentence that stands in two texts for another reason than chance
_MOST_SEEN = 0.5
_MIXER = np.uint64(0x9E3779B97F4A7C15)


class HeldOutText:
    """Whole sentences from the start of a text, up to about so many tokens."""

    def __init__(self, sentences: Sequence[Sequence[str]], n_tokens: int) -> None:
        """Take the beginning of a text.

        Args:
            sentences: of tokens, with their tags where the model is told of them; empty ones are left out.
            n_tokens: about how many to take.

        Raises:
            CorpusError: there is no token.
        """
        self.sentences: list[list[str]] = []
        count = 0
        for sentence in filter(len, sentences):
            if count >= n_tokens:
                break
            self.sentences.append(list(sentence))
            count += len(sentence)
        if not self.sentences:
            raise CorpusError("The held-out text holds no token; give a text with sentences in it.")

    def warnings(self, cache: TokenCache, vocabulary: Vocabulary, tags: Sequence[str]) -> list[str]:
        """What to mind before training starts, one sentence each.

        Args:
            cache: the training corpus.
            vocabulary: words to predict.
            tags: that the model is told of.
        """
        words, _ = split_tags([token for sentence in self.sentences for token in sentence], tags)
        n_unknown = int((vocabulary.ids_of(words) == vocabulary.unknown_id).sum())
        found = [unknown_warning(n_unknown / (len(words) + len(self.sentences)))]
        if (seen := self.share_in(cache)) > _MOST_SEEN:
            found.append(
                f"{seen:.0%} of the held-out sentences stand in the training text as well, so the perplexity "
                "says how well they are remembered; hold out text that is not trained on."
            )
        return [warning for warning in found if warning]

    def guessing_perplexity(self, cache: TokenCache, vocabulary: Vocabulary, tags: Sequence[str]) -> float:
        """Perplexity of guessing each word by its frequency in a corpus; arguments as for `warnings`."""
        words, _ = split_tags([token for sentence in self.sentences for token in sentence], tags)
        types, _ = split_tags(cache.types, tags)
        probabilities = unigram_probabilities(vocabulary, types, cache)
        ids = [*vocabulary.ids_of(words), *[vocabulary.end_id] * len(self.sentences)]
        return float(np.exp(-np.log(probabilities[ids]).mean()))

    def share_in(self, cache: TokenCache) -> float:
        """Share of the sentences of four tokens or more that stand in a corpus as a whole; 0 without any."""
        numbers = {word: number for number, word in enumerate(cache.types)}
        long = [sentence for sentence in self.sentences if len(sentence) >= _LEAST_TOKENS]
        numbered = [tuple(numbers.get(token, -1) for token in sentence) for sentence in long]
        wanted = {sentence for sentence in numbered if -1 not in sentence}
        if not wanted:
            return 0.0
        starts = cache.sentences[:-1].astype(np.int64)
        lengths = np.diff(cache.sentences).astype(np.int64)
        places = np.flatnonzero(lengths >= _LEAST_TOKENS)
        first = [cache.tokens[starts[places] + offset].astype(np.uint64) for offset in range(_LEAST_TOKENS)]
        keys = _keys([*first, lengths[places].astype(np.uint64)])
        rows = np.array([[*sentence[:_LEAST_TOKENS], len(sentence)] for sentence in wanted], dtype=np.uint64)
        candidates = places[np.isin(keys, _keys(list(rows.T)))]
        seen = {tuple(cache.sentence(int(place)).tolist()) for place in candidates} & wanted
        return sum(sentence in seen for sentence in numbered) / len(numbered)


def _keys(columns: Sequence[np.ndarray]) -> np.ndarray:
    """One number for each row of columns, alike where the rows are: uint64 (n,)."""
    keys = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        keys = (keys ^ column) * _MIXER
        keys ^= keys >> np.uint64(29)
    return keys
