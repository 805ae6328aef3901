"""What the figures of classified texts show."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core.plots.classified_texts import plot_class_sizes, plot_prediction, plot_text_map


def test_sizes_keep_their_order_and_are_safe():
    figure = plot_class_sizes([("<b>", 30), ("b", 2), *((f"c{n}", 1) for n in range(40))])
    (bars,) = figure.data
    assert list(bars.x[:2]) == [30, 2]
    assert len(bars.x) == 30
    assert figure.layout.yaxis.ticktext[0] == "&lt;b&gt;"


def test_a_mistake_is_a_cross_in_the_colour_of_its_label():
    places = np.arange(8, dtype=np.float32).reshape(4, 2)
    texts = ["fine", "<i>bad</i>", "rude", "warm"]
    figure = plot_text_map(
        places, [7, 8, 9, 3], texts, ["bad", "good"], np.array([1, 0, 0, 1]), np.array([1, 0, 1, 1])
    )
    bad, good = figure.data
    assert (list(bad.customdata), list(good.customdata)) == ([8, 9], [7, 3])
    assert list(bad.marker.symbol) == ["circle", "x"]
    assert list(good.marker.symbol) == ["diamond", "diamond"]  # told apart without colour
    assert bad.marker.color != good.marker.color
    assert bad.text[0] == "&lt;i&gt;bad&lt;/i&gt;<br>labelled: bad<br>predicted: bad"
    assert (list(bad.marker.opacity), bad.name) == ([1.0, 1.0], "bad (2)")
    assert list(bad.x) == [2, 4]


@pytest.mark.parametrize("k", [2, 30])
def test_a_prediction_shows_the_most_probable_classes_first(k: int):
    shares = np.linspace(1, 2, k) / np.linspace(1, 2, k).sum()
    (bars,) = plot_prediction([f"c{n}" for n in range(k)], shares).data
    assert len(bars.x) == min(k, 10)
    assert list(bars.x) == sorted(bars.x, reverse=True)
    assert bars.marker.color[0] != bars.marker.color[1]
