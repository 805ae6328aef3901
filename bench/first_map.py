"""Seconds from starting the app, and from a later visit, to the first map on screen.

    python -m bench.first_map [--visits 3]

Needs the test tools and a Chromium (`chromium` on the PATH, or CHROMIUM).
"""

from __future__ import annotations

import sys
import time

from playwright.sync_api import Browser, Page

from bench.app import open_browser, served_app
from bench.reporting import arguments

_MAP = ".js-plotly-plot .nsewdrag"
_WARM_UP_S = 15


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
    options = parser.parse_args()
    with open_browser() as browser:
        start = time.perf_counter()
        with served_app() as (address, _):
            visit(browser, address)
            sys.stdout.write(f"start to first map  {time.perf_counter() - start:5.1f} s\n")
            time.sleep(_WARM_UP_S)
            for _ in range(options.visits):
                start = time.perf_counter()
                visit(browser, address).close()
                sys.stdout.write(f"visit to map        {time.perf_counter() - start:5.1f} s\n")


if __name__ == "__main__":
    main()
