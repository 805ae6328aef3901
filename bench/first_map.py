"""Seconds from starting the app, and from a later visit, to the first map on screen.

    python -m bench.first_map [--visits 3]

Beside each visit stands one to an app of Streamlit with one chart of two points and nothing else: what is
beyond it is ours, whatever the machine. Needs the test tools and a Chromium (`chromium` on the PATH, or
CHROMIUM).
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from bench.app import open_browser, served_app
from bench.reporting import arguments

_MAP = ".js-plotly-plot .nsewdrag"
_WARM_UP_S = 15
_ONE_CHART = """import plotly.express, streamlit
streamlit.plotly_chart(plotly.express.scatter(x=[1, 2], y=[1, 2]))
"""


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
    with open_browser() as browser, tempfile.TemporaryDirectory() as folder:
        one_chart = Path(folder) / "one_chart.py"
        one_chart.write_text(_ONE_CHART)
        start = time.perf_counter()
        with served_app() as (address, _), served_app(script=one_chart) as (plain, _):
            visit(browser, address)
            sys.stdout.write(f"start to first map        {time.perf_counter() - start:5.1f} s\n")
            visit(browser, plain).close()
            time.sleep(_WARM_UP_S)
            found: dict[str, list[float]] = {"visit to map": [], "visit to one chart": []}
            for _ in range(options.visits):
                for name, where in zip(found, (address, plain), strict=True):
                    start = time.perf_counter()
                    visit(browser, where).close()
                    found[name].append(time.perf_counter() - start)
        for name, seconds in found.items():
            shown = ", ".join(f"{one:.1f}" for one in seconds)
            sys.stdout.write(f"{name:24}  {statistics.median(seconds):5.1f} s (median of {shown})\n")


if __name__ == "__main__":
    main()
