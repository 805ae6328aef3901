"""Seconds from starting the app, and from a later visit, to the first map on screen.

    python -m bench.first_map [--visits 3] [--screenshot docs/word-senses.png]

Needs the test tools and a Chromium (`chromium` on the PATH, or CHROMIUM).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from bench.reporting import arguments

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
_MAP = ".js-plotly-plot .nsewdrag"
_PROGRESS = '[data-testid="stProgress"]'
_WARM_UP_S = 15
_SETTLING_S = 2
"""Until a map drawn anew has come to rest."""


def free_port() -> int:
    """Find a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def visit(browser: Browser, address: str) -> Page:
    """Open the app (trying until the server answers) and wait for the map."""
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    for _ in range(600):
        try:
            page.goto(address)
            break
        except Exception as error:  # the server is not there yet
            if "ERR_CONNECTION_REFUSED" not in str(error):
                raise
            time.sleep(0.05)
    page.wait_for_selector(_MAP, timeout=120_000)
    return page


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--visits", type=int, default=3)
    parser.add_argument("--screenshot", type=Path)
    options = parser.parse_args()
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=_FLAGS
        )
        start = time.perf_counter()
        server = subprocess.Popen([*command, "--server.port", str(port)], stdout=subprocess.DEVNULL)
        try:
            page = visit(browser, f"http://127.0.0.1:{port}/")
            sys.stdout.write(f"start to first map  {time.perf_counter() - start:5.1f} s\n")
            time.sleep(_WARM_UP_S)
            if options.screenshot:
                page.wait_for_selector(_PROGRESS, state="hidden", timeout=120_000)  # PCA first, then UMAP
                time.sleep(_SETTLING_S)
                page.screenshot(path=options.screenshot)
            for _ in range(options.visits):
                start = time.perf_counter()
                visit(browser, f"http://127.0.0.1:{port}/").close()
                sys.stdout.write(f"visit to map        {time.perf_counter() - start:5.1f} s\n")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
