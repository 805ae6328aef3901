"""The plan of a computation: batches of sentences, cut over time into chunks.

A batch is packed as `ProjectedLSTM` wants it: rows by falling length, all first steps, then all second
steps. The LSTM state goes from chunk to chunk, so a cut changes nothing, and the memory of a run depends
on the size of a chunk, never on the length of a text. The backward direction reads the mirror image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.embedding.reading import END, START, Sentence
from elmo_core.nn.bilm import FORWARD

Chain = tuple["Batch", ...]
"""Batches of which each goes on with the LSTM state of the one before."""


@dataclass(frozen=True)
class Place:
    """Outputs of one row of a chunk and where they belong."""

    text: int
    target: slice
    """Tokens of the text, in reading order."""
    source: np.ndarray
    """int64 (n,): packed rows of the chunk, one for each of these tokens."""


@dataclass(frozen=True)
class Chunk:
    """Some steps of a batch in one direction; N = rows alive, added up over its steps."""

    words: np.ndarray
    """int64 (N,), packed numbers of words."""
    sizes: list[int]
    """Rows alive at each step."""
    places: list[Place]
    """Places of the outputs; those of sentence boundaries have none."""


@dataclass(frozen=True)
class Batch:
    """Sentences that are computed side by side."""

    sentences: tuple[Sentence, ...]
    """The sentences by falling length."""
    rows: np.ndarray
    """int64 (B,): which row of the chain's state each of them continues."""
    marks: int
    """Boundaries read with a sentence: both, or only the first where the state afterwards is not needed."""

    @property
    def n_steps(self) -> int:
        """Steps of all rows, of one direction."""
        return sum(len(sentence.words) + self.marks for sentence in self.sentences)

    def chunks(self, direction: int, budget: int) -> Iterator[Chunk]:
        """Cut the batch over time.

        Args:
            direction: FORWARD or BACKWARD.
            budget: most packed rows N of a chunk (but there is always one step).
        """
        sequences = [
            _sequence(sentence.words, direction)[: len(sentence.words) + self.marks]
            for sentence in self.sentences
        ]
        lengths = np.array([len(sequence) for sequence in sequences])
        alive = len(lengths) - np.searchsorted(lengths[::-1], np.arange(lengths[0]), side="right")  # (T,)
        ends = np.cumsum(alive)
        start = 0
        while start < len(alive):
            done = ends[start] - alive[start]
            end = max(start + 1, int(np.searchsorted(ends, done + budget, side="right")))
            yield self._chunk(sequences, direction, alive[start:end], start)
            start = end

    def _chunk(self, sequences: Sequence[np.ndarray], direction: int, sizes: np.ndarray, start: int) -> Chunk:
        block = np.zeros((len(sizes), sizes[0]), dtype=np.int64)  # (steps, rows)
        offsets = np.cumsum(sizes) - sizes
        places = []
        for row in range(sizes[0]):
            words = sequences[row][start : start + len(sizes)]
            block[: len(words), row] = words
            place = _place(self.sentences[row], direction, start, offsets + row)
            if len(place.source):
                places.append(place)
        packed = block[np.arange(sizes[0]) < sizes[:, None]]
        return Chunk(packed, sizes.tolist(), places)


def _sequence(words: np.ndarray, direction: int) -> np.ndarray:
    """A sentence between its boundaries, in the order of reading: int64 (n + 2,)."""
    sequence = np.concatenate([[START], words, [END]])
    return sequence if direction == FORWARD else sequence[::-1]


def _place(sentence: Sentence, direction: int, start: int, packed: np.ndarray) -> Place:
    """Where a row's outputs belong, when `packed` are its rows from step `start` on."""
    n_words = len(sentence.words)
    # step 0 read a boundary, step s the s-th word of this direction
    first, last = max(start, 1), min(start + len(packed), n_words + 1)
    source = packed[max(0, first - start) : max(0, last - start)]
    if direction == FORWARD:
        return Place(sentence.text, slice(sentence.start + first - 1, sentence.start + last - 1), source)
    return Place(
        sentence.text,
        slice(sentence.start + n_words + 1 - last, sentence.start + n_words + 1 - first),
        source[::-1],
    )


def independent(sentences: Sequence[Sentence], rows: int) -> list[Chain]:
    """Batches that know nothing of each other: sentences of like length together, blank ones left out."""
    kept = sorted((s for s in sentences if len(s.words)), key=lambda s: -len(s.words))
    groups = [tuple(kept[start : start + rows]) for start in range(0, len(kept), rows)]
    return [(Batch(group, np.arange(len(group)), marks=1),) for group in groups]


def carried(sentences: Sequence[Sentence], rows: int) -> list[Chain]:
    """One chain of consecutive sentences: each goes on where the one in its place in the last batch ended."""
    batches = []
    for start in range(0, len(sentences), rows):
        group = sentences[start : start + rows]
        order = np.argsort([-len(sentence.words) for sentence in group], kind="stable")
        batches.append(Batch(tuple(group[i] for i in order), order, marks=2))
    return [tuple(batches)] if batches else []
