"""Layers, mixtures and maps in a real browser: a slider dragged, a cell clicked, a lasso, a file."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.common.loaders import sample
from tests.pages.gestures import lasso, settle

TRIANGLE = ".st-key-layers_triangle .js-plotly-plot"
PICTURE = ".st-key-layers_picture .js-plotly-plot"
N_SENTENCES = len(sample().text.sentences)
SELECTED = f"of {N_SENTENCES} points selected"
TYPED = "Weights s_j (x gamma)"
MAP = ".st-key-maps_map .js-plotly-plot"
CORNER = f"""() => {{
    const plot = document.querySelector('{TRIANGLE}'), cells = plot._fullData[0];
    const box = plot.querySelector('.nsewdrag').getBoundingClientRect(), layout = plot._fullLayout;
    const row = Array.from(cells.y).indexOf(Math.max(...cells.y));
    return [box.left + layout.xaxis.d2p(cells.x[row]), box.top + layout.yaxis.d2p(cells.y[row])];
}}"""
FIRST_X = f"() => Array.from(document.querySelector('{PICTURE}')._fullData[0].x)"

pytestmark = pytest.mark.browser


def weights(page: Page) -> str:
    return page.get_by_label(TYPED, exact=True).input_value()


def test_slider_click_and_text_are_one_mixture(visit: Callable[..., Page]):
    page = visit("/layers")
    page.wait_for_selector(f"{TRIANGLE} .nsewdrag")
    page.wait_for_selector(f"{PICTURE} .nsewdrag")
    settle(page)
    before = page.evaluate(FIRST_X)

    box = page.locator(".st-key-mix_share_2 input[type=range]").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.33 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], middle, steps=8)
    page.mouse.up()
    expect(page.get_by_label(TYPED, exact=True)).not_to_have_value("")
    settle(page)
    first, second, third = (float(number) for number in weights(page).split())
    assert third > 0.4
    assert first == pytest.approx(second, abs=0.002)
    assert page.evaluate(FIRST_X) != before
    assert "mix=" in page.url

    x, y = page.evaluate(CORNER)
    page.mouse.move(x - 3, y - 3)
    page.mouse.move(x, y, steps=3)
    page.wait_for_timeout(200)
    page.mouse.click(x, y)
    expect(page.get_by_label(TYPED, exact=True)).to_have_value("0 1 0")
    settle(page)
    expect(page.get_by_text("against the uniform mix", exact=False).first).to_be_visible()


def test_a_lasso_on_the_map_becomes_a_file(visit: Callable[..., Page]):
    page = visit("/maps?maps_method=PCA&maps_from=Words")
    page.wait_for_selector(f"{MAP} .nsewdrag")
    settle(page)
    lasso(page.locator(MAP))
    expect(page.get_by_text(SELECTED)).to_be_visible()
    settle(page)
    said = page.get_by_text(SELECTED).inner_text()
    found = re.match(r"([\d,]+) of", said)
    assert found is not None
    n_selected = int(found[1].replace(",", ""))
    assert 0 < n_selected < N_SENTENCES
    with page.expect_download() as table:
        page.locator(".st-key-maps_selected_download_0 button").click()
    with Path(table.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == n_selected
    assert {"text", "word", "sense", "x", "y"} <= set(rows[0])


def test_both_pages_in_the_dark_on_a_narrow_screen(visit: Callable[..., Page], browser: Browser):
    narrow = browser.new_context(color_scheme="dark", viewport={"width": 390, "height": 844})
    for address, chart in (("/layers", TRIANGLE), ("/maps?maps_method=PCA&maps_from=Words", MAP)):
        page = visit(address, narrow)
        page.wait_for_selector(f"{chart} .nsewdrag")
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
