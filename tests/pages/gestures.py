"""What a user does in a browser, for tests that drive one."""

from __future__ import annotations

from playwright.sync_api import FloatRect, Locator, Page

PATIENCE_S = 240
"""How long a test waits for what must happen: on a busy machine with one core everything takes minutes."""
_IDLE_LOOKS = 3
_LOOKS_AT_A_BOX = 100


def settle(page: Page) -> None:
    """Wait until the script has been idle for three looks in a row (right after a click it still is)."""
    idle = 0
    while idle < _IDLE_LOOKS:
        state = page.get_by_test_id("stApp").get_attribute("data-test-script-state")
        idle = idle + 1 if state == "notRunning" else 0
        page.wait_for_timeout(80)


def lasso(chart: Locator, left: float = 0.0, right: float = 0.5) -> None:
    """Draw a lasso around a vertical strip of a chart, given as shares of its width."""
    page, box = chart.page, _box_at_rest(chart.locator(".nsewdrag").first)
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
    box = _box_at_rest(table.locator("canvas").first)
    table.page.mouse.click(box["x"] + 17, box["y"] + 35 * (row + 1) + 17)


def _box_at_rest(part: Locator) -> FloatRect:
    """Where a part of a page lies once it is drawn and no longer moves (a chart drawn anew has no place)."""
    settle(part.page)
    before = None
    for _ in range(_LOOKS_AT_A_BOX):
        box = part.bounding_box()
        if box is not None and box == before:
            return box
        before = box
        part.page.wait_for_timeout(100)
    raise AssertionError(f"{part} has not come to rest")
