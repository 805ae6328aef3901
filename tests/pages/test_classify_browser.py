"""The classifier lab in a real browser: from a user's file to a cell, its rows, a prediction, a download."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.gestures import PATIENCE_S, settle
from tests.pages.test_classify_page import small_table

MATRIX = ".st-key-classify_confusion .js-plotly-plot"
CELL_PLACE = """(chart) => {
    const {xaxis, yaxis} = chart._fullLayout, box = chart.getBoundingClientRect();
    return [box.x + xaxis._offset + xaxis.d2p(1), box.y + yaxis._offset + yaxis.d2p(1)];
}"""

pytestmark = pytest.mark.browser


def click_last_cell(page: Page) -> None:
    """Click the cell of a matrix of two labels where both are the second one."""
    chart = page.locator(MATRIX)
    chart.scroll_into_view_if_needed()
    settle(page)
    x, y = chart.evaluate(CELL_PLACE)
    page.mouse.move(x - 5, y - 5)
    page.mouse.move(x, y, steps=3)
    page.wait_for_timeout(200)
    page.mouse.click(x, y)


def test_from_a_file_to_a_classifier(visit: Callable[..., Page], tmp_path: Path):
    name, content = small_table()
    (tmp_path / name).write_bytes(content)
    page = visit("/classify?data=My+table&limit=15+s&test=one+split")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(tmp_path / name)
    expect(page.get_by_text("60 texts to use, 2 labels")).to_be_visible()
    page.get_by_role("button", name="Train and compare").click()
    expect(page.get_by_role("heading", name="Look inside")).to_be_visible(timeout=1000 * PATIENCE_S)
    expect(page.get_by_text("TF-IDF").first).to_be_visible()

    expect(page.locator(MATRIX)).to_be_visible()
    click_last_cell(page)
    expect(page.get_by_text("labelled good, predicted good")).to_be_visible()
    settle(page)
    with page.expect_download() as rows:
        page.locator(".st-key-classify_cell_download_0 button").click()
    with Path(rows.value.path()).open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert found
    assert {(row["labelled"], row["predicted"]) for row in found} == {("good", "good")}

    bars = page.locator(".st-key-classify_typed_bars")
    field = page.get_by_label("Type a text")
    field.scroll_into_view_if_needed()
    before = bars.get_by_test_id("stPlotlyChart").get_attribute("aria-label") or bars.inner_text()
    field.fill("")
    field.press_sequentially("rude and cold", delay=30)  # no Enter: it moves while one types
    page.wait_for_function(
        "(before) => document.querySelector('.st-key-classify_typed_bars').innerText !== before", arg=before
    )
    settle(page)  # each keystroke reruns the page; a click must not fall between two runs
    with page.expect_download() as saved:
        page.get_by_role("button", name="Classifier (.zip)").click()
    with zipfile.ZipFile(saved.value.path()) as file:
        assert {"classifier.json", "head.safetensors", "predict.py", "README.md"} <= set(file.namelist())


def test_a_narrow_dark_screen(visit: Callable[..., Page], browser: Browser):
    narrow = browser.new_context(color_scheme="dark", viewport={"width": 390, "height": 900})
    page = visit("/classify?data=Messy+messages", screen=narrow)
    expect(page.get_by_text("refund has 1 row")).to_be_visible()
    expect(page.get_by_role("button", name="Train and compare")).to_be_disabled()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_reload_takes_up_a_running_job_and_its_result(visit: Callable[..., Page]):
    page = visit("/classify?data=Reviews&limit=15+s&test=one+split")
    page.get_by_role("button", name="Train and compare").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    assert "job=" in page.url
    for _ in range(2):  # the job, and later its result
        page.reload()
        expect(page.get_by_role("heading", name="Look inside")).to_be_visible(timeout=1000 * PATIENCE_S)
