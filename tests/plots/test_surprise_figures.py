"""The coloured text and the lines of two texts."""

from __future__ import annotations

import re

import pytest

from elmo_core.plots.surprise import (
    COLOUR,
    LEVELS,
    STYLE,
    TINTS,
    coloured_page,
    coloured_sentence,
    level_of,
    plot_comparison,
    plot_text,
    rank_in_words,
)
from elmo_core.reading.comparison import compare
from elmo_core.reading.samples import measure_samples
from elmo_core.reading.text import read_text


@pytest.fixture(scope="module")
def samples(elmo):
    return measure_samples(elmo, 1)


def luminance(rgb):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (x / 255 for x in rgb)]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(
    ("page", "letters"), [((255, 255, 255), (29, 43, 48)), ((17, 25, 28), (228, 236, 238))]
)
def test_letters_on_every_tint_have_the_contrast_that_is_promised(page, letters):
    """Backgrounds and text colours are those of `.streamlit/config.toml`."""
    for tint in TINTS:
        mixed = [tint * c + (1 - tint) * under for c, under in zip(COLOUR, page, strict=True)]
        dark, light = sorted((luminance(mixed), luminance(letters)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_levels_and_ranks():
    assert [level_of(p) for p in (0, 74.9, 75, 90, 97, 100)] == [0, 0, 1, 2, 3, 3]
    assert rank_in_words(97.9) == "more than 97% of words" and "99.7%" in rank_in_words(99.75)
    assert rank_in_words(100) == "more than any word of the samples"
    assert len(LEVELS) == len(TINTS) and all(f".l{n}{{" in STYLE for n in (1, 2, 3))


def test_everything_of_the_text_is_escaped_and_kept(elmo, samples):
    text = '<img src=x onerror="alert(1)"> &amp; the  river\u2019s\tbank'
    read = read_text(elmo, text)
    shown = "".join(coloured_sentence(read, n, samples, "both") for n in range(len(read.sentences)))
    assert "<img" not in shown and "&lt;" in shown and "&amp;" in shown
    bare = coloured_sentence(read, 0, samples, "both", with_details=False)
    spelt = re.sub(r"<small>.*?</small>", "", bare)
    assert "the</bdi></span>  <span" in spelt  # blanks as in the text
    page = "".join(coloured_page(read, samples, "left"))
    assert page.startswith("<!doctype html>") and "<img" not in page and "http" not in page


def test_right_to_left_text_is_written_so_and_unknown_words_are_marked(elmo, samples):
    hebrew = coloured_sentence(read_text(elmo, "ספינה הפליגה לאמריקה."), 0, samples, "both")
    assert '<p class="surprise" dir="rtl">' in hebrew and hebrew.count('class="w u"') >= 3
    assert "<small>?</small>" in hebrew and "Not in the model's vocabulary" in hebrew
    english = coloured_sentence(read_text(elmo, "the river"), 0, samples, "both")
    assert 'dir="ltr">' in english and 'class="w u"' not in english


def test_two_texts_are_aligned_word_by_word(elmo):
    first, second = (read_text(elmo, text) for text in ("the long river was", "the river is here now"))
    pairs = compare(first, second)
    assert pairs.pairs == ((0, 0), (1, None), (2, 1), (3, 2), (None, 3), (None, 4))
    figure = plot_comparison(pairs, "left", ("one", "<b>other</b>"))
    assert [line.name for line in figure.data] == ["one", "&lt;b&gt;other&lt;/b&gt;"]
    assert figure.layout.xaxis.ticktext == ("the", "long", "river", "was / is", "here", "now")
    assert figure.data[0].y[0] == pytest.approx(first.bits[0, 0]) and figure.data[1].y[1] is None
    (line,) = plot_text(first, "both").data
    assert line.y == pytest.approx(first.bits[2])
