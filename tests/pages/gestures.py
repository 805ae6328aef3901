"""What a user does in a browser, for tests that drive one."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

_IDLE_LOOKS = 3


def settle(page: Page) -> None:
    """Wait until the script has been idle for three looks in a row (right after a click it still is)."""
    idle = 0
    while idle < _IDLE_LOOKS:
        state = page.get_by_test_id("stApp").get_attribute("data-test-script-state")
        idle = idle + 1 if state == "notRunning" else 0
        page.wait_for_timeout(80)


def lasso(chart: Locator, left: float = 0.0, right: float = 0.5) -> None:
    """Draw a lasso around a vertical strip of a chart, given as shares of its width."""
    page, box = chart.page, chart.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    x0, x1 = (box["x"] + 5 + share * (box["width"] - 10) for share in (left, right))
    top, bottom = box["y"] + 5, box["y"] + box["height"] - 5
    page.mouse.move(x0, top)
    page.mouse.down()
    for corner in ((x1, top), (x1, bottom), (x0, bottom), (x0, top)):
        page.mouse.move(*corner, steps=8)
        page.wait_for_timeout(60)
    page.mouse.up()


def tick_row(table: Locator, row: int) -> None:
    """Tick the box of a row of a data frame, counted from 0."""
    box = table.locator("canvas").first.bounding_box()
    assert box is not None
    table.page.mouse.click(box["x"] + 17, box["y"] + 35 * (row + 1) + 17)
