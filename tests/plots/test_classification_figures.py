"""What the figures of the classifier lab show."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core.learning.calibration import calibration
from elmo_core.learning.inside.deciding_words import Occlusion
from elmo_core.learning.results import SkippedMethod
from elmo_core.learning.texts.results import LEARNED, TFIDF, TextResult
from elmo_core.learning.texts.scores import confusion, score
from elmo_core.plots.classification import (
    plot_calibration,
    plot_confusion,
    plot_layer_weights,
    plot_occlusion,
)
from elmo_core.plots.comparison import plot_comparison
from elmo_core.plots.learning_curve import plot_learning_curve

GOLD = np.array([0, 0, 1, 1, 1, 0])
SURE = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4], [0.1, 0.9], [0.7, 0.3]])
SCORES = score(GOLD, SURE.argmax(axis=1), 2)


def result(method: str) -> TextResult:
    return TextResult(
        method=method, needs_model=method == LEARNED, classes=("a", "b"), rows=np.arange(6), gold=GOLD,
        probabilities=SURE, scores=SCORES, calibration=calibration(SURE, GOLD), seed=0,
    )  # fmt: skip


def test_comparison_tells_baselines_and_leaves_out_what_was_not_run():
    figure = plot_comparison(
        [result(TFIDF), result(LEARNED), SkippedMethod("layer 0 + LR", "no time")], chance=0.4
    )
    baseline, contextual = figure.data
    assert (list(baseline.y), list(contextual.y)) == ([TFIDF], [LEARNED])
    assert baseline.marker.symbol == "circle-open"
    assert contextual.x[0] + contextual.error_x.array[0] == pytest.approx(SCORES.macro_f1.high)
    assert figure.layout.shapes[0].x0 == 0.4
    assert plot_comparison([]).data[0].x == ()


def test_confusion_cells_know_their_rows():
    found = confusion(GOLD, SURE.argmax(axis=1), ["<b>a</b>", "b" * 40], range(6))
    figure = plot_confusion(found)
    assert [note.text for note in figure.layout.annotations] == ["3", "0", "1", "2"]
    marks = figure.data[1]
    assert list(zip(marks.y, marks.x, marks.customdata, strict=True)) == [(0, 0, 0), (1, 0, 2), (1, 1, 3)]
    assert "taken for &lt;b&gt;a&lt;/b&gt;" in marks.text[1]
    assert found.rows[1, 0] == (3,)
    assert figure.layout.xaxis.ticktext[0] == "&lt;b&gt;a&lt;/b&gt;"
    assert len(figure.layout.xaxis.ticktext[1]) < 40


def test_calibration_has_a_diagonal():
    figure = plot_calibration([("before", calibration(SURE, GOLD)), ("after", calibration(SURE, GOLD))])
    assert len(figure.data) == 3
    assert list(figure.data[0].x) == [0, 1]
    assert "expected error" in figure.data[1].name


def test_curve_weights_and_words():
    curve = plot_learning_curve([10, 2000], [SCORES.macro_f1] * 2, of="texts", measure="macro-F1")
    assert list(curve.data[0].x) == [10, 2000]
    assert curve.layout.xaxis.ticktext == ("10", "2,000")
    assert "macro-F1" in curve.data[0].hovertemplate
    assert list(plot_layer_weights((0.2, 0.3, 0.5)).data[0].y) == [0.2, 0.3, 0.5]
    words = plot_occlusion(Occlusion(("<i>", "fine"), (-0.1, 0.4), 0, 0.9, 0), "good")
    assert list(words.layout.yaxis.ticktext) == ["&lt;i&gt;", "fine"]
    assert words.data[0].marker.color[0] != words.data[0].marker.color[1]
