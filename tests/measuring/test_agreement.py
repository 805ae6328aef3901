"""Agreement of two labellings, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import adjusted_rand_score, v_measure_score

from elmo_core.measuring.agreement import adjusted_rand_index, contingency, v_measure


@st.composite
def two_labellings(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 30)))
    labels = [
        arrays(np.int64, shape, elements=st.integers(-1, most)) for most in (draw(st.integers(0, 4)), 2)
    ]
    return draw(labels[0]), draw(labels[1])


@given(two_labellings())
def test_it_is_that_of_scikit_learn(labels: tuple[np.ndarray, np.ndarray]):
    tables = contingency(*labels)
    pairs = list(zip(*labels, strict=True))
    assert adjusted_rand_index(tables) == pytest.approx(
        [adjusted_rand_score(*pair) for pair in pairs], abs=1e-9
    )
    assert v_measure(tables) == pytest.approx([v_measure_score(*pair) for pair in pairs], abs=1e-7)


def test_one_labelling_is_compared_with_many():
    first, many = np.array([0, 0, 1, 1]), np.array([[5, 5, 7, 7], [5, 7, 5, 7]])
    assert contingency(first, many).tolist() == [[[2, 0], [0, 2]], [[1, 1], [1, 1]]]
    assert adjusted_rand_index(contingency(first, many)).tolist() == pytest.approx([1, -0.5])
    assert v_measure(contingency(first, many)).tolist() == pytest.approx([1, 0])
