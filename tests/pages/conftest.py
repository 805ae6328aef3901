"""A running server and a real browser, one of each for all tests of a worker."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from elmo_core.runs.folder import RUNS_VARIABLE
from elmo_core.runs.worker import NICE_VARIABLE
from elmo_core.weights.registry import MODELS_VARIABLE
from pages.common import jobs, processes
from tests.pages.contrast import too_weak
from tests.pages.gestures import PATIENCE_S, settle

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def tiny_model() -> Iterator[None]:
    """Let the pages use the small model with random weights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ELMO_MODEL", "tiny")
        yield


@pytest.fixture(scope="module", autouse=True)
def no_job_goes_on() -> Iterator[None]:
    """End the jobs of a module: nobody waits for them, and they would compute beside later tests."""
    yield
    jobs._queue._waiting.clear()
    for process in list(processes._busy):
        process.end()
    end = time.monotonic() + PATIENCE_S
    while (jobs._queue._waiting or jobs._queue._running) and time.monotonic() < end:
        time.sleep(0.05)


@pytest.fixture(scope="session")
def folders_of_server(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where the server keeps its user's runs and models, as environment variables."""
    root = tmp_path_factory.mktemp("server")
    return {RUNS_VARIABLE: str(root / "runs"), MODELS_VARIABLE: str(root / "models"), NICE_VARIABLE: "0"}


@pytest.fixture(scope="session")
def server(folders_of_server: dict[str, str]) -> Iterator[str]:
    """Address of a fresh server with the model of random weights."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    options = {"port": str(port), "address": "127.0.0.1", "headless": "true", "fileWatcherType": "none"}
    for name, value in options.items():
        command += [f"--server.{name}", value]
    environment = {**os.environ, "ELMO_MODEL": "tiny", **folders_of_server}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            wait_until_healthy(address, process)
            yield address
        finally:
            process.terminate()


def wait_until_healthy(address: str, process: subprocess.Popen[Any]) -> None:
    end = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server did not start")


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=1000 * PATIENCE_S)  # a busy machine takes longer than the usual 5 s
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def wide(browser: Browser) -> BrowserContext:
    """A light, wide screen; its pages share what was fetched before."""
    return browser.new_context(viewport={"width": 1440, "height": 1500})


@pytest.fixture
def visit(server: str, wide: BrowserContext) -> Iterator[Callable[..., Page]]:
    """Open a page of the server; afterwards nothing may have failed, left the machine or be hard to read."""
    pages, outside = [], []

    def open_page(path: str = "/", screen: BrowserContext = wide) -> Page:
        page = screen.new_page()
        page.set_default_timeout(1000 * PATIENCE_S)
        page.on("request", lambda request: outside.append(request.url) if is_outside(request.url) else None)
        pages.append(page)
        page.goto(server + path)
        page.get_by_test_id("stMainBlockContainer").wait_for()
        settle(page)
        return page

    def is_outside(url: str) -> bool:
        return not url.startswith((server, server.replace("http", "ws"), "data:", "blob:"))

    yield open_page
    for page in pages:
        expect(page.get_by_test_id("stException")).to_have_count(0)
        weak = too_weak(page)
        assert weak == [], "\n".join(weak)  # on whatever the test has left there
        page.close()
    assert outside == []
