"""The app on a free port of this machine, and a browser, for as long as a measurement needs them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

from elmo_core.shipped import shipped

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_LOOK_S = 0.05
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@contextmanager
def served_app(
    environment: Mapping[str, str] | None = None, script: Path | None = None
) -> Iterator[tuple[str, int]]:
    """Start the app; yields its address and its process once it answers, and ends it afterwards.

    Args:
        environment: variables that its process has beside those of this one.
        script: another app, to compare with.

    Raises:
        RuntimeError: it ended before it answered.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script or shipped("app.py"))]
    options = {"port": port, "address": "127.0.0.1", "headless": "true", "fileWatcherType": "none"}
    command += [word for name, value in options.items() for word in (f"--server.{name}", str(value))]
    variables = {**os.environ, **(environment or {})}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=variables) as process:
        try:
            while not _answers(port):
                if process.poll() is not None:
                    raise RuntimeError(f"the app ended with status {process.returncode}")
                time.sleep(_LOOK_S)
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.terminate()


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Open the Chromium that is on the PATH, or that CHROMIUM names."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


def _answers(port: int) -> bool:
    with (
        suppress(OSError, HTTPException),
        closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection,
    ):
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == HTTPStatus.OK
    return False
