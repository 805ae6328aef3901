"""The texts of a comparison: how long they are, how fast they are read, their vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elmo_core.embedder import Elmo
from elmo_core.learning.budget import measured_rate
from elmo_core.learning.text_layers import Report, TextLayers, embed_texts, segmented

_TOKEN_BYTES = 3 << 29
"""Vectors of all tokens beyond this are not kept; for a moment they are in memory twice."""
_TOKENS_PER_WORD = 1.3


class TextSource:
    """n texts and the model that reads them."""

    def __init__(self, elmo: Elmo, texts: Sequence[str], max_characters: int, report: Report | None) -> None:
        """Store these.

        Args:
            elmo: the model.
            texts: n texts.
            max_characters: of a text; the rest of a longer one is not read.
            report: told how far the reading is.
        """
        self.elmo, self.texts = elmo, texts
        self._max_characters, self._report = max_characters, report
        self.lengths = np.array([min(len(text), max_characters) + 1 for text in texts])
        """int64 (n,): characters that are read of each text, and one more."""

    def take(self, rows: np.ndarray) -> list[str]:
        """Some of the texts."""
        return [self.texts[row] for row in rows]

    def rate(self, seed: int) -> float:
        """Seconds that the vectors of one character take, measured on a sample."""
        return measured_rate(lambda rows: self._embed(rows, keep_tokens=False), self.lengths, seed)

    def read(self, rows: np.ndarray, *, keep_tokens: bool) -> TextLayers:
        """The layers of some texts; the vectors of their tokens only if they fit into the memory."""
        texts = (segmented(text[: self._max_characters]) for text in self.take(rows))
        n_tokens = _TOKENS_PER_WORD * sum(len(text.split()) for text in texts)
        fits = n_tokens * self.elmo.n_layers * self.elmo.dim * 2 <= _TOKEN_BYTES
        return self._embed(rows, keep_tokens=keep_tokens and fits)

    def _embed(self, rows: np.ndarray, *, keep_tokens: bool) -> TextLayers:
        return embed_texts(
            self.elmo,
            self.take(rows),
            keep_tokens=keep_tokens,
            max_characters=self._max_characters,
            report=self._report,
        )
