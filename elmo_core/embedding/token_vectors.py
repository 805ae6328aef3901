"""Words -> token vectors, each distinct word once: the largest part of the work on a first call."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from elmo_core.embedding.workers import Task
from elmo_core.nn.bilm import BiLM
from elmo_core.text.characters import word_lengths, words_to_ids
from elmo_core.text.tagged import split_tags
from elmo_core.text.vocabulary import Vocabulary

_CACHE_WORDS = 100_000
_CACHE_BYTES = 32 << 20
"""What Python adds to each word comes on top. With much more, few more words would be known, and a long job's
memory would grow for a long time."""
_LONGEST_CACHED = 50
_FULL_ROWS = 16
"""Blocks are filled up to a multiple of this: with a few rows a product may take another path, with other
rounding, and a word's vector would depend on the words it was computed with."""


class TokenVectors:
    """The token vectors of one model, those used last kept in memory; threads may share it."""

    def __init__(
        self, model: BiLM, vocabulary: Vocabulary | None, device: torch.device, block: int, word_cost: int
    ) -> None:
        """Make an encoder.

        Args:
            model: on `device`.
            vocabulary: vocabulary of a model with word-id input; not looked at otherwise.
            device: where the products are made.
            block: words that go through the char CNN together.
            word_cost: what a task says that a word cost.
        """
        self._model, self._vocabulary, self._device = model, vocabulary, device
        self._block, self._word_cost = block, word_cost
        self._capacity = min(_CACHE_WORDS, _CACHE_BYTES // (4 * model.config.projection_dim))
        self._cache: OrderedDict[str, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, words: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """Fill in what costs nothing: words seen lately, or all words of a model with word-id input.

        Args:
            words: U words.
            vectors: float32 (U, P), to be filled in.

        Returns:
            int64, numbers of the words that are still to be computed.
        """
        if self._model.word_embedding is not None:
            assert self._vocabulary is not None
            plain, tags = split_tags(words, self._model.config.tags)
            ids = torch.from_numpy(self._vocabulary.ids_of(plain)).to(self._device)
            with torch.inference_mode():
                encoded = self._model.encode(ids, tags=torch.from_numpy(tags).to(self._device))
            vectors[:] = encoded.float().cpu().numpy()
            return np.empty(0, dtype=np.int64)
        missing = []
        with self._lock:
            for number, word in enumerate(words):
                if word in self._cache:
                    vectors[number] = self._cache[word]
                    self._cache.move_to_end(word)
                else:
                    missing.append(number)
        return np.array(missing, dtype=np.int64)

    def tasks(self, words: Sequence[str], missing: np.ndarray, vectors: np.ndarray) -> Iterator[Task]:
        """Compute the vectors of missing words, words of like length together.

        Args:
            words: U words.
            missing: numbers of those to compute.
            vectors: float32 (U, P), filled in by the tasks.

        Yields:
            One task a block.
        """
        cnn = self._model.char_cnn
        if cnn is None or not len(missing):
            return
        plain, tags = split_tags([words[number] for number in missing], self._model.config.tags)
        characters = words_to_ids(plain, cnn.config.max_characters)
        order = np.argsort(word_lengths(characters), kind="stable")
        for start in range(0, len(order), self._block):
            chosen = order[start : start + self._block]
            yield self._encode(words, missing[chosen], characters[chosen], tags[chosen], vectors)

    def _encode(
        self,
        words: Sequence[str],
        numbers: np.ndarray,
        characters: np.ndarray,
        tags: np.ndarray,
        vectors: np.ndarray,
    ) -> Task:
        assert self._model.char_cnn is not None
        columns = self._model.char_cnn.columns_needed(int(word_lengths(characters[-1:])[0]))
        rows = -len(characters) % _FULL_ROWS
        block = torch.from_numpy(np.pad(characters[:, :columns], ((0, rows), (0, 0)))).to(self._device)
        told = torch.from_numpy(np.pad(tags, (0, rows))).to(self._device)
        encoded = self._model.encode(block, tags=told)[: len(numbers)]
        vectors[numbers] = encoded.float().cpu().numpy()
        self._remember([words[number] for number in numbers], vectors[numbers])
        yield len(numbers) * self._word_cost

    def _remember(self, words: Sequence[str], vectors: np.ndarray) -> None:
        with self._lock:
            for word, vector in zip(words, vectors, strict=True):
                if len(word) <= _LONGEST_CACHED:  # a word may be a megabyte
                    self._cache[word] = vector.copy()
            while len(self._cache) > self._capacity:
                self._cache.popitem(last=False)
