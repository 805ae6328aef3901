"""What all figures share."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from elmo_core.plots.classified_texts import plot_prediction
from elmo_core.plots.style import (
    INK,
    NEUTRAL,
    PALETTE,
    SYMBOLS,
    clip,
    listing,
    mark,
    new_figure,
    percent,
    safe,
    standalone_html,
)


def rgb(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [part / 255 for part in rgb(colour)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_and_text_stand_out_from_both_themes(theme: str):
    colours = tomllib.loads(Path(".streamlit/config.toml").read_text())["theme"][theme]
    page = colours["backgroundColor"]
    assert tuple(colours["chartCategoricalColors"]) == PALETTE
    assert min(contrast(colour, page) for colour in (*PALETTE, NEUTRAL)) >= 3.0
    for name in ("textColor", "linkColor", "codeTextColor", "primaryColor"):
        grounds = (page, colours["secondaryBackgroundColor"])
        assert min(contrast(colours[name], ground) for ground in grounds) >= 4.5, name


def test_text_in_the_cells_of_a_confusion_matrix_stands_out():
    for ink, page in ((INK, "#ffffff"), ("#ffffff", "#11191c")):
        mixed = [0.6 * part + 0.4 * under for part, under in zip(rgb(PALETTE[0]), rgb(page), strict=True)]
        cell = "#" + "".join(f"{round(part):02x}" for part in mixed)  # the fullest cell
        assert contrast(ink, cell) >= 4.5


def test_text_in_the_bars_of_a_prediction_stands_out():
    (bars,) = plot_prediction(["a", "b", "c"], np.array([0.5, 0.3, 0.2])).data
    pairs = list(zip(bars.insidetextfont.color, bars.marker.color, strict=True))
    assert len(pairs) == 3 and min(contrast(ink, bar) for ink, bar in pairs) >= 4.5


def test_marks_repeat_late():
    marks = [(mark(number)["color"], mark(number)["symbol"]) for number in range(len(PALETTE) * len(SYMBOLS))]
    assert len(set(marks)) == len(marks)
    assert all(mark(None) != mark(number) for number in range(8))


def test_tags_are_text():
    assert safe("<b>&</b> \"'") == "&lt;b&gt;&amp;&lt;/b&gt; \"'"


@pytest.mark.parametrize("keep_end", [False, True])
def test_clipping(keep_end: bool):
    assert clip("short", 5, keep_end=keep_end) == "short"
    assert clip("one two three", 8, keep_end=keep_end) == ("… three" if keep_end else "one two …")
    assert clip("x" * 9, 4, keep_end=keep_end) == ("… xxxx" if keep_end else "xxxx …")


def test_listings():
    assert [listing(parts) for parts in (["a"], ["a", "b"], ["a", "b", "c"])] == [
        "a",
        "a and b",
        "a, b and c",
    ]


def test_percent():
    assert [percent(share) for share in (0, 0.934, 1)] == ["0%", "93%", "100%"]


def test_a_figure_alone_fills_its_window_needs_no_network_and_holds_no_tags_of_users():
    figure = new_figure(300).add_trace(go.Scatter(x=[1], y=[1], name="</script><script>alert(1)</script>"))
    page = standalone_html(figure, "A <b>title</b>")
    assert "<script>alert(1)" not in page
    assert "<title>A &lt;b&gt;title&lt;/b&gt;</title>" in page
    assert '"height":300' not in page and figure.layout.height == 300
    sources = [part.split('"')[0] for part in itertools.islice(page.split('<script src="')[1:], 5)]
    assert sources == []
