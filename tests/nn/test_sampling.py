"""The log-uniform sampler: distinct words, the right distribution, tries and expected counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from elmo_core.exceptions import ConfigError
from elmo_core.nn.softmax import log_expected_count, log_uniform_sample
from tests.reference import expected_count, log_uniform_probability


def _one_by_one(n_words: int, n_sampled: int, seed: int) -> tuple[list[int], int]:
    """The same stream of uniform numbers, looked at one after the other."""
    generator, words, tries = np.random.default_rng(seed), [], 0
    while True:
        for uniform in generator.random(2 * n_sampled):
            word = min(int(math.exp(uniform * math.log(n_words + 1))) - 1, n_words - 1)
            tries += 1
            if word not in words:
                words.append(word)
            if len(words) == n_sampled:
                return words, tries


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(2, 60), st.integers(0, 10_000))
def test_words_are_distinct_and_tries_are_counted(data: st.DataObject, n_words: int, seed: int):
    n_sampled = data.draw(st.integers(1, n_words - 1))
    sample = log_uniform_sample(n_words, n_sampled, np.random.default_rng(seed))
    words = sample.words.tolist()
    assert sample.words.dtype == torch.int64
    assert len(set(words)) == n_sampled
    assert 0 <= min(words) <= max(words) < n_words
    assert (words, sample.tries) == _one_by_one(n_words, n_sampled, seed)


def test_single_draws_follow_the_distribution():
    """Pearson's statistic of 20,000 draws; 43.8 is passed by chance once in 1,000 times (19 degrees)."""
    n_words, n_draws, generator = 20, 20_000, np.random.default_rng(5)
    counts = np.zeros(n_words)
    for _ in range(n_draws):
        counts[log_uniform_sample(n_words, 1, generator).words.item()] += 1
    wanted = n_draws * np.array([log_uniform_probability(word, n_words) for word in range(n_words)])
    assert wanted.sum() == pytest.approx(n_draws)
    assert ((counts - wanted) ** 2 / wanted).sum() < 43.8


def test_the_last_words_are_drawn_too():
    generator = np.random.default_rng(0)
    drawn = torch.cat([log_uniform_sample(8, 7, generator).words for _ in range(50)])
    assert set(drawn.tolist()) == set(range(8))


def test_expected_count_is_the_share_of_samples_that_hold_the_word():
    n_words, tries, n_samples = 15, 12, 20_000
    chances = np.array([log_uniform_probability(word, n_words) for word in range(n_words)])
    draws = np.random.default_rng(7).choice(n_words, size=(n_samples, tries), p=chances / chances.sum())
    shares = np.array([(draws == word).any(axis=1).mean() for word in range(n_words)])
    found = log_expected_count(torch.arange(n_words), tries, n_words).exp().numpy()
    error = np.sqrt(shares * (1 - shares) / n_samples)
    assert (np.abs(found - shares) < 4.5 * error + 1e-6).all()


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(4, 800_000), st.integers(1, 100_000))
def test_expected_count_agrees_with_the_formula(data: st.DataObject, n_words: int, tries: int):
    word = data.draw(st.integers(0, n_words - 1))
    found = log_expected_count(torch.tensor([word]), tries, n_words)
    assert found.dtype == torch.float32
    wanted = math.log(expected_count(word, tries, n_words))
    assert found.item() == pytest.approx(wanted, abs=1e-5, rel=1e-5)


def test_expected_counts_of_a_sample_add_up_to_about_its_size():
    generator, sums = np.random.default_rng(11), []
    for _ in range(50):
        sample = log_uniform_sample(1000, 64, generator)
        sums.append(log_expected_count(torch.arange(1000), sample.tries, 1000).exp().sum().item())
    assert np.mean(sums) == pytest.approx(64, rel=0.03)


def test_the_same_seed_gives_the_same_words():
    first, second = (log_uniform_sample(100, 20, np.random.default_rng(1)) for _ in range(2))
    assert torch.equal(first.words, second.words)
    assert first.tries == second.tries


@pytest.mark.parametrize("n_sampled", [-1, 0, 5, 6])
def test_impossible_sizes_are_refused(n_sampled: int):
    with pytest.raises(ConfigError, match=f"at least 1 and fewer than 5 .* got {n_sampled}"):
        log_uniform_sample(5, n_sampled, np.random.default_rng(0))
