"""How well what is on a page stands out from its ground, measured in a browser as WCAG 2 defines it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

TEXT, MARK = 4.5, 3.0
"""Least contrast of text, and of marks: those of figures, icons, and shapes written as characters."""

_TRIES, _PAUSE_MS = 10, 500
_MEASURE = Path(__file__).with_suffix(".js").read_text("utf-8")


def too_weak(page: Page) -> list[str]:
    """The texts and marks on a page that stand out too little, each with its contrast.

    Text counts against the grounds it stands on, with their opacities; what is disabled does not count. Marks
    that lie in an image or on the graphics card are measured by their colours (`tests/plots/test_style.py`).
    What only fades in or out is given time to end.
    """
    found: list[str] = page.evaluate(_MEASURE, [TEXT, MARK])
    for _ in range(_TRIES):
        if not found:
            break
        page.wait_for_timeout(_PAUSE_MS)
        found = page.evaluate(_MEASURE, [TEXT, MARK])
    return found
