"""Vectors with labels, of words or of texts: what mixtures are scored on and what a head learns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from elmo_core.encoders.protocol import Encoder, each_alone, free_context_view
from elmo_core.exceptions import InputError
from elmo_core.progress import Report
from elmo_core.senses.uses import Uses, vectors_at


@dataclass(frozen=True, eq=False)
class Labelled:
    """n vectors in L layers of width D, each with a label."""

    layers: np.ndarray
    """float32 (L, n, D)."""
    labels: tuple[str, ...]
    types: tuple[str, ...]
    """Type of each instance: the case-folded word, or for a text its number, since no two are alike."""
    contexts: tuple[str, ...]
    """The text that each belongs to."""
    n_skipped: int = 0
    """Instances left out: without a label, or of a label that occurs only once."""
    around: np.ndarray | None = None
    """float32 (n, D): the context of each word without it; None for texts, and where it is not free (see
    `free_context_view`)."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that occur, in alphabetical order."""
        return tuple(sorted(set(self.labels)))

    @property
    def codes(self) -> np.ndarray:
        """int64 (n,): the class of each instance."""
        return np.unique(np.array(self.labels, dtype=object), return_inverse=True)[1]

    @property
    def majority(self) -> float:
        """Accuracy of always naming the most frequent label."""
        return max(Counter(self.labels).values()) / len(self)

    def take(self, rows: np.ndarray | Sequence[int]) -> Labelled:
        """Some of the instances."""
        kept = np.asarray(rows, dtype=np.int64)
        parts = ([values[row] for row in kept] for values in (self.labels, self.types, self.contexts))
        labels, types, contexts = (tuple(part) for part in parts)
        around = None if self.around is None else self.around[kept]
        return Labelled(self.layers[:, kept], labels, types, contexts, self.n_skipped, around)

    def sampled(self, most: int, seed: int = 42) -> Labelled:
        """A seeded sample of this size, or all instances if there are no more."""
        if len(self) <= most:
            return self
        return self.take(np.sort(np.random.default_rng(seed).permutation(len(self))[:most]))


def label_vectors(
    layers: np.ndarray,
    labels: Sequence[str | None],
    *,
    types: Sequence[str] | None = None,
    contexts: Sequence[str] | None = None,
    around: np.ndarray | None = None,
) -> Labelled:
    """Pair vectors with their labels, those left out that nothing can be learned from.

    Args:
        layers: (L, n, D).
        labels: n labels, None where there is none.
        types: n types; None = all differ.
        contexts: n texts.
        around: (n, D), the contexts without their words.

    Raises:
        InputError: fewer than two labels occur twice.
    """
    counts = Counter(label for label in labels if label is not None)
    rows = [row for row, label in enumerate(labels) if label is not None and counts[label] > 1]
    if len({labels[row] for row in rows}) < 2:
        raise InputError(
            "A score needs at least two labels that occur twice or more; "
            f"here {sum(count > 1 for count in counts.values())} of {len(counts)} do."
        )
    return Labelled(
        np.ascontiguousarray(layers[:, rows], dtype=np.float32),
        tuple(str(labels[row]) for row in rows),
        tuple(types[row] if types else str(row) for row in rows),
        tuple(contexts[row] if contexts else "" for row in rows),
        len(labels) - len(rows),
        None if around is None else np.ascontiguousarray(around[rows], dtype=np.float32),
    )


def label_uses(encoder: Encoder, uses: Uses, report: Report | None = None) -> Labelled:
    """The uses of a word by their labelled senses.

    Raises:
        InputError: fewer than two senses occur twice.
    """
    spans = [[use.span] for use in uses.uses]
    layers, around = _read(encoder, [use.tokens for use in uses.uses], spans, report)
    words, texts = [use.form for use in uses.uses], [use.text for use in uses.uses]
    return label_vectors(layers, uses.labels, types=words, contexts=texts, around=around)


def join_words(parts: Mapping[str, Labelled]) -> Labelled:
    """The uses of several words as one set: the type of each is its word, which also stands before its label.

    Args:
        parts: the uses of each word.
    """
    around = [part.around for part in parts.values() if part.around is not None]
    return Labelled(
        np.concatenate([part.layers for part in parts.values()], axis=1),
        tuple(f"{word}: {label}" for word, part in parts.items() for label in part.labels),
        tuple(word for word, part in parts.items() for _ in part.labels),
        tuple(chain.from_iterable(part.contexts for part in parts.values())),
        sum(part.n_skipped for part in parts.values()),
        np.concatenate(around) if len(around) == len(parts) else None,
    )


def label_texts(
    encoder: Encoder, texts: Sequence[str], labels: Sequence[str | None], report: Report | None = None
) -> Labelled:
    """Texts by their labels, each the mean of its tokens in every layer.

    Raises:
        InputError: fewer than two labels occur twice among the texts with a token.
    """
    means = np.zeros((encoder.n_layers, len(texts), encoder.dim), dtype=np.float32)
    kept: list[str | None] = list(labels)
    for row, found in enumerate(chain.from_iterable(encoder.stream(texts, report=report))):
        if found.tokens:
            means[:, row] = found.layers.mean(axis=1)
        else:
            kept[row] = None
    return label_vectors(means, kept, contexts=texts)


def label_tokens(
    encoder: Encoder, sentences: Sequence[Sequence[tuple[str, str]]], report: Report | None = None
) -> Labelled:
    """Every token of tagged sentences by its tag.

    Args:
        encoder: the model.
        sentences: each its (token, tag) pairs.
        report: progress callback.
    """
    tokens = [[token for token, _ in sentence] for sentence in sentences]
    spans = [each_alone(range(len(words))) for words in tokens]
    layers, around = _read(encoder, tokens, spans, report)
    flat = [
        (token.casefold(), tag, " ".join(words))
        for words, sentence in zip(tokens, sentences, strict=True)
        for token, tag in sentence
    ]
    types, tags, contexts = zip(*flat, strict=True)
    return label_vectors(layers, tags, types=types, contexts=contexts, around=around)


def _read(
    encoder: Encoder,
    sentences: Sequence[Sequence[str]],
    spans: Sequence[Sequence[range]],
    report: Report | None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """The n places of some sentences in each layer, (L, n, D), and their contexts, (n, D)."""
    n = sum(map(len, spans))
    layers = np.empty((encoder.n_layers, n, encoder.dim), dtype=np.float32)
    contexts = free_context_view(encoder)
    around = None if contexts is None else np.empty((n, encoder.dim), dtype=np.float32)
    at = 0
    for found, places in zip(
        chain.from_iterable(encoder.stream(sentences, report=report)), spans, strict=True
    ):
        rows = slice(at, at + len(places))
        for row, place in enumerate(places, start=at):
            layers[:, row] = vectors_at(found.layers, place)
        if contexts is not None and around is not None:
            around[rows] = contexts.beside(found, places)
        at = rows.stop
    return layers, around
