"""Whitening by what differs within words."""

from __future__ import annotations

import numpy as np
import pytest

from bench.whitening import learn_whitening
from elmo_core.exceptions import InputError


def text(n_words: int = 40, n_uses: int = 30, dim: int = 6, seed: int = 0):
    """Words with means far apart, whose uses vary ten times more in one direction."""
    generator = np.random.default_rng(seed)
    means = generator.normal(0, 5, (n_words, dim))
    noise = generator.normal(0, 1, (n_words, n_uses, dim)) * np.array([10.0, *[1.0] * (dim - 1)])
    tokens = [f"w{word}" for word in range(n_words) for _ in range(n_uses)]
    return tokens, (means[:, None] + noise).reshape(-1, dim).astype(np.float32)


def within(tokens, vectors):
    """Unbiased covariance around each word's mean, by a plain loop."""
    kinds = sorted(set(tokens))
    parts = [np.cov(vectors[[token == kind for token in tokens]].T) for kind in kinds]
    return np.mean(parts, axis=0)


def test_without_shrinkage_all_directions_vary_alike_within_words():
    tokens, vectors = text()
    whitened = learn_whitening(tokens, vectors).apply(vectors, 0.0)
    np.testing.assert_allclose(within(tokens, whitened), np.eye(6), atol=2e-2)


def test_full_shrinkage_changes_a_factor_and_the_centre_alone():
    tokens, vectors = text()
    whitened = learn_whitening(tokens, vectors).apply(vectors, 1.0)
    centred = vectors - vectors.mean(axis=0)
    ratio = np.linalg.norm(whitened) / np.linalg.norm(centred)
    np.testing.assert_allclose(whitened, ratio * centred, atol=1e-4)


def test_words_that_are_too_frequent_or_too_rare_do_not_count():
    tokens, vectors = text()
    generator = np.random.default_rng(1)
    extra = generator.normal(0, 50, (302, 6)).astype(np.float32)
    more = [*tokens, *["the"] * 300, "rare", "rare"]
    a = learn_whitening(tokens, vectors).matrix(0.0)
    b = learn_whitening(more, np.concatenate([vectors, extra])).matrix(0.0)
    np.testing.assert_allclose(a, b, atol=1e-4)


def test_what_cannot_be_learned_from_is_refused():
    with pytest.raises(InputError, match="give more text"):
        learn_whitening(["a", "b", "c"], np.ones((3, 4), np.float32))
    with pytest.raises(InputError, match="knows the context"):
        learn_whitening(["a"] * 5 + ["b"] * 5, np.repeat(np.eye(2, dtype=np.float32), 5, axis=0))
