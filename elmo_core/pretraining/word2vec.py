"""Static vectors of a tokenised corpus by word2vec (gensim), and a biLM that starts from them.

The softmax rows of a language model and word2vec's vectors learn much the same thing, the latter in
minutes. The warm start sets softmax rows to the unit vectors, softmax biases to the logarithm of
the unigram probability, and fits the char CNN to the same vectors before the LSTMs train.
"""

from __future__ import annotations

import itertools
import logging
import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from elmo_core.nn.bilm import BiLM
from elmo_core.pretraining.cache import TokenCache
from elmo_core.pretraining.objective import WordEncoder

log = logging.getLogger(__name__)
_SENTENCES_PER_BLOCK = 20_000
_FIT_PASSES, _FIT_WORDS, _FIT_RATE = 30, 1024, 2e-3


def train_word2vec(
    cache: TokenCache, n_words: int, dim: int, *, epochs: int = 3, threads: int = 1, seed: int = 42
) -> np.ndarray:
    """CBOW vectors of the first `n_words` types, kept beside the corpus cache for the next time.

    Args:
        cache: the corpus.
        n_words: vocabulary size V; other words are read as `<UNK>`.
        dim: width of a vector.
        epochs: passes over the corpus.
        threads: of gensim; with more than one the result is not exactly repeatable.
        seed: of gensim.

    Returns:
        float32 (V, dim); zeros where word2vec has no vector (`<S>`, `</S>`).
    """
    kept = cache.folder / f"word2vec-{n_words}-{dim}-{epochs}-{seed}.npy"
    if kept.exists():
        return np.asarray(np.load(kept, allow_pickle=False))
    from gensim.models import Word2Vec

    with tempfile.TemporaryDirectory(dir=cache.folder) as folder:
        text = Path(folder) / "corpus.txt"
        _write_text(cache, n_words, text)
        trained = Word2Vec(
            corpus_file=str(text), vector_size=dim, window=5, min_count=1, sg=0, negative=8, sample=1e-4,
            epochs=epochs, workers=threads, seed=seed,
        ).wv  # fmt: skip
    vectors = np.zeros((n_words, dim), dtype=np.float32)
    for index, word in enumerate(cache.types[:n_words]):
        if word in trained:
            vectors[index] = trained[word]
    partial = kept.with_suffix(".partial.npy")
    np.save(partial, vectors)
    os.replace(partial, kept)
    return vectors


def _write_text(cache: TokenCache, n_words: int, path: Path) -> None:
    """The corpus as one sentence per line, in the form gensim's fast path reads."""
    words = np.array([*cache.types[:n_words], "<UNK>"], dtype=object)
    with path.open("w", encoding="utf-8") as out:
        for start in range(0, cache.n_sentences, _SENTENCES_PER_BLOCK):
            end = min(start + _SENTENCES_PER_BLOCK, cache.n_sentences)
            offsets = cache.sentences[start : end + 1].astype(np.int64)
            block = words[np.minimum(cache.tokens[offsets[0] : offsets[-1]], n_words)]
            offsets -= offsets[0]
            out.writelines(" ".join(block[a:b]) + "\n" for a, b in itertools.pairwise(offsets))


def warm_start(model: BiLM, cache: TokenCache, vectors: np.ndarray, seed: int) -> float:
    """Set softmax and char CNN from static vectors.

    Args:
        model: with a softmax; its LSTMs are left as they are.
        cache: the corpus, for the counts.
        vectors: float32 (V, P).
        seed: of the order of words.

    Returns:
        Mean cosine of the fitted char CNN with the vectors, over the vocabulary's types.
    """
    n_words, dim = vectors.shape
    centred = vectors - vectors[3:].mean(axis=0)
    unit = torch.from_numpy(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6))
    counts = np.maximum(cache.counts[:n_words], 1).astype(np.float64)
    counts[:2] = cache.n_sentences  # one mark of each kind a sentence
    counts[2] = max(1, int(cache.counts[n_words:].sum()))
    softmax = model.require_softmax()
    with torch.no_grad():
        softmax.weight.copy_(unit)
        softmax.bias.copy_(torch.from_numpy(np.log(counts / counts.sum())))
    return _fit_words(model, cache, unit * (dim**0.5 / 2), seed)


def _fit_words(model: BiLM, cache: TokenCache, wanted: torch.Tensor, seed: int) -> float:
    """Fit the word encoder to vectors (V, P) by regression; returns the mean cosine of the last steps."""
    n_words = len(wanted)
    encode = WordEncoder(model, cache.types[:n_words], np.arange(n_words))
    parameters = [
        p for name, p in model.named_parameters() if name.startswith(("char_cnn", "word_embedding"))
    ]
    optimiser = torch.optim.AdamW(parameters, fused=True)
    generator = np.random.default_rng([seed, 7])
    cosines = []
    n_steps = max(100, _FIT_PASSES * n_words // _FIT_WORDS)
    for step in range(n_steps):
        for group in optimiser.param_groups:
            group["lr"] = _FIT_RATE * min(1.0, (step + 1) / 50, 2 * (1 - step / n_steps))
        # half of each batch by rank, log-uniformly: frequent words are most of what the LSTMs will read
        frequent = np.exp(generator.random(_FIT_WORDS // 2) * np.log(n_words - 3)).astype(np.int64) + 2
        ids = np.concatenate([frequent, generator.integers(3, n_words, _FIT_WORDS // 2)])
        made, target = encode(ids, torch.float32), wanted[ids]
        loss = functional.mse_loss(made, target)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        cosines.append(float(functional.cosine_similarity(made, target).mean().detach()))
    fitted = float(np.mean(cosines[-20:]))
    log.info("char CNN fitted to word2vec: cosine %.2f", fitted)
    return fitted
