"""Seconds from starting the app, and from a later visit, to the first map on screen.

    python -m bench.first_map [--visits 3] [--screenshot docs/word-senses.png]

Needs the test tools and a Chromium (`chromium` on the PATH, or CHROMIUM).
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from bench.app import served_app
from bench.reporting import arguments

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
_MAP = ".js-plotly-plot .nsewdrag"
_PROGRESS = '[data-testid="stProgress"]'
_WARM_UP_S = 15
_SETTLING_S = 2
"""Until a map drawn anew has come to rest."""


def visit(browser: Browser, address: str) -> Page:
    """Open the app and wait for the map."""
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.goto(address)
    page.wait_for_selector(_MAP, timeout=120_000)
    return page


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--visits", type=int, default=3)
    parser.add_argument("--screenshot", type=Path)
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=_FLAGS
        )
        start = time.perf_counter()
        with served_app() as (address, _):
            page = visit(browser, address)
            sys.stdout.write(f"start to first map  {time.perf_counter() - start:5.1f} s\n")
            time.sleep(_WARM_UP_S)
            if options.screenshot:
                page.wait_for_selector(_PROGRESS, state="hidden", timeout=120_000)  # PCA first, then UMAP
                time.sleep(_SETTLING_S)
                page.screenshot(path=options.screenshot)
            for _ in range(options.visits):
                start = time.perf_counter()
                visit(browser, address).close()
                sys.stdout.write(f"visit to map        {time.perf_counter() - start:5.1f} s\n")


if __name__ == "__main__":
    main()
