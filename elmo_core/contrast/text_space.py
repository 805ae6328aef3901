"""A text with the vector of each of its tokens in every layer, small enough for memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from elmo_core.encoders.protocol import Encoder, each_alone, free_context_view
from elmo_core.exceptions import InputError
from elmo_core.geometry.clustering import unit_rows
from elmo_core.geometry.neighbours import random_pairs
from elmo_core.progress import Report
from elmo_core.senses.study import CONTEXT, view_names
from elmo_core.text.levelling import fold

MAX_TOKENS = 40_000
"""Of a text in memory, at 3 KB a token; what is longer is cut after the last sentence that fits."""


@dataclass(frozen=True, eq=False)
class TextSpace:
    """N tokens of a text in L layers of width D."""

    sentences: tuple[tuple[str, ...], ...]
    """The sentences that were read."""
    n_sentences: int
    """All sentences of the text; more than were read when it is long."""
    layers: np.ndarray
    """float16 (L, N, D); with the context, L + 1 of them: the last is of each token's place without it."""

    @cached_property
    def places(self) -> np.ndarray:
        """Sentence and position of each token: int64 (N, 2)."""
        pairs = [(row, at) for row, tokens in enumerate(self.sentences) for at in range(len(tokens))]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """All N tokens."""
        return tuple(token for tokens in self.sentences for token in tokens)

    @cached_property
    def rows_by_word(self) -> dict[str, np.ndarray]:
        """Rows of each folded word that has a letter, in order of the text."""
        found: dict[str, list[int]] = {}
        for row, token in enumerate(self.tokens):
            if any(map(str.isalpha, token)):
                found.setdefault(fold(token), []).append(row)
        return {word: np.array(rows) for word, rows in found.items()}

    @cached_property
    def spellings(self) -> dict[str, str]:
        """The most frequent spelling of each case-folded word."""
        return {
            word: Counter(self.tokens[row] for row in rows).most_common(1)[0][0]
            for word, rows in self.rows_by_word.items()
        }

    def view(self, weights: Sequence[float]) -> np.ndarray:
        """A mix of the layers, from the mean of all tokens: float32 (N, D).

        Without its mean, every layer lies in a narrow cone, and all cosines are high (Ethayarajh 2019).
        """
        return np.asarray(self.mixed(self.layers, weights) - self.mean(weights))

    def mean(self, weights: Sequence[float]) -> np.ndarray:
        """Mean of a mix over all tokens: float32 (D,)."""
        return self._last(("mean", *weights), lambda: self.mixed(self.layers, weights).mean(axis=0))

    def directions(self, weights: Sequence[float]) -> np.ndarray:
        """Directions of all tokens in a view: float32 (N, D) of length 1."""
        return self._last(("directions", *weights), lambda: unit_rows(self.view(weights)))

    def random_cosines(self, weights: Sequence[float], seed: int = 42) -> np.ndarray:
        """Cosines of random pairs of different tokens in a view, ascending: float32 (m,).

        Args:
            weights: weights of the layers.
            seed: seed of the pairs.
        """

        def compute() -> np.ndarray:
            units = self.directions(weights)
            first, second = random_pairs(len(units), seed)
            return np.sort((units[first] * units[second]).sum(axis=1))

        return self._last(("random cosines", seed, *weights), compute)

    def _last(self, key: tuple[str | float, ...], compute: Callable[[], np.ndarray]) -> np.ndarray:
        """What was computed last of this kind, if for the same key."""
        kind = str(key[0])
        before, found = self._computed.get(kind, ((), np.empty(0)))
        if before != key:
            found = np.asarray(compute())
            self._computed[kind] = key, found
        return found

    @cached_property
    def _computed(self) -> dict[str, tuple[tuple[str | float, ...], np.ndarray]]:
        return {}

    @staticmethod
    def mixed(layers: np.ndarray, weights: Sequence[float]) -> np.ndarray:
        """A mix of layers (L, ..., D), weights divided by their sum: float32 (..., D)."""
        shares = np.asarray(weights, dtype=np.float32) / np.float32(sum(weights))
        total = np.zeros(layers.shape[1:], dtype=np.float32)
        for share, layer in zip(shares, layers, strict=True):
            if share:
                total += share * layer.astype(np.float32)
        return total


def views_of(encoder: Encoder) -> tuple[str, ...]:
    """What the tokens of a text can be compared by: the context where it is free, each layer, their mix."""
    context = () if free_context_view(encoder) is None else (CONTEXT,)
    return (*context, *view_names(encoder.n_layers))


def weights_of(view: str, encoder: Encoder, *, with_context: bool = False) -> tuple[float, ...]:
    """The weights of a view of `views_of`.

    Args:
        view: its name.
        encoder: the model.
        with_context: whether they are of a text that was embedded with its contexts.
    """
    names = view_names(encoder.n_layers)
    weights = [1.0] * encoder.n_layers if view == names[-1] else [float(name == view) for name in names[:-1]]
    has_context = with_context and free_context_view(encoder) is not None
    return (*weights, *[float(view == CONTEXT)] * has_context)


def embed_text(
    encoder: Encoder,
    sentences: Sequence[Sequence[str]],
    *,
    max_tokens: int = MAX_TOKENS,
    with_context: bool = False,
    report: Report | None = None,
) -> TextSpace:
    """Embed all tokens of a text.

    Args:
        encoder: the model.
        sentences: lists of tokens.
        max_tokens: whole sentences are read until the next one would exceed it.
        with_context: whether the context of each token is kept as one layer more, where it costs no further
            run of the model (see `free_context_view`).
        report: progress callback.

    Raises:
        InputError: there is no token, or the first sentence alone is too long.
    """
    kept, n_tokens = [], 0
    for tokens in sentences:
        if n_tokens + len(tokens) > max_tokens:
            break
        n_tokens += len(tokens)
        kept.append(tuple(tokens))
    if not n_tokens:
        raise InputError("This text has no sentence that can be read; give one with words.")
    contexts = free_context_view(encoder) if with_context else None
    n_views = encoder.n_layers + (contexts is not None)
    layers = np.empty((n_views, n_tokens, encoder.dim), dtype=np.float16)
    row = 0
    for found in chain.from_iterable(encoder.stream(kept, report=report)):
        rows = slice(row, row + len(found.tokens))
        layers[: encoder.n_layers, rows] = found.layers
        if contexts is not None:
            layers[-1, rows] = contexts.beside(found, each_alone(range(len(found.tokens))))
        row = rows.stop
    return TextSpace(tuple(kept), len(sentences), layers)
