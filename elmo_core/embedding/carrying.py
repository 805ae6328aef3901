"""A text read piece by piece with the LSTM state carried on, as the official implementation does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from elmo_core.embedding.engine import Engine
from elmo_core.embedding.plan import carried
from elmo_core.embedding.reading import TokenisedText, number_words, read_texts
from elmo_core.embedding.result import Embedding
from elmo_core.progress import Progress


class CarriedText:
    """Embeds sentences as soon as they fill a batch; the others wait for the next piece."""

    def __init__(
        self, engine: Engine, batch_size: int, shape: tuple[int, int], n_threads: int, language: str = "en"
    ) -> None:
        """Start with a state of zeros.

        Args:
            engine: runs the batches.
            batch_size: sentences of a batch.
            shape: layers L and width D of the results.
            n_threads: cores to use.
            language: language of strings, for the tokeniser.
        """
        self._engine, self._batch_size, self._n_threads = engine, batch_size, n_threads
        self._n_layers, self._dim = shape
        self._language = language
        self._states = engine.zero_states(batch_size)
        self._texts: list[TokenisedText] = []
        """Texts that are read and not complete."""
        self._layers: list[np.ndarray] = []
        """Their layers."""
        self._n_done = 0
        """Sentences of the first of these texts that are done."""
        self._n_read = 0
        """Texts read so far, complete or not."""

    def read(
        self,
        sentences: Iterable[str | Sequence[str]],
        *,
        is_last: bool = False,
        progress: Progress | None = None,
    ) -> list[Embedding]:
        """Read the next piece of the text.

        Args:
            sentences: what comes next, as for `Elmo.embed`.
            is_last: whether nothing comes after it, so that the last batch need not be full.
            progress: called with (percent done, 100).

        Returns:
            The results that are complete now, in order; those of all calls together have the same bits
            as `Elmo.embed(..., state="carry")` gives for the whole text.

        Raises:
            InputError: as `Elmo.embed`.
        """
        for text in read_texts(sentences, self._language, first=self._n_read):
            self._n_read += 1
            self._texts.append(text)
            self._layers.append(np.empty((self._n_layers, len(text.tokens), self._dim), dtype=np.float32))
        words, parts = number_words(self._texts)
        n_parts = len(parts) if is_last else self._n_done + self._full(len(parts) - self._n_done)
        chains = carried(parts[self._n_done : n_parts], self._batch_size)
        self._engine.run(
            words,
            chains,
            self._layers,
            self._n_threads,
            lambda share: progress and progress(round(100 * share), 100),
            self._states,
        )
        n_texts = parts[n_parts].text if n_parts < len(parts) else len(self._texts)
        self._n_done = sum(part.text == n_texts for part in parts[:n_parts])
        found = [
            Embedding(list(text.tokens), layers)
            for text, layers in zip(self._texts[:n_texts], self._layers, strict=False)
        ]
        del self._texts[:n_texts], self._layers[:n_texts]
        return found

    def _full(self, n_sentences: int) -> int:
        """Sentences that fill batches."""
        return n_sentences // self._batch_size * self._batch_size
