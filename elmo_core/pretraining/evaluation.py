"""Held-out perplexity by the full softmax, every token counted once.

Two ways to read a text: `carry` carries the LSTM state over sentence ends, as bilm-tf's `run_test` does
(the numbers that papers report); `zero` reads each sentence on its own, as `embed` does by default.

With `carry`, the text is cut into parts that are read side by side, one row each, every one from a state
of zeros. A part is `LEAST_PER_ROW` predictions or longer, unless another number of rows is asked for, so a
short text is one row. The backward direction reads the sentences of a part in the same order as the forward
direction and reverses the words of each, as in bilm-tf. With one row the numbers are those of bilm-tf with
a batch of one, except that bilm-tf leaves out the tail of the text that does not fill a batch.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from elmo_core.exceptions import ConfigError, InputError
from elmo_core.nn.bilm import BACKWARD, FORWARD, BiLM
from elmo_core.nn.lstm import LSTMState
from elmo_core.pretraining.objective import WordEncoder
from elmo_core.progress import Progress
from elmo_core.text.vocabulary import END_TYPE, SPECIALS, START_TYPE, Vocabulary

LEAST_PER_ROW = 512
"""Predictions of a row where the rows are chosen here: the first of them are made from a state of zeros."""
MOST_ROWS = 64
MOST_UNKNOWN = 0.3
"""Share of unknown words above which a perplexity says little."""
_STEPS = 32
"""Time steps in memory at once."""
_LARGEST_LOSS = 700.0  # nats: the largest whose exponential is a float64


@dataclass(frozen=True)
class Perplexity:
    """How well a model predicts a text."""

    forward: float
    """Infinite where the loss is too large for a perplexity, or no number; NaN for a masked model."""
    backward: float
    """As `forward`."""
    n_predictions: int
    """Predicted tokens of one direction: every word and one sentence end."""
    unknown_share: float
    """Share of predicted tokens that are not in the vocabulary (predicted as `<UNK>`)."""
    state: str
    """Of the LSTMs before a sentence; "masked" = each word was predicted from all others of its sentence."""
    loss: float
    """Mean of the two directions, in nats."""
    rows: int | None = None
    """Parts that the text was read in, each from a state of zeros; None where each sentence is one."""

    @property
    def carried(self) -> str:
        """The state in which sentences were read, in words."""
        if self.rows is None:
            return "each sentence on its own, from a state of zeros"
        if self.rows == 1:
            return "state carried from sentence to sentence through the whole text (1 row)"
        return f"state carried from sentence to sentence inside each of {self.rows} parts of the text (rows)"

    @property
    def warning(self) -> str | None:
        """The caveat on the perplexity; None without one."""
        return unknown_warning(self.unknown_share)

    @property
    def mean(self) -> float:
        """Average of the two perplexities, as in the paper; the pseudo-perplexity of a masked model."""
        if self.state == "masked":
            return perplexity_of_loss(self.loss)
        return (self.forward + self.backward) / 2


def text_perplexity(
    model: BiLM,
    vocabulary: Vocabulary,
    sentences: Sequence[Sequence[str]],
    *,
    state: Literal["carry", "zero"] = "carry",
    rows: int | None = None,
    dtype: torch.dtype = torch.float32,
    progress: Progress | None = None,
) -> Perplexity:
    """Perplexity of tokenised sentences.

    Args:
        model: with a softmax.
        vocabulary: its words.
        sentences: lists of tokens.
        state: see above.
        rows: parts of the text that are read side by side (`carry`), or sentences read at once (`zero`);
            None = as above.
        dtype: number format of the products.
        progress: called with (predictions done, predictions in all).

    Raises:
        InputError: there is no token.
        ConfigError: the model has no softmax, or there are no rows.
    """
    if rows is not None and rows < 1:
        raise ConfigError(f"rows must be 1 or more, got {rows}.")
    kept = [sentence for sentence in sentences if len(sentence)]
    if not kept:
        raise InputError(
            "The text holds no token, so it has no perplexity; give a text with sentences in it."
        )
    types, inverse = np.unique(
        np.array([token for sentence in kept for token in sentence], dtype=object), return_inverse=True
    )
    ids = np.split(inverse + len(SPECIALS), np.cumsum([len(sentence) for sentence in kept])[:-1])
    reader = _Reader(model, [*SPECIALS, *types.tolist()], vocabulary, dtype)
    n_predictions = sum(len(sentence) + 1 for sentence in ids)
    if state == "zero":
        batches = list(_alone(ids, rows or MOST_ROWS))
    else:
        batches = [_parts(ids, rows or max(1, min(MOST_ROWS, n_predictions // LEAST_PER_ROW)))]
    losses, done = [], 0
    for direction in (FORWARD, BACKWARD):
        total = 0.0
        for loss, count in itertools.chain.from_iterable(reader.read(direction, batch) for batch in batches):
            total, done = total + loss, done + count
            if progress:
                progress(done, 2 * n_predictions)
        losses.append(total / n_predictions)
    unknown = float((reader.word_ids(np.concatenate(ids)) == vocabulary.unknown_id).sum()) / n_predictions
    n_rows = None if state == "zero" else len(batches[0])
    forward, backward = map(perplexity_of_loss, losses)
    return Perplexity(forward, backward, n_predictions, unknown, state, sum(losses) / 2, n_rows)


def unknown_warning(share: float) -> str | None:
    """The caveat on a perplexity with this share of unknown words; None where the share is small."""
    if share <= MOST_UNKNOWN:
        return None
    return (
        f"{share:.0%} of the predictions are of words outside the vocabulary, each predicted as <UNK>, so "
        "the perplexity says little about words; a larger vocabulary helps (vocabulary_size, min_count), and "
        "so do more training text and a text of the same kind."
    )


def perplexity_of_loss(loss: float) -> float:
    """Perplexity of a mean loss in nats; infinite where it is too large, or no number."""
    return math.exp(loss) if loss < _LARGEST_LOSS else math.inf  # a loss that is no number is not less


def _alone(sentences: list[np.ndarray], rows: int) -> Iterator[list[list[np.ndarray]]]:
    """Groups of sentences of much the same length, each sentence a row of its own."""
    ordered = sorted(sentences, key=len)
    for start in range(0, len(ordered), rows):
        yield [[sentence] for sentence in ordered[start : start + rows]]


def _parts(sentences: list[np.ndarray], rows: int) -> list[list[np.ndarray]]:
    """At most so many parts of a text, of whole sentences and much the same length."""
    ends = np.cumsum([len(sentence) + 1 for sentence in sentences])
    share = ends[-1] / rows
    parts: list[list[np.ndarray]] = [[] for _ in range(rows)]
    for sentence, end in zip(sentences, ends, strict=True):
        parts[min(rows - 1, int((end - 1) / share))].append(sentence)
    return [part for part in parts if part]


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
    def read(self, direction: int, batch: list[list[np.ndarray]]) -> Iterator[tuple[float, int]]:
        """Read rows of sentences, each row from a state of zeros.

        Yields:
            For each block of time steps the sum of its losses in nats and the number of its predictions.
        """
        rows = sorted((_row(sentences, direction) for sentences in batch), key=lambda row: -len(row[0]))
        lengths = np.array([len(inputs) for inputs, _ in rows])
        states: list[LSTMState] = self._model.zero_states(len(rows), self._dtype)
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
            yield -float(scores.sum(dtype=torch.float64)), len(columns)


def _row(sentences: list[np.ndarray], direction: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs `<S> w1 .. wn` and targets `w1 .. wn </S>` of one row; backward, each sentence is mirrored."""
    marked = [np.concatenate([[START_TYPE], ids, [END_TYPE]]) for ids in sentences]
    if direction == BACKWARD:
        marked = [ids[::-1] for ids in marked]
    return np.concatenate([ids[:-1] for ids in marked]), np.concatenate([ids[1:] for ids in marked])
