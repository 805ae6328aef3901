"""Figures of taggers, read as data; highlighted text, read as HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo_core.learning.epochs import Epoch
from elmo_core.learning.results import SkippedMethod
from elmo_core.learning.tags.prediction import FoundSpan, TaggedSentence, as_tagged
from elmo_core.learning.tags.results import FEATURES, LEARNED, LOOK_UP, TagResult
from elmo_core.learning.tags.schemes import Span
from elmo_core.learning.tags.scores import score_tags
from elmo_core.plots import tagging as figures
from elmo_core.plots.comparison import plot_comparison
from elmo_core.plots.highlighted_text import colours, highlighted, to_html
from elmo_core.plots.style import PALETTE

GOLD = [["B-PER", "O", "B-LOC"], ["B-PER", "I-PER", "O"]] * 10
WORSE = [["B-PER", "O", "O"], ["B-PER", "O", "O"]] * 10


def result(method: str, predicted, **more) -> TagResult:
    scores = score_tags(GOLD, predicted, is_spans=True)
    return TagResult(
        method=method, needs_model=method == LEARNED, rows=np.arange(20), scores=scores, seed=0, seconds=1.5,
        is_spans=True, gold=tuple(map(tuple, GOLD)), predicted=tuple(map(tuple, predicted)), **more,
    )  # fmt: skip


RESULTS = [result(LOOK_UP, WORSE), SkippedMethod(FEATURES, "no time"), result(LEARNED, GOLD)]


def test_methods_with_their_intervals():
    figure = plot_comparison(RESULTS)
    hollow, full = figure.data
    assert (list(hollow.y), list(full.y)) == ([LOOK_UP], [LEARNED])
    assert full.x[0] == 1.0
    low = RESULTS[0].scores.value.low
    assert hollow.x[0] - hollow.error_x.arrayminus[0] == pytest.approx(low)
    assert list(figure.layout.yaxis.categoryarray) == [LEARNED, LOOK_UP]
    assert not plot_comparison([]).data[0].x


def test_labels_have_three_marks_each():
    figure = figures.plot_labels(RESULTS[0].scores)
    assert [trace.name for trace in figure.data] == ["precision", "recall", "F1"]
    assert list(figure.layout.yaxis.ticktext) == ["PER", "LOC"]
    assert list(figure.data[1].x) == [0.5, 0.0]


def test_epochs():
    epochs = [Epoch(number, 3.0 / number, 0.1 * number, 0.2) for number in (1, 2, 3)]
    figure = figures.plot_epochs({LEARNED: epochs, LOOK_UP: epochs[:1]}, "span F1")
    assert list(figure.data[0].y) == [epoch.score for epoch in epochs]
    assert figure.layout.yaxis.title.text == "held-out span F1"


class _Reader(HTMLParser):
    """Tags and text of a piece of HTML."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=6), st.text(min_size=1, max_size=5))
def test_whatever_a_text_holds_is_text(tokens, label):
    sentence = TaggedSentence(tuple(tokens), (), (FoundSpan(Span(0, len(tokens), label), 0.5),))
    found = _Reader(highlighted(sentence, (label,)))
    assert set(found.tags) == {"p", "mark", "small"}
    if "\r" not in "".join([*tokens, label]) and "\0" not in "".join([*tokens, label]):
        bare = re.sub(r"\s", "", found.text)
        assert bare == re.sub(r"\s", "", "".join(tokens) + label + "50%")


def test_spans_are_marked_and_punctuation_is_set_close():
    tokens = ('"', "Ann", "Lee", "(", "30", ")", "left", ",", '"', "he", "said", ".")
    tags = ("O", "B-PER", "I-PER", *["O"] * 9)
    found = highlighted(as_tagged(tokens, tags, is_spans=True), ("LOC", "PER"), with_probability=False)
    assert re.sub(r"\s+", " ", _Reader(found).text) == '"Ann LeePER (30) left," he said.'
    assert PALETTE[1] in found
    page = "".join(to_html([as_tagged(tokens, tags, is_spans=True)] * 2, ("PER",)))
    assert page.startswith("<!doctype html>")
    assert page.count("<mark") == 2
    assert "http" not in page
    assert len(colours([str(number) for number in range(20)])) == 20
