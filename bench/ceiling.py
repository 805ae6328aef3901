"""The matrix products of an embedding alone: the time of an engine in which nothing else costs time.

The shapes are those of the engine's own plan (blocks of distinct words in the char CNN, chunks of input
products, one recurrent product and one projection a step), the weights those of the model, the order the
same, on as many worker threads. Nothing is looked up, activated or copied in between.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from elmo_core.embedding.engine import Sizes
from elmo_core.embedding.plan import Batch, independent
from elmo_core.embedding.reading import number_words, read_texts
from elmo_core.embedding.workers import Task, side_by_side
from elmo_core.nn.bilm import BACKWARD, FORWARD, BiLM
from elmo_core.nn.highway import Highway
from elmo_core.nn.products import LEAST_ROWS, packs, product
from elmo_core.text.characters import word_lengths, words_to_ids

_FULL_ROWS = 16  # as the engine fills its blocks of words


class Ceiling:
    """The products of one model."""

    def __init__(self, model: BiLM) -> None:
        """Copy a model; the products are in its number format.

        Args:
            model: float32 or bfloat16, left as it is.
        """
        dtype = model.lstms(FORWARD)[0].bias.dtype
        if packs("cpu", dtype):
            model = copy.deepcopy(model)
            model.pack()
        self._model, self._config = model, model.config
        self._sizes = Sizes.of(torch.device("cpu"), 4 * model.config.lstm_dim * dtype.itemsize)
        self._dtype, self._numbers = dtype, torch.empty(0, dtype=dtype)

    def run(self, sentences: Sequence[Sequence[str]], n_threads: int) -> float:
        """Make all products of these sentences.

        Returns:
            Floating-point operations made (two for each multiplication with its addition).
        """
        words, parts = number_words(read_texts(sentences))
        chains = independent(parts, self._sizes.rows)
        lstms = [
            self._lstm_task(batch, direction) for (batch,) in chains for direction in (FORWARD, BACKWARD)
        ]
        return 2.0 * sum(
            multiplications
            for tasks in (self._word_tasks(words), lstms)
            for multiplications in side_by_side(tasks, n_threads)
        )

    def _rows(self, rows: int, columns: int) -> Tensor:
        """Return random rows, which are made once and shared by all threads."""
        numbers = self._numbers
        if len(numbers) < rows * columns:
            self._numbers = numbers = torch.full((rows * columns,), 0.5, dtype=self._dtype)
        return numbers[: rows * columns].view(rows, columns)

    def _multiply(self, rows: Tensor, weight: Tensor, n_columns: int) -> int:
        """Compute one product and return the number of its multiplications."""
        product(None, rows, weight)
        return len(rows) * rows.shape[1] * n_columns

    def _word_tasks(self, words: Sequence[str]) -> Iterator[Task]:
        cnn = self._model.char_cnn
        assert cnn is not None
        lengths = sorted(word_lengths(words_to_ids(words, cnn.config.max_characters)).tolist())
        for start in range(0, len(lengths), self._sizes.words):
            block = lengths[start : start + self._sizes.words]
            n_words = -(-len(block) // _FULL_ROWS) * _FULL_ROWS
            yield self._word_task(n_words, cnn.columns_needed(block[-1]))

    def _word_task(self, n_words: int, n_columns: int) -> Task:
        cnn = self._model.char_cnn
        assert cnn is not None
        done = 0
        for (width, _), weight in zip(cnn.config.filters, cnn.filters, strict=True):
            windows = self._rows(n_words * (n_columns - width + 1), weight.shape[0])
            done += self._multiply(windows, weight, weight.shape[1])
        n_filters = cnn.config.n_filters
        rows = self._rows(n_words, n_filters)
        for highway in cnn.highways:
            assert isinstance(highway, Highway)
            done += self._multiply(rows, highway.weight("weight_carry", self._dtype), n_filters)
            done += self._multiply(rows, highway.weight("weight_transform", self._dtype), n_filters)
        if cnn.projection is not None:
            done += self._multiply(rows, cnn.projection.weight.t(), self._config.projection_dim)
        yield done

    def _lstm_task(self, batch: Batch, direction: int) -> Task:
        layers = self._model.lstms(direction)
        dim, cells = self._config.projection_dim, self._config.lstm_dim
        for chunk in batch.chunks(direction, self._sizes.chunk):
            done = 0
            for layer in layers:
                tokens = self._rows(max(sum(chunk.sizes), LEAST_ROWS), dim)
                done += self._multiply(tokens, layer.weight_input, 4 * cells)
                hidden = layer.weight("weight_hidden", self._dtype)
                for size in chunk.sizes:
                    n_rows = max(size, LEAST_ROWS)
                    done += self._multiply(self._rows(n_rows, dim), hidden, 4 * cells)
                    if layer.has_projection:
                        projection = layer.weight("weight_projection", self._dtype)
                        done += self._multiply(self._rows(n_rows, cells), projection, dim)
            yield done
