"""How frequent words are, before anything is known of what stands beside them.

The biases of a softmax start as the logarithm of these probabilities. From biases of 0, every word has the
same chance at first, and the sampled softmax, which draws a rare word once in a hundred steps, takes very
long to push tens of thousands of them down (bench.recipes: docs/pretraining.md has the figures).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from elmo_core.nn.bilm import BiLM
from elmo_core.pretraining.cache import TokenCache
from elmo_core.text.tagged import split_tags
from elmo_core.text.vocabulary import Vocabulary


def start_from_unigrams(model: BiLM, cache: TokenCache, vocabulary: Vocabulary) -> None:
    """Set the biases of a model's softmax.

    Args:
        model: with a softmax over the vocabulary.
        cache: the corpus, for the counts.
        vocabulary: V words.
    """
    words, _ = split_tags(cache.types, model.config.tags)
    probabilities = unigram_probabilities(vocabulary, words, cache)
    with torch.no_grad():
        model.require_softmax().bias.copy_(torch.from_numpy(np.log(probabilities)))


def unigram_probabilities(vocabulary: Vocabulary, types: Sequence[str], cache: TokenCache) -> np.ndarray:
    """Share of each word in what is predicted.

    Args:
        vocabulary: V words.
        types: those of the corpus, without their tags.
        cache: the corpus; each of its sentences has one mark of each kind.

    Returns:
        float64 (V,), adding up to 1; a word that the corpus does not have counts once.
    """
    counts = np.bincount(vocabulary.ids_of(types), cache.counts, minlength=len(vocabulary))
    counts[[vocabulary.start_id, vocabulary.end_id]] = cache.n_sentences
    counts = np.maximum(counts, 1)
    return np.asarray(counts / counts.sum())
