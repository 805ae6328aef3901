"""How contextual each layer is, after Ethayarajh (2019), every measure beside its anisotropy baseline.

* self-similarity of a word: mean cosine of the vectors of its uses with each other;
* similarity inside a sentence: mean cosine of its tokens with their mean;
* maximum explainable variance of a word: share of the sum of squares of its uses along one direction, so
  the most that a static vector could stand for.

Vectors of unrelated tokens have high cosines with each other as well, where they fill a narrow cone; each
measure is therefore given less what random tokens of the text give: their mean cosine, and for the
variance that of as many random tokens as the word has uses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.geometry.clustering import unit_rows
from elmo_core.measuring.intervals import Estimate, over_cases
from elmo_core.progress import Report

MIN_USES = 5
"""Uses in different sentences below which a word is left out."""
MOST_USES = 40
"""Uses of a word that are compared, the first ones that a seeded order meets."""
N_RANDOM = 1000
"""Random tokens; their pairs give the baseline."""
_N_DRAWS = 5


@dataclass(frozen=True)
class WordContextuality:
    """One word in all L layers, each value less its baseline."""

    word: str
    n: int
    """Its uses in the text."""
    self_similarity: tuple[float, ...]
    explained: tuple[float, ...]
    """Maximum explainable variance."""


@dataclass(frozen=True)
class Contextuality:
    """The geometry of a text."""

    n_tokens: int
    n_sentences: int
    words: tuple[WordContextuality, ...]
    """Those with enough uses, in alphabetical order."""
    anisotropy: tuple[Estimate, ...]
    """Mean cosine of random tokens, layer by layer: the baseline of both similarities."""
    self_similarity: tuple[Estimate, ...]
    """Mean over the words, less the baseline; the intervals are over words."""
    sentence_similarity: tuple[Estimate, ...]
    """Mean over the sentences, less the baseline; the intervals are over sentences."""
    explained: tuple[Estimate, ...]
    """Mean over the words, less that of random tokens."""
    explained_baseline: tuple[float, ...]
    """The explained variance of random tokens: its baseline."""

    def most_contextual(self, layer: int, n: int = 10) -> tuple[WordContextuality, ...]:
        """The words whose uses differ most in a layer."""
        return tuple(sorted(self.words, key=lambda word: word.self_similarity[layer])[:n])

    def least_contextual(self, layer: int, n: int = 10) -> tuple[WordContextuality, ...]:
        """The words whose uses differ least in a layer."""
        return tuple(sorted(self.words, key=lambda word: -word.self_similarity[layer])[:n])


def measure_contextuality(
    encoder: Encoder,
    sentences: Sequence[str | Sequence[str]],
    *,
    seed: int = 42,
    report: Report | None = None,
) -> Contextuality:
    """Measure a text, a block of sentences at a time; a repeated sentence counts once.

    Args:
        encoder: the model.
        sentences: strings or token lists.
        seed: seed of the order in which sentences are read, and of the random tokens.
        report: progress callback.

    Raises:
        InputError: no two words have `MIN_USES` uses in different sentences.
    """
    different = list(dict.fromkeys(text if isinstance(text, str) else tuple(text) for text in sentences))
    order = np.random.default_rng(seed)
    shuffled = [different[row] for row in order.permutation(len(different))]
    gathered = _Gathered(encoder.n_layers, order)
    for block in encoder.stream(shuffled, report=report):
        for found in block:
            gathered.add(found.tokens, found.layers)
    words = gathered.frequent()
    if len(words) < 2:
        raise InputError(
            f"Contextuality needs at least two words with {MIN_USES} uses in different sentences; "
            f"this text of {len(different):,} sentences has {len(words)}. Give a longer text."
        )
    return _measured(gathered, words, order)


class _Gathered:
    """Uses of every word, a uniform sample of tokens, and similarities inside sentences."""

    def __init__(self, n_layers: int, order: np.random.Generator) -> None:
        self.uses: dict[str, list[np.ndarray]] = defaultdict(list)  # each float32 (L, D)
        self.counts: dict[str, int] = defaultdict(int)
        self.inside: list[np.ndarray] = []  # each (L,)
        self.random: list[np.ndarray] = []  # each float32 (L, D)
        self.n_tokens, self._order, self._n_layers = 0, order, n_layers

    def add(self, tokens: Sequence[str], layers: np.ndarray) -> None:
        """Take one sentence."""
        for position in {token.casefold(): at for at, token in enumerate(tokens)}.values():
            word = tokens[position].casefold()
            if any(character.isalpha() for character in word):
                self.counts[word] += 1
                if len(self.uses[word]) < MOST_USES:
                    self.uses[word].append(layers[:, position].copy())
        for position in range(len(tokens)):
            self._keep(layers[:, position])
        if len(tokens) > 1:
            units = np.stack([unit_rows(layer) for layer in layers])
            middle = unit_rows(layers.mean(axis=1))
            self.inside.append(np.einsum("ltd,ld->l", units, middle) / len(tokens))

    def frequent(self) -> list[str]:
        """Words with enough uses, in alphabetical order."""
        return sorted(word for word, uses in self.uses.items() if len(uses) >= MIN_USES)

    def _keep(self, vector: np.ndarray) -> None:
        """Keep every token with the same probability (reservoir sampling)."""
        self.n_tokens += 1
        if len(self.random) < N_RANDOM:
            self.random.append(vector.copy())
        elif (place := int(self._order.integers(self.n_tokens))) < N_RANDOM:
            self.random[place] = vector.copy()


def _measured(gathered: _Gathered, words: Sequence[str], order: np.random.Generator) -> Contextuality:
    random = np.stack(gathered.random, axis=1)  # (L, m, D)
    anisotropy = [_mean_cosine(layer) for layer in random]
    spread = [over_cases(_row_means(layer)) for layer in random]
    similarity = np.array([[_mean_cosine(layer) for layer in _stacked(gathered, word)] for word in words])
    explained = np.array([[_explained(layer) for layer in _stacked(gathered, word)] for word in words])
    sizes = [len(gathered.uses[word]) for word in words]
    by_size = {size: _random_explained(random, size, order) for size in sorted(set(sizes))}
    baseline = np.array([by_size[size] for size in sizes])  # (W, L)
    similarity, explained = similarity - anisotropy, explained - baseline
    inside = np.stack(gathered.inside) - anisotropy
    return Contextuality(
        n_tokens=gathered.n_tokens,
        n_sentences=len(gathered.inside),
        words=tuple(
            WordContextuality(word, gathered.counts[word], tuple(own.tolist()), tuple(part.tolist()))
            for word, own, part in zip(words, similarity, explained, strict=True)
        ),
        anisotropy=tuple(spread),
        self_similarity=_over(similarity),
        sentence_similarity=_over(inside),
        explained=_over(explained),
        explained_baseline=tuple(baseline.mean(axis=0).tolist()),
    )


def _stacked(gathered: _Gathered, word: str) -> np.ndarray:
    """(L, n, D)."""
    return np.stack(gathered.uses[word], axis=1)


def _row_means(vectors: np.ndarray) -> np.ndarray:
    """Mean cosine of each row of (n, D) with all others: float64 (n,)."""
    units = unit_rows(vectors).astype(np.float64)
    own = np.square(units).sum(axis=1)
    return np.asarray((units @ units.sum(axis=0) - own) / (len(units) - 1))


def _mean_cosine(vectors: np.ndarray) -> float:
    """Mean cosine of all pairs of rows of (n, D)."""
    return float(_row_means(vectors).mean())


def _explained(vectors: np.ndarray) -> float:
    """Share of the sum of squares of (n, D) along its first singular vector; 1 without any."""
    values = vectors.astype(np.float64)
    squares = np.linalg.eigvalsh(values @ values.T)
    total = float(squares.sum())
    return float(squares[-1] / total) if total > 0 else 1.0


def _random_explained(random: np.ndarray, size: int, order: np.random.Generator) -> list[float]:
    """Explained variance of as many random tokens, layer by layer; the mean of several draws."""
    draws = [order.permutation(random.shape[1])[:size] for _ in range(_N_DRAWS)]
    return [float(np.mean([_explained(layer[rows]) for rows in draws])) for layer in random]


def _over(values: np.ndarray) -> tuple[Estimate, ...]:
    """Mean of (cases, L) over the cases, layer by layer."""
    columns: Iterable[np.ndarray] = values.T
    return tuple(over_cases(column) for column in columns)
