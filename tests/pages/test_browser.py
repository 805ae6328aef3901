"""The app in a real browser: a running server, lasso and ticks, downloads, addresses, dark and narrow."""

from __future__ import annotations

import csv
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
MAP = ".st-key-senses_map .js-plotly-plot"
TABLE = ".st-key-senses_table"
FULL_MAP = f"document.querySelectorAll('{MAP} .point').length === 46"
SELECTED = f"""() => document.querySelector('{MAP}').data.flatMap(
    (trace) => (trace.selectedpoints || []).map((point) => trace.customdata[point]))"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Address of a fresh server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += [
        "--server.address",
        "127.0.0.1",
        "--server.headless",
        "true",
        "--server.fileWatcherType",
        "none",
    ]
    environment = {**os.environ, "ELMO_MODEL": "tiny"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            wait_until_healthy(address, process)
            yield address
        finally:
            process.terminate()


def wait_until_healthy(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server did not start")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def wide(browser: Browser) -> BrowserContext:
    """A light, wide screen; its pages share what was fetched before."""
    return browser.new_context(viewport={"width": 1440, "height": 1500})


@pytest.fixture
def visit(server: str, wide: BrowserContext) -> Iterator[Callable[..., Page]]:
    """Open a page of the server; afterwards nothing may have failed or left the machine."""
    pages, outside = [], []

    def open_page(path: str = "/", screen: BrowserContext = wide) -> Page:
        page = screen.new_page()
        page.on("request", lambda request: outside.append(request.url) if is_outside(request.url) else None)
        pages.append(page)
        page.goto(server + path)
        page.wait_for_function(FULL_MAP, timeout=120_000)  # the first UMAP of a process compiles for a while
        settle(page)
        return page

    def is_outside(url: str) -> bool:
        return not url.startswith((server, server.replace("http", "ws"), "data:", "blob:"))

    yield open_page
    for page in pages:
        expect(page.get_by_test_id("stException")).to_have_count(0)
        page.close()
    assert outside == []


def settle(page: Page) -> None:
    """Wait until the script has been idle for three looks in a row."""
    idle = 0
    while idle < 3:
        state = page.get_by_test_id("stApp").get_attribute("data-test-script-state")
        idle = idle + 1 if state == "notRunning" else 0
        page.wait_for_timeout(80)


def lasso_left_half(page: Page) -> None:
    box = page.locator(f"{MAP} .nsewdrag").bounding_box()
    assert box is not None
    left, top, bottom = box["x"] + 5, box["y"] + 5, box["y"] + box["height"] - 5
    middle = box["x"] + box["width"] / 2
    page.mouse.move(left, top)
    page.mouse.down()
    for corner in ((middle, top), (middle, bottom), (left, bottom), (left, top)):
        page.mouse.move(*corner, steps=8)
        page.wait_for_timeout(60)
    page.mouse.up()


def tick_row(page: Page, row: int) -> None:
    box = page.locator(f"{TABLE} canvas").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 17, box["y"] + 35 * (row + 1) + 17)


def test_a_cold_deep_link_shows_its_word(visit: Callable[..., Page]):
    page = visit("/senses?word=crane")
    expect(page.get_by_label("Word", exact=True)).to_have_value("crane")
    expect(page.get_by_text("bird (23)")).to_be_visible()
    assert page.url.endswith("/?word=crane")


def test_map_and_table_show_one_selection(visit: Callable[..., Page]):
    page = visit()
    lasso_left_half(page)
    expect(page.get_by_text("of 46 uses selected")).to_be_visible()
    settle(page)
    lassoed = page.evaluate(SELECTED)
    assert 0 < len(lassoed) < 46
    expect(page.get_by_text(f"{len(lassoed)} of 46 uses selected")).to_be_visible()
    ticked = page.locator(f"{TABLE} [role=row][aria-selected=true]")
    assert ticked.count() == min(len(lassoed), page.locator(f"{TABLE} [role=row]").count() - 1)

    tick_row(page, 0)
    expect(page.get_by_text(f"{len(lassoed) - 1} of 46 uses selected")).to_be_visible()
    settle(page)
    assert set(page.evaluate(SELECTED)) == set(lassoed) - {min(lassoed)}

    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("Lasso dots in the map")).to_be_visible()
    settle(page)
    expect(ticked).to_have_count(0)
    tick_row(page, 2)
    expect(page.get_by_text("1 of 46 uses selected")).to_be_visible()
    settle(page)
    assert len(page.evaluate(SELECTED)) == 1

    page.get_by_text("LSTM layer 2", exact=True).first.click()
    expect(page.get_by_text("variance of LSTM layer 2")).to_be_visible()
    settle(page)
    assert len(page.evaluate(SELECTED)) == 1
    assert "layer=LSTM+layer+2" in page.url


def test_downloads(visit: Callable[..., Page]):
    page = visit("/?word=bat")
    with page.expect_download() as table:
        page.get_by_role("button", name="Table (CSV)").click()
    assert table.value.suggested_filename == "bat-uniform-mix.csv"
    with Path(table.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 46
    assert {row["word"].lower() for row in rows} == {"bat"}
    with page.expect_download() as figure:
        page.get_by_role("button", name="Map (HTML)").click()
    assert "sports equipment (23)" in Path(figure.value.path()).read_text(encoding="utf-8")


def test_words_of_users_are_text(visit: Callable[..., Page], tmp_path: Path):
    hostile = '<img src=x onerror="document.title=1"> ![](https://example.org/x.png) bank **b** :red[r]'
    file = tmp_path / "hostile.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(
            [("text", "label"), *((f"{'so ' * row}{hostile}", f"<b>s{row % 2}</b>") for row in range(8))]
        )
    page = visit()
    page.get_by_role("button", name="Use my text").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file)
    page.get_by_label("Word", exact=True).fill("bank")
    page.keyboard.press("Enter")
    expect(page.get_by_text("<b>s0</b> (4)")).to_be_visible()
    lasso_left_half(page)
    expect(page.get_by_text("of 8 uses selected")).to_be_visible()
    assert page.title() == "Word senses · ELMo Explorer"
    assert page.locator("img[src='x']").count() == 0


def test_umap_in_the_dark_on_a_narrow_screen(visit: Callable[..., Page], browser: Browser):
    narrow = browser.new_context(color_scheme="dark", viewport={"width": 420, "height": 900})
    page = visit("/?projection=UMAP", narrow)
    expect(page.get_by_text("One UMAP plane for all layers")).to_be_visible()
    colour = page.get_by_test_id("stApp").evaluate("(element) => getComputedStyle(element).backgroundColor")
    assert max(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")) < 60
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
