"""The points of a map: the tokens or the texts of a corpus with their vectors in every layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

import numpy as np

from elmo_core.encoders.protocol import Encoder, each_alone, free_context_view
from elmo_core.exceptions import InputError
from elmo_core.layers.mixture import Mixture
from elmo_core.progress import Report
from elmo_core.senses.facts import PARTS_OF_SPEECH
from elmo_core.senses.study import CONTEXT
from elmo_core.tables.corpus import Text
from elmo_core.text.levelling import fold
from elmo_core.text.tokenisation import tokenise

Pooling = Literal["mean", "weighted", "max"]

MOST_POINTS = 50_000
"""More tokens or texts than this are sampled (seeded)."""
OTHER_WORDS = "other words"
"""Value of a token in a column that speaks of another token of its sentence."""
_SMOOTHING, _FEW_VALUES = 1e-3, 50
_CONTEXT = 60  # characters of context kept on each side of a token


@dataclass(frozen=True, eq=False)
class MapPoints:
    """n points in V views."""

    views: tuple[str, ...]
    """Names of the layers, of tokens also the context; or of the one set of vectors that was given."""
    vectors: np.ndarray
    """float32 (V, n, D)."""
    names: tuple[str, ...]
    """Name of each point: the token as it is spelt, or the beginning of the text."""
    lefts: tuple[str, ...]
    """The text before a token; empty for a whole text."""
    rights: tuple[str, ...]
    """The text after it; of a whole text, all of it."""
    columns: Mapping[str, tuple[str, ...]]
    """Further values of each point, by which it can be coloured."""
    found: int
    """Points there were before a sample was taken."""
    n_layers: int
    """Views that are layers of the model; they come first."""

    def __len__(self) -> int:
        return len(self.names)

    def with_mixture(self, mixture: Mixture) -> MapPoints:
        """The same points with a mixture of their layers as one view more."""
        weights = np.array(mixture.weights, dtype=np.float32)
        mixed = mixture.gamma * np.tensordot(weights, self.vectors[: self.n_layers], axes=1)
        return replace(
            self,
            views=(*self.views, f"Mix {mixture.text}"),
            vectors=np.concatenate([self.vectors, mixed[None].astype(np.float32)]),
        )

    def view(self, name: str) -> np.ndarray:
        """Vectors float32 (n, D) of one view."""
        return np.asarray(self.vectors[self.views.index(name)])


def columns_of(text: Text) -> dict[str, tuple[str, ...]]:
    """What a text's table says of each sentence: all columns whose values repeat, or are few.

    Senses of several words stand after their word, because two words may have senses of one name.
    """
    if text.table is None:
        return {}
    has_words = len(set(text.words)) > 1
    everything = tuple(range(len(text.sentences)))
    found: dict[str, tuple[str, ...]] = {}
    for column in text.table.columns:
        cells = text.values(column, everything)
        values = tuple(cell or "" for cell in cells)
        if has_words and cells == text.labels:
            pairs = zip(text.words, values, strict=True)
            values = tuple(f"{word}: {value}" if value else "" for word, value in pairs)
        if 1 < len(set(values)) <= max(_FEW_VALUES, len(values) // 3):
            found[column] = values
    return found


def targets_of(text: Text) -> dict[str, tuple[str, ...]]:
    """Find the columns that speak of one word of each sentence: its sense and its part of speech.

    Args:
        text: with the word that its labels speak of.

    Returns:
        The folded word of each sentence, for each of these columns; none where labels speak of no word.
    """
    if text.table is None or not text.words:
        return {}
    everything = tuple(range(len(text.sentences)))
    return {
        column: text.words
        for column in text.table.columns
        if column.casefold() in PARTS_OF_SPEECH or text.values(column, everything) == text.labels
    }


def token_points(
    encoder: Encoder,
    texts: Sequence[str],
    columns: Mapping[str, Sequence[str]] | None = None,
    *,
    targets: Mapping[str, Sequence[str]] | None = None,
    most: int = MOST_POINTS,
    seed: int = 42,
    report: Report | None = None,
) -> MapPoints:
    """Every token of some texts that holds a letter or a digit.

    Where the model's contexts cost no further run, the context of each token without it is one view more.

    Args:
        encoder: the model.
        texts: N texts.
        columns: N values each, which all tokens of a text take.
        targets: of the columns that speak of one word of each text, the N folded words; all other tokens
            take `OTHER_WORDS`. See `targets_of`.
        most: tokens that are kept, a seeded sample of them.
        seed: seed of the sample.
        report: progress callback.

    Raises:
        InputError: there are fewer than three such tokens.
    """
    tokenised = [tokenise(text) for text in texts]
    places = [
        (row, position)
        for row, tokens in enumerate(tokenised)
        for position, token in enumerate(tokens)
        if any(character.isalnum() for character in token)
    ]
    chosen = _sample(len(places), most, seed)
    kept = [places[at] for at in chosen]
    by_row: dict[int, list[int]] = {}
    for row, position in kept:
        by_row.setdefault(row, []).append(position)
    contexts = free_context_view(encoder)
    views = encoder.layer_names if contexts is None else (*encoder.layer_names, CONTEXT)
    vectors = np.empty((len(views), len(kept), encoder.dim), dtype=np.float32)
    at = 0
    wanted = [tokenised[row] for row in by_row]
    embedded = chain.from_iterable(encoder.stream(wanted, report=report))
    for positions, found in zip(by_row.values(), embedded, strict=True):
        rows = slice(at, at + len(positions))
        vectors[: encoder.n_layers, rows] = found.layers[:, positions]
        if contexts is not None:
            vectors[-1, rows] = contexts.beside(found, each_alone(positions))
        at = rows.stop
    counts = Counter(tokenised[row][position].casefold() for row, position in places)
    words = [tokenised[row][position] for row, position in kept]
    texts_of = [row for row, _ in kept]
    own = {
        "word": tuple(word.casefold() for word in words),
        "frequency": tuple(_band(counts[word.casefold()]) for word in words),
        "place in the text": tuple(_place(position, len(tokenised[row])) for row, position in kept),
    }
    return MapPoints(
        views=views,
        vectors=vectors,
        names=tuple(words),
        lefts=tuple(" ".join(tokenised[row][:position])[-_CONTEXT:] for row, position in kept),
        rights=tuple(" ".join(tokenised[row][position + 1 :])[:_CONTEXT] for row, position in kept),
        columns={**_spoken_of(_repeated(columns, texts_of), targets or {}, texts_of, words), **own},
        found=len(places),
        n_layers=encoder.n_layers,
    )


def text_points(
    encoder: Encoder,
    texts: Sequence[str],
    columns: Mapping[str, Sequence[str]] | None = None,
    *,
    pooling: Pooling = "mean",
    most: int = MOST_POINTS,
    seed: int = 42,
    report: Report | None = None,
) -> MapPoints:
    """Each text as one point.

    Args:
        encoder: the model.
        texts: N texts; those without a token are left out.
        columns: N values each.
        pooling: of a text's tokens: their mean, their mean weighted by a / (a + p(w)) with a = 0.001 and p(w)
            the share of the word among all tokens (Arora et al. 2017), or the maximum of each dimension.
        most: texts that are kept, a seeded sample of them.
        seed: seed of the sample.
        report: progress callback.

    Raises:
        InputError: there are fewer than three texts with a token.
    """
    tokenised = [tokenise(text) for text in texts]
    filled = [row for row, tokens in enumerate(tokenised) if tokens]
    rows = [filled[at] for at in _sample(len(filled), most, seed)]
    counts = Counter(token.casefold() for tokens in tokenised for token in tokens)
    total = sum(counts.values())
    vectors = np.empty((encoder.n_layers, len(rows), encoder.dim), dtype=np.float32)
    embedded = chain.from_iterable(encoder.stream([tokenised[row] for row in rows], report=report))
    for at, found in enumerate(embedded):
        shares = np.array([counts[token.casefold()] / total for token in found.tokens])
        vectors[:, at] = _pooled(found.layers, pooling, shares)
    return MapPoints(
        views=encoder.layer_names,
        vectors=vectors,
        names=tuple(" ".join(texts[row].split())[:_CONTEXT] for row in rows),
        lefts=("",) * len(rows),
        rights=tuple(" ".join(texts[row].split()) for row in rows),
        columns={
            **_repeated(columns, rows),
            "length": tuple(_length_band(len(tokenised[row])) for row in rows),
        },
        found=len(filled),
        n_layers=encoder.n_layers,
    )


def given_points(
    vectors: np.ndarray,
    names: Sequence[str],
    columns: Mapping[str, Sequence[str]],
    *,
    most: int,
    seed: int = 42,
) -> MapPoints:
    """A user's own vectors (n, D) as the points of one view; arguments as above."""
    rows = _sample(len(vectors), most, seed)
    return MapPoints(
        views=("Own vectors",),
        vectors=np.ascontiguousarray(vectors[rows], dtype=np.float32)[None],
        names=tuple(names[row] for row in rows),
        lefts=("",) * len(rows),
        rights=tuple(names[row] for row in rows),
        columns=_repeated(columns, rows),
        found=len(vectors),
        n_layers=0,
    )


