"""Two models on the same uses: counts and an exact test."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core.geometry.separation import separation
from elmo_core.senses.paired_scores import pair_scores

LABELS = ["a"] * 8 + ["b"] * 8 + [None]


def test_a_model_that_sees_the_senses_beats_one_that_does_not():
    noise = np.random.default_rng(0).standard_normal((17, 6))
    senses = np.array([1.0] * 8 + [-1.0] * 8 + [0.0])[:, None] * np.eye(1, 6) * 20
    blind, seeing = separation(noise, LABELS), separation(noise + senses, LABELS)
    pair = pair_scores(blind, seeing, LABELS)
    n_wrong = sum(near != label for near, label in zip(blind.nearest, LABELS, strict=True) if label)
    assert (pair.n, pair.only_first, pair.only_second) == (16, 0, n_wrong)
    assert pair.p_value == pytest.approx(min(1, 2 * 0.5**n_wrong))
    assert "new tells these senses apart better" in pair.say("old", "new")
    same = pair_scores(blind, blind, LABELS)
    assert (same.only_first, same.only_second, same.p_value) == (0, 0, 1.0)
    assert "no evidence that they differ" in same.say("old", "new")
