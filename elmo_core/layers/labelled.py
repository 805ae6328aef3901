"""Vectors with labels, of words or of texts: what mixtures are scored on and what a head learns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.progress import Report
from elmo_core.senses.uses import Uses


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
        return Labelled(self.layers[:, kept], labels, types, contexts, self.n_skipped)

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
) -> Labelled:
    """Pair vectors with their labels, those left out that nothing can be learned from.

    Args:
        layers: (L, n, D).
        labels: n labels, None where there is none.
        types: n types; None = all differ.
        contexts: n texts.

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
    )


def label_uses(uses: Uses, layers: np.ndarray) -> Labelled:
    """The uses of a word by their labelled senses; arguments as `gather_vectors` takes and returns them."""
    words = [use.form for use in uses.uses]
    return label_vectors(layers, uses.labels, types=words, contexts=[use.text for use in uses.uses])


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
    vectors = [found.layers for block in encoder.stream(tokens, report=report) for found in block]
    flat = [
        (token.casefold(), tag, " ".join(words))
        for words, sentence in zip(tokens, sentences, strict=True)
        for token, tag in sentence
    ]
    types, tags, contexts = zip(*flat, strict=True)
    return label_vectors(np.concatenate(vectors, axis=1), tags, types=types, contexts=contexts)