def _sample(n: int, most: int, seed: int) -> list[int]:
    """Numbers of the points that are kept, in rising order."""
    if n < 3:
        raise InputError(
            f"A map needs at least 3 points; there {'is' if n == 1 else 'are'} {n}. Add some text."
        )
    if n <= most:
        return list(range(n))
    return sorted(np.random.default_rng(seed).permutation(n)[:most].tolist())


def _pooled(layers: np.ndarray, pooling: Pooling, shares: np.ndarray) -> np.ndarray:
    """One vector (L, D) of the tokens (L, T, D) of a text."""
    if pooling == "max":
        return np.asarray(layers.max(axis=1))
    weights = _SMOOTHING / (_SMOOTHING + shares) if pooling == "weighted" else np.ones(layers.shape[1])
    return np.asarray(np.einsum("ltd,t->ld", layers, weights / weights.sum()))


def _repeated(columns: Mapping[str, Sequence[str]] | None, rows: Sequence[int]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values[row] for row in rows) for name, values in (columns or {}).items()}


def _spoken_of(
    columns: Mapping[str, tuple[str, ...]],
    targets: Mapping[str, Sequence[str]],
    rows: Sequence[int],
    words: Sequence[str],
) -> dict[str, tuple[str, ...]]:
    """Keep what a column says of one word away from all other tokens."""
    folded = [fold(word) for word in words]
    return {
        name: tuple(
            value if name not in targets or targets[name][row] == word else OTHER_WORDS
            for value, row, word in zip(values, rows, folded, strict=True)
        )
        for name, values in columns.items()
    }


def _band(count: int) -> str:
    """Name the frequency of a word in its text."""
    for most, name in ((1, "once"), (5, "2 to 5 times"), (20, "6 to 20 times"), (100, "21 to 100 times")):
        if count <= most:
            return name
    return "over 100 times"


def _length_band(n: int) -> str:
    for most in (5, 10, 20, 40, 80):
        if n <= most:
            return f"up to {most} tokens"
    return "over 80 tokens"


def _place(position: int, n: int) -> str:
    return "first token" if position == 0 else "last token" if position == n - 1 else "inside"
