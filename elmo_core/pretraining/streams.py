"""Endless rows of tokens for truncated backpropagation, as bilm-tf feeds them.

Each of B rows reads one sentence after another: inputs `<S> w1 .. wn`, targets `w1 .. wn </S>`
(the backward direction reads the mirror image). Every epoch shuffles anew, each direction by its
own seed; rows are never aligned to sentences and the state is never reset, officially.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from elmo_core.exceptions import CorpusError
from elmo_core.nn.bilm import FORWARD
from elmo_core.pretraining.cache import TokenCache
from elmo_core.text.vocabulary import END_TYPE, START_TYPE


class StreamBatch(NamedTuple):
    """One step of one direction; both int64 (T, B), ids of types (not capped to the vocabulary)."""

    inputs: np.ndarray
    targets: np.ndarray


class TokenStream:
    """One direction's rows; its position is a small JSON value."""

    def __init__(
        self,
        cache: TokenCache,
        direction: int,
        rows: int,
        order: str,
        seed: int,
        *,
        lowered_ids: np.ndarray | None = None,
        lowercase_share: float = 0.0,
    ) -> None:
        """Start at the beginning of the first epoch.

        Args:
            cache: the tokenised corpus.
            direction: FORWARD or BACKWARD.
            rows: parallel streams B.
            order: "sentences" or "documents": what is shuffled.
            seed: seed of the shuffles, together with direction and epoch.
            lowered_ids: see `Lowering.ids`.
            lowercase_share: share of the sentences of each epoch, drawn anew, that are lower-cased.

        Raises:
            CorpusError: the corpus has fewer sentences than rows.
        """
        if cache.n_sentences < rows:
            raise CorpusError(
                f"The corpus has {cache.n_sentences} sentences, too few for {rows} parallel rows; "
                f"lower rows to {max(1, cache.n_sentences // 4)} or give more text."
            )
        self._cache, self._direction, self._order, self._seed = cache, direction, order, seed
        self._lowered_ids, self._lowercase_share = lowered_ids, lowercase_share
        self.epoch, self._cursor = 0, 0
        self._start_epoch()
        self._sentences = [self._next_sentence() for _ in range(rows)]
        self._offsets = [0] * rows
        self._ids = [self._with_marks(sentence) for sentence in self._sentences]

    def _start_epoch(self) -> None:
        """Draw the order of the sentences and which of them are lower-cased: both (n_sentences,)."""
        generator = np.random.default_rng([self._seed, self._direction, self.epoch])
        self._shuffled = self._shuffle(generator)
        self._is_lowered = generator.random(len(self._shuffled), np.float32) < self._lowercase_share

    def _shuffle(self, generator: np.random.Generator) -> np.ndarray:
        """Sentence indices in the order of an epoch: uint32 (n_sentences,)."""
        if self._order == "sentences":
            return generator.permutation(self._cache.n_sentences).astype(np.uint32)
        bounds = self._cache.documents
        shuffled = generator.permutation(len(bounds) - 1)
        return np.concatenate([np.arange(bounds[d], bounds[d + 1], dtype=np.uint32) for d in shuffled])

    def _next_sentence(self) -> tuple[int, bool]:
        """Index of the next sentence, and whether it is lower-cased."""
        if self._cursor == len(self._shuffled):
            self.epoch, self._cursor = self.epoch + 1, 0
            self._start_epoch()
        self._cursor += 1
        return int(self._shuffled[self._cursor - 1]), bool(self._is_lowered[self._cursor - 1])

    def _with_marks(self, sentence: tuple[int, bool]) -> np.ndarray:
        """Ids of a sentence between its marks, in reading order: int64 (n + 2,)."""
        index, is_lowered = sentence
        words = self._cache.sentence(index)
        if is_lowered and self._lowered_ids is not None:
            words = self._lowered_ids[words]
        ids = np.empty(len(words) + 2, dtype=np.int64)
        ids[0], ids[1:-1], ids[-1] = START_TYPE, words, END_TYPE
        return ids if self._direction == FORWARD else ids[::-1]

    def next_batch(self, steps: int) -> StreamBatch:
        """The next `steps` tokens of every row."""
        inputs = np.empty((len(self._ids), steps), dtype=np.int64)
        targets = np.empty_like(inputs)
        for row in range(len(self._ids)):
            filled = 0
            while filled < steps:
                ids, offset = self._ids[row], self._offsets[row]
                taken = min(len(ids) - 1 - offset, steps - filled)
                inputs[row, filled : filled + taken] = ids[offset : offset + taken]
                targets[row, filled : filled + taken] = ids[offset + 1 : offset + 1 + taken]
                filled += taken
                self._offsets[row] += taken
                if self._offsets[row] == len(ids) - 1:
                    self._sentences[row] = self._next_sentence()
                    self._ids[row], self._offsets[row] = self._with_marks(self._sentences[row]), 0
        return StreamBatch(inputs.T, targets.T)

    def position(self) -> dict[str, Any]:
        """Where the stream stands, as JSON values."""
        return {
            "epoch": self.epoch,
            "cursor": self._cursor,
            "sentences": list(self._sentences),
            "offsets": list(self._offsets),
        }

    def seek(self, position: dict[str, Any]) -> None:
        """Go on where `position` was taken (same corpus, rows, order and seed)."""
        self.epoch, self._cursor = position["epoch"], position["cursor"]
        self._start_epoch()
        self._sentences = [(index, is_lowered) for index, is_lowered in position["sentences"]]
        self._offsets = list(position["offsets"])
        self._ids = [self._with_marks(sentence) for sentence in self._sentences]
