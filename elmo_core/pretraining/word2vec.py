"""Static vectors of a text by word2vec (Mikolov et al. 2013), trained by gensim.

The text is cut into parts of at most a million words; each part of each pass is one call of gensim, whose
learning rate falls linearly over all of them as in a single call. Between two parts the work can be
watched and stopped. With one thread the same text gives the same vectors to the last bit.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from elmo_core.exceptions import ConfigError, CorpusError
from elmo_core.extras import extra
from elmo_core.pretraining.cache import TokenCache
from elmo_core.progress import Progress
from elmo_core.text.vocabulary import SPECIALS, UNKNOWN_TYPE

_FASTEST = 1.0
_PART_WORDS = 1_000_000
_SENTENCES_PER_BLOCK = 20_000


@dataclass(frozen=True)
class Word2VecSettings:
    """Settings of word2vec."""

    dim: int = 128
    """Width of a vector."""
    architecture: Literal["cbow", "skip-gram"] = "cbow"
    """CBOW predicts a word from the mean of its context, skip-gram each word of the context from it."""
    epochs: int = 3
    """Passes over the text."""
    window: int = 5
    """Most words of context on either side."""
    negative: int = 8
    """Words drawn against each word to predict."""
    subsample: float = 1e-4
    """Words more frequent than this share are left out at random; 0 = none."""
    learning_rate: float = 0.025
    """Learning rate at the start, at most 1; it falls linearly to a 250th."""
    threads: int = 1
    """Number of threads; with more than one, the result is not exactly repeatable."""
    seed: int = 42
    """Seed of the initial vectors."""

    def __post_init__(self) -> None:
        for name in ("dim", "epochs", "window", "negative", "learning_rate", "threads"):
            if not 0 < getattr(self, name) < math.inf:  # what is no number is not between them either
                raise ConfigError(f"{name} must be positive, got {getattr(self, name)}.")
        if self.learning_rate > _FASTEST:  # vectors grow out of bounds, and beyond 1e6 nothing is learned
            raise ConfigError(
                f"learning_rate must be at most {_FASTEST:g} for word2vec, got {self.learning_rate:g}; "
                "0.025 to 0.05 is usual."
            )
        if not 0 <= self.subsample < math.inf:
            raise ConfigError(f"subsample must be 0 or more, got {self.subsample}.")
        if self.architecture not in ("cbow", "skip-gram"):
            raise ConfigError(f'architecture must be "cbow" or "skip-gram", got {self.architecture!r}.')


def train_word2vec(
    cache: TokenCache, n_words: int, settings: Word2VecSettings, progress: Progress | None = None
) -> np.ndarray:
    """Vectors of the first types of a corpus, kept beside its cache for the next time.

    Args:
        cache: the corpus.
        n_words: vocabulary size V; other words are read as `<UNK>`.
        settings: how to learn.
        progress: called with (words read so far, words to read in all epochs).

    Returns:
        float32 (V, dim); zeros where word2vec has no vector (`<S>`, `</S>`, words that hold a blank).

    Raises:
        CorpusError: the vocabulary holds no word beside the three special ones.
    """
    if min(n_words, len(cache.types)) <= len(SPECIALS):
        raise CorpusError(
            f"A vocabulary of {n_words:,} words holds none beside <S>, </S> and <UNK>, so there is nothing "
            f"to learn; take {len(SPECIALS) + 1} words or more."
        )
    key = json.dumps({"n_words": n_words, **asdict(settings), "threads": min(settings.threads, 2)})
    kept = cache.folder / f"word2vec-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npy"
    if kept.exists():
        return np.asarray(np.load(kept, allow_pickle=False))
    n_words = min(n_words, len(cache.types))
    counts = cache.counts[:n_words].copy()
    counts[UNKNOWN_TYPE] += cache.counts[n_words:].sum()
    frequencies = {
        cache.types[index]: int(count)
        for index, count in enumerate(counts)
        if count and _is_one_word(cache.types[index])
    }
    with _parts(_lines(cache, n_words), cache.folder) as parts:
        trained = _train(parts, frequencies, settings, progress)
    vectors = np.zeros((n_words, settings.dim), dtype=np.float32)
    for index, word in enumerate(cache.types[:n_words]):
        if word in trained:
            vectors[index] = trained[word]
    partial = kept.with_suffix(".partial.npy")
    np.save(partial, vectors)
    os.replace(partial, kept)
    return vectors


def train_on_sentences(
    sentences: Sequence[Sequence[str]],
    settings: Word2VecSettings,
    *,
    min_count: int = 2,
    progress: Progress | None = None,
) -> tuple[tuple[str, ...], np.ndarray]:
    """Vectors of the words of tokenised sentences.

    Args:
        sentences: lists of tokens; a token that holds white space is left out.
        settings: how to learn.
        min_count: rarer words get no vector and are left out of every context.
        progress: called with (words read so far, words to read in all epochs).

    Returns:
        The words by falling count, and their vectors float32 (V, dim).

    Raises:
        CorpusError: no word is frequent enough.
    """
    counts: dict[str, int] = {}
    for token in itertools.chain.from_iterable(sentences):
        counts[token] = counts.get(token, 0) + 1
    frequencies = {
        word: count
        for word, count in sorted(counts.items(), key=lambda pair: -pair[1])
        if count >= min_count and _is_one_word(word)
    }
    if not frequencies:
        raise CorpusError(f"No word of this text occurs {min_count} times; give more text to learn from.")
    lines = (" ".join(token for token in tokens if token in frequencies) for tokens in sentences)
    with _parts(lines, None) as parts:
        trained = _train(parts, frequencies, settings, progress)
    words = tuple(frequencies)
    return words, np.stack([trained[word] for word in words])


@dataclass(frozen=True)
class _Part:
    """A file of sentences, one a line."""

    path: Path
    n_words: int


def _train(
    parts: Sequence[_Part],
    frequencies: Mapping[str, int],
    settings: Word2VecSettings,
    progress: Progress | None,
) -> Mapping[str, np.ndarray]:
    """Run gensim over all parts, `epochs` times."""
    with extra("static"):
        from gensim.models import Word2Vec

    model = Word2Vec(
        vector_size=settings.dim, window=settings.window, min_count=1, negative=settings.negative,
        sg=int(settings.architecture == "skip-gram"), sample=settings.subsample, workers=settings.threads,
        seed=settings.seed,
    )  # fmt: skip
    model.build_vocab_from_freq(dict(frequencies))
    total, done = settings.epochs * sum(part.n_words for part in parts), 0
    for part in itertools.chain.from_iterable(itertools.repeat(parts, settings.epochs)):
        if progress:
            progress(done, total)
        start, done = done, done + part.n_words
        rates = [settings.learning_rate * max(1 - words / total, 1 / 250) for words in (start, done)]
        model.train(
            corpus_file=str(part.path),
            total_words=part.n_words,
            epochs=1,
            start_alpha=rates[0],
            end_alpha=rates[1],
        )
    if progress:
        progress(total, total)
    return model.wv  # type: ignore[no-any-return]


@contextmanager
def _parts(lines: Iterable[str], folder: Path | None) -> Iterator[list[_Part]]:
    """Write a text into files that gensim's fast path reads, and remove them afterwards."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        parts: list[_Part] = []
        pending: list[str] = []
        n_pending = 0
        for line in itertools.chain(lines, [None]):
            if pending and (line is None or n_pending >= _PART_WORDS):
                path = Path(name) / f"part-{len(parts)}.txt"
                path.write_text("".join(pending), encoding="utf-8", newline="\n")
                parts.append(_Part(path, n_pending))
                pending, n_pending = [], 0
            if line:
                pending.append(line + "\n")
                n_pending += line.count(" ") + 1
        yield parts


def _is_one_word(token: str) -> bool:
    """Whether gensim, which splits lines at blanks, meets a token as it is."""
    return token.split() == [token]


def _lines(cache: TokenCache, n_words: int) -> Iterator[str]:
    """The sentences of a corpus, with `<UNK>` for what is not among its first words."""
    words = np.array([*cache.types[:n_words], SPECIALS[UNKNOWN_TYPE]], dtype=object)
    for start in range(0, cache.n_sentences, _SENTENCES_PER_BLOCK):
        end = min(start + _SENTENCES_PER_BLOCK, cache.n_sentences)
        offsets = cache.sentences[start : end + 1].astype(np.int64)
        block = words[np.minimum(cache.tokens[offsets[0] : offsets[-1]], n_words)]
        offsets -= offsets[0]
        yield from (" ".join(block[a:b]) for a, b in itertools.pairwise(offsets))
