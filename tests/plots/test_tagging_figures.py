"""Figures of taggers, read as data; highlighted text, read as HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo_core.learning.tagger import ElmoTagger
from elmo_core.learning.tags.comparison import FEATURES, LEARNED, LOOK_UP, TagLeftOut, TagResult
from elmo_core.learning.tags.fitting import TagEpoch
from elmo_core.learning.tags.prediction import FoundSpan, TaggedSentence, as_tagged
from elmo_core.learning.tags.schemes import Span
from elmo_core.learning.tags.scores import TagDifference, score_tags
from elmo_core.learning.tags.verdict import best_on_layers, tag_verdict
from elmo_core.measuring.intervals import Estimate
from elmo_core.plots import tagging as figures
from elmo_core.plots.highlighted_text import colours, highlighted, to_html
from elmo_core.plots.style import PALETTE

GOLD = [["B-PER", "O", "B-LOC"], ["B-PER", "I-PER", "O"]] * 10
WORSE = [["B-PER", "O", "O"], ["B-PER", "O", "O"]] * 10


def result(method: str, predicted, **more) -> TagResult:
    scores = score_tags(GOLD, predicted, is_spans=True)
    return TagResult(method, tuple(map(tuple, predicted)), scores, 1.5, 20, 0, **more)


RESULTS = [result(LOOK_UP, WORSE), TagLeftOut(FEATURES, "no time"), result(LEARNED, GOLD)]


def test_methods_with_their_intervals():
    figure = figures.plot_taggers(RESULTS)
    hollow, full = figure.data
    assert (list(hollow.y), list(full.y)) == ([LOOK_UP], [LEARNED])
    assert full.x[0] == 1.0
    low = RESULTS[0].scores.value.low
    assert hollow.x[0] - hollow.error_x.arrayminus[0] == pytest.approx(low)
    assert list(figure.layout.yaxis.categoryarray) == [LEARNED, LOOK_UP]
    assert not figures.plot_taggers([]).data[0].x


def test_labels_have_three_marks_each():
    figure = figures.plot_labels(RESULTS[0].scores)
    assert [trace.name for trace in figure.data] == ["precision", "recall", "F1"]
    assert list(figure.layout.yaxis.ticktext) == ["PER", "LOC"]
    assert list(figure.data[1].x) == [0.5, 0.0]


def test_passes():
    epochs = [TagEpoch(number, 3.0 / number, 0.1 * number, 0.2) for number in (1, 2, 3)]
    figure = figures.plot_passes({LEARNED: epochs, LOOK_UP: epochs[:1]}, "span F1")
    assert list(figure.data[0].y) == [epoch.score for epoch in epochs]
    assert figure.layout.yaxis.title.text == "held-out span F1"


@pytest.mark.parametrize(
    ("gap", "p_value", "wanted"),
    [
        (0.3, 0.001, "The layers help"),
        (-0.3, 0.001, "Look-up is better here"),
        (0.1, 0.4, "Not surely better"),
    ],
)
def test_verdicts_say_against_what(gap, p_value, wanted):
    against = {LOOK_UP: TagDifference(Estimate(gap, gap - 0.05, gap + 0.05), p_value)}
    results = [result(LOOK_UP, WORSE), result(LEARNED, GOLD, against=against, tagger=ElmoTagger("tiny"))]
    assert best_on_layers(results) is results[1]
    assert tag_verdict(results).startswith(wanted)
    assert f"n = {results[1].scores.n}" in tag_verdict(results)
    assert tag_verdict(results[:1]) == "No tagger on the layers was run."


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
