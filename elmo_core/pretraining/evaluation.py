"""Held-out perplexity by the full softmax, every token counted once.

Two ways to read a text: `carry` lays the sentences end to end in parallel rows and carries the
LSTM state over their ends, as bilm-tf's `run_test` does (the numbers that papers report); `zero`
reads each sentence on its own, as `embed` does by default.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from elmo_core.exceptions import InputError
from elmo_core.nn.bilm import BACKWARD, FORWARD, BiLM
from elmo_core.nn.lstm import LSTMState
from elmo_core.pretraining.objective import WordEncoder
from elmo_core.text.vocabulary import Vocabulary

Progress = Callable[[int, int], None]
_STEPS = 32
"""Time steps in memory at once."""


@dataclass(frozen=True)
class Perplexity:
    """How well a text was predicted."""

    forward: float
    backward: float
    n_predictions: int
    """Predicted tokens of one direction: every word and one sentence end."""
    unknown_share: float
    """Share of predicted tokens that are not in the vocabulary (predicted as `<UNK>`)."""
    state: str

    @property
    def mean(self) -> float:
        """Average of the two perplexities, as in the paper."""
        return (self.forward + self.backward) / 2


def text_perplexity(
    model: BiLM,
    vocabulary: Vocabulary,
    sentences: Sequence[Sequence[str]],
    *,
    state: Literal["carry", "zero"] = "carry",
    rows: int = 64,
    dtype: torch.dtype = torch.float32,
    progress: Progress | None = None,
) -> Perplexity:
    """Perplexity of tokenised sentences.

    Args:
        model: with a softmax.
        vocabulary: its words.
        sentences: lists of tokens.
        state: see above.
        rows: parallel rows.
        dtype: of the products.
        progress: called with (predictions done, predictions in all).

    Raises:
        InputError: there is no token.
        ConfigError: the model has no softmax.
    """
    kept = [sentence for sentence in sentences if len(sentence)]
    if not kept:
        raise InputError(
            "The text holds no token, so it has no perplexity; give a text with sentences in it."
        )
    types, inverse = np.unique(
        np.array([token for sentence in kept for token in sentence], dtype=object), return_inverse=True
    )
    words = [*vocabulary.words[:3], *types.tolist()]
    ids = np.split(inverse + 3, np.cumsum([len(sentence) for sentence in kept])[:-1])
    reader = _Reader(model, words, vocabulary, dtype)
    batches = list(_batches(ids, rows, state))
    n_predictions = sum(len(sentence) + 1 for sentence in ids)
    losses = []
    for direction in (FORWARD, BACKWARD):
        total = done = 0.0
        for batch in batches:
            loss, count = reader.read(direction, batch)
            total, done = total + loss, done + count
            if progress:
                progress(int(done + direction * n_predictions), 2 * n_predictions)
        losses.append(total / n_predictions)
    unknown = float((reader.word_ids(np.concatenate(ids)) == Vocabulary.unknown_id).sum()) / n_predictions
    return Perplexity(math.exp(losses[0]), math.exp(losses[1]), n_predictions, unknown, state)


def _batches(sentences: list[np.ndarray], rows: int, state: str) -> Iterator[list[list[np.ndarray]]]:
    """Groups of rows, each row a list of sentences to be read one after another."""
    if state == "zero":
        ordered = sorted(sentences, key=len)
        for start in range(0, len(ordered), rows):
            yield [[sentence] for sentence in ordered[start : start + rows]]
        return
    ends = np.cumsum([len(sentence) + 1 for sentence in sentences])
    share = ends[-1] / rows
    parts: list[list[np.ndarray]] = [[] for _ in range(rows)]
    for sentence, end in zip(sentences, ends, strict=True):
        parts[min(rows - 1, int((end - 1) / share))].append(sentence)
    yield [part for part in parts if part]


class _Reader:
    """Sums the losses of packed rows."""

    def __init__(self, model: BiLM, words: Sequence[str], vocabulary: Vocabulary, dtype: torch.dtype) -> None:
        self._model, self._dtype = model, dtype
        self._softmax = model.require_softmax()
        self._encode = WordEncoder(model, words, vocabulary)

    def word_ids(self, ids: np.ndarray) -> np.ndarray:
        """Ids in the vocabulary: int64, flat."""
        return self._encode.targets(ids).cpu().numpy()

    @torch.inference_mode()
    def read(self, direction: int, batch: list[list[np.ndarray]]) -> tuple[float, int]:
        """Sum of the losses in nats, and how many predictions there were."""
        rows = sorted((_row(sentences, direction) for sentences in batch), key=lambda row: -len(row[0]))
        lengths = np.array([len(inputs) for inputs, _ in rows])
        states: list[LSTMState] = self._model.zero_states(len(rows), self._dtype)
        total = 0.0
        for start in range(0, int(lengths[0]), _STEPS):
            alive = int((lengths > start).sum())
            sizes = [int((lengths > t).sum()) for t in range(start, min(start + _STEPS, int(lengths[0])))]
            columns = [
                (rows[row][0][start + t], rows[row][1][start + t])
                for t, size in enumerate(sizes)
                for row in range(size)
            ]
            inputs, targets = np.array(columns, dtype=np.int64).T
            states = [LSTMState(state.output[:alive], state.cell[:alive]) for state in states]
            outputs, states = self._model.run_direction(
                direction, self._encode(inputs, self._dtype), sizes, states
            )
            scores = self._softmax.log_probability(outputs[-1], self._encode.targets(targets))
            total -= float(scores.sum(dtype=torch.float64))
        return total, int(lengths.sum())


def _row(sentences: list[np.ndarray], direction: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs `<S> w1 .. wn` and targets `w1 .. wn </S>` of one row, mirrored for the backward direction."""
    marked = [np.concatenate([[Vocabulary.start_id], ids, [Vocabulary.end_id]]) for ids in sentences]
    if direction == BACKWARD:
        marked = [ids[::-1] for ids in reversed(marked)]
    return np.concatenate([ids[:-1] for ids in marked]), np.concatenate([ids[1:] for ids in marked])
