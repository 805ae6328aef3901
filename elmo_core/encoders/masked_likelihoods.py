"""The probability of each word by a masked language model: the word is masked, all others are read.

A word of several sub-words is predicted from left to right: each sub-word is masked together with those of
the word that follow it, and the logarithms of their probabilities are summed (Kauf and Ivanova 2023). Masking
one sub-word at a time, as in Salazar et al. (2020), makes rare words look likely, because the rest of a word
tells what is missing. So a word costs as many runs of the model as it has sub-words.

What is expected in the place of a word of several sub-words comes from a further run, with one mask token in
the place of the whole word.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from elmo_core.encoders.likelihoods import (
    N_EXPECTED,
    SIDES,
    ReadSentence,
    WordLikelihoods,
    sentence_blocks,
)
from elmo_core.encoders.protocol import WordPredictions
from elmo_core.encoders.sub_words import SubWords, Window
from elmo_core.progress import Progress

_BOTH = SIDES.index("both")
_MOST_PIECES, _MOST_RUNS = 4096, 256
"""Sub-words and runs that are computed together at most."""
_RUNS_PER_WORD, _PIECES_PER_RUN, _PRODUCTS_PER_S = 1.5, 30, 1.5e10  # of running text, on one busy core

TopVectors = Callable[[Sequence[Sequence[int]], Sequence[int]], np.ndarray]
"""Returns the top vectors float32 (n, D) of one place in each of n lists of sub-words."""


@dataclass(frozen=True)
class _Run:
    """A window of sub-words, some of which are masked; the first of these is the place that is asked for."""

    window: Window
    word: int
    first: int
    last: int
    """Sub-words from `first` to `last` are masked."""
    n_masks: int
    """Mask tokens in their place."""
    target: int | None
    """The sub-word whose probability is asked for; None = other runs give the probability of the word."""
    is_expected: bool
    """Whether one mask token stands for the whole word, so that this run says what is expected there."""

    def __len__(self) -> int:
        return len(self.window.ids) - (self.last + 1 - self.first) + self.n_masks

    def ids(self, mask: int) -> list[int]:
        """The sub-words that are read."""
        return [*self.window.ids[: self.first], *[mask] * self.n_masks, *self.window.ids[self.last + 1 :]]


class MaskedLikelihoods(WordLikelihoods):
    """The masked-LM head of a transformer; it predicts from both sides alone."""

    sides = ("both",)

    def __init__(
        self,
        top_vectors: TopVectors,
        predictions: WordPredictions,
        sub_words: SubWords,
        mask: int,
        *,
        n_parameters: int,
        fingerprint: str,
    ) -> None:
        """Take the parts of a transformer.

        Args:
            top_vectors: runs it without its head.
            predictions: its head.
            sub_words: its tokenizer.
            mask: id of its mask token.
            n_parameters: number of its weights that every sub-word is multiplied with.
            fingerprint: of the model, its head included.
        """
        self.words, self._fingerprint = predictions.words, fingerprint
        self.seconds_per_word = _RUNS_PER_WORD * _PIECES_PER_RUN * n_parameters / _PRODUCTS_PER_S
        self._top_vectors, self._predictions, self._sub_words = top_vectors, predictions, sub_words
        self._mask = mask
        self._is_word = torch.tensor(
            [bool(word) and number not in sub_words.special_ids for number, word in enumerate(self.words)]
        )

    @property
    def fingerprint(self) -> str:
        """As `WordLikelihoods.fingerprint`."""
        return self._fingerprint

    def of(
        self,
        sentences: Sequence[Sequence[str]],
        n_expected: int = N_EXPECTED,
        progress: Progress | None = None,
    ) -> Iterator[ReadSentence]:
        """As `WordLikelihoods.of`; words that continue no other one are expected, special tokens are not."""
        done, n_in_all = 0.0, sum(map(len, sentences))

        def advance(n_words: float) -> None:
            nonlocal done
            done += n_words
            if progress is not None:
                progress(round(done), n_in_all)

        for block in sentence_blocks(sentences):
            yield from self._read(block, min(n_expected, int(self._is_word.sum())), advance)

    def _read(
        self, block: Sequence[Sequence[str]], k: int, advance: Callable[[float], object]
    ) -> list[ReadSentence]:
        found = [self._unread(tokens, k) for tokens in block]
        runs = sorted(self._runs(block, with_expected=k > 0), key=len)
        for run in runs:
            found[run.window.text].bits[_BOTH, run.word] = 0
            found[run.window.text].is_unknown[run.word] = False
        start, n_words = 0, sum(map(len, block))
        while start < len(runs):
            end = start + 1
            most = min(len(runs), start + _MOST_RUNS)
            while end < most and (end + 1 - start) * len(runs[end]) <= _MOST_PIECES:
                end += 1
            self._note(runs[start:end], found, k)
            advance(n_words * (end - start) / len(runs))
            start = end
        return found

    def _unread(self, tokens: Sequence[str], k: int) -> ReadSentence:
        """A sentence of unknown words, all equally likely: this remains of a word without sub-words."""
        n = len(tokens)
        bits = np.full((len(SIDES), n), np.nan, np.float32)
        bits[_BOTH] = math.log2(len(self.words))
        return ReadSentence(
            tokens=tuple(tokens),
            bits=bits,
            boundary_bits=np.full(2, np.nan, np.float32),
            is_unknown=np.ones(n, bool),
            likeliest=np.zeros((len(SIDES), n, k), np.int64),
            probabilities=np.zeros((len(SIDES), n, k), np.float32),
            words=self.words,
            sides=self.sides,
        )

    def _runs(self, block: Sequence[Sequence[str]], *, with_expected: bool) -> Iterator[_Run]:
        """All runs that a block needs."""
        for window in self._sub_words.windows(block):
            places = zip(window.words.tolist(), window.first.tolist(), window.last.tolist(), strict=True)
            for word, first, last in places:
                for at in range(first, last + 1):
                    target = window.ids[at]
                    yield _Run(window, word, at, last, last + 1 - at, target, is_expected=first == last)
                if with_expected and first < last:
                    yield _Run(window, word, first, last, 1, None, is_expected=True)

    def _note(self, runs: Sequence[_Run], found: Sequence[ReadSentence], k: int) -> None:
        """Run the model, and note what it says of each word."""
        vectors = self._top_vectors([run.ids(self._mask) for run in runs], [run.first for run in runs])
        logs = self._predictions.scores(vectors).log_softmax(dim=1)  # (n, V)
        best, ids = logs.masked_fill(~self._is_word, -math.inf).topk(k, dim=1)
        for row, run in enumerate(runs):
            sentence = found[run.window.text]
            if run.target is not None:
                sentence.bits[_BOTH, run.word] -= float(logs[row, run.target]) / math.log(2)
                sentence.is_unknown[run.word] |= run.target == self._sub_words.unknown_id
            if run.is_expected:
                sentence.likeliest[_BOTH, run.word] = ids[row].numpy()
                sentence.probabilities[_BOTH, run.word] = best[row].exp().numpy()
