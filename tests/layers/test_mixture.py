"""Mixtures as they are typed, moved and gridded."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from elmo_core.config import layer_names
from elmo_core.exceptions import InputError
from elmo_core.layers.mixture import Mixture, mixture_grid

WEIGHTS = st.lists(st.floats(0, 1), min_size=2, max_size=5).filter(lambda weights: sum(weights) > 1e-3)


@given(WEIGHTS, st.floats(0.1, 5))
def test_what_is_written_is_read_again(weights: list[float], gamma: float):
    mixture = Mixture.of(weights, round(gamma, 2))
    again = Mixture.parse(mixture.text, len(weights))
    assert again.weights == pytest.approx(mixture.weights, abs=2e-3)
    assert again.gamma == pytest.approx(mixture.gamma)


@given(WEIGHTS, st.integers(0, 4), st.floats(0, 1))
@example([1.0, 5e-324], 0, 0.75)
def test_a_slider_keeps_the_proportions_of_the_others(weights: list[float], layer: int, share: float):
    before, layer = Mixture.of(weights), layer % len(weights)
    after = before.with_weight(layer, share)
    assert after.weights[layer] == pytest.approx(share)
    assert sum(after.weights) == pytest.approx(1)
    others = [at for at in range(len(weights)) if at != layer]
    old, new = (np.array([one.weights[at] for at in others]) for one in (before, after))
    if old.sum() > 1e-6:
        np.testing.assert_allclose(new * old.sum(), old * new.sum(), atol=1e-9)


def test_raw_weights_are_softmaxed():
    mixture = Mixture.of_raw([1.0, 0.0, -1.0])
    expected = np.exp([1, 0, -1]) / np.exp([1, 0, -1]).sum()
    assert mixture.weights == pytest.approx(expected)
    assert mixture.raw == pytest.approx((1, 0, -1))
    assert Mixture.single(1, 3).raw[1] > Mixture.single(1, 3).raw[0]


@pytest.mark.parametrize("text", ["1 1 2", "1,1,2", "1/1/2", "25; 25; 50", "0.25 0.25 0.5 x 1"])
def test_ways_to_type_weights(text: str):
    assert Mixture.parse(text, 3).weights == pytest.approx((0.25, 0.25, 0.5))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.5 0.5", "a mixture is 3 numbers"),
        ("a b c", "Type 3 numbers"),
        ("1 -1 1", "numbers from 0 up"),
        ("0 0 0", "not all 0"),
        ("1 1 nan", "numbers from 0 up"),
        ("1 1 1 x 0", "gamma is a number above 0"),
        ("", "got 0"),
    ],
)
def test_what_is_no_mixture_is_said(text: str, message: str):
    with pytest.raises(InputError, match=message):
        Mixture.parse(text, 3)


@pytest.mark.parametrize(("n_layers", "n"), [(1, 1), (2, 3), (3, 66), (4, 11)])
def test_grids_hold_the_single_layers(n_layers: int, n: int):
    grid = mixture_grid(n_layers)
    assert len(np.unique(grid, axis=0)) == len(grid) == n
    np.testing.assert_allclose(grid.sum(axis=1), 1)
    for single in np.eye(n_layers):
        assert (grid == single).all(axis=1).any()
    assert len(layer_names(n_layers)) == n_layers
