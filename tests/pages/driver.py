"""Open a page of the app without a browser, wait for it, and read what it shows.

An `AppTest` runs the app's own frame in this process; `run()` after a change of a widget is one rerun.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from pages.common.job import Job
from pages.common.visitors import IN_ADDRESS
from tests.pages.gestures import PATIENCE_S

FRAME = Path(__file__).parents[2] / "pages" / "frame.py"
_HOME = "senses"
_NO_SUCH_WORD = "qqqq"


def open_page(name: str, session: Mapping[str, Any] | None = None, **address: str) -> AppTest:
    """Open a page in a new session.

    Args:
        name: its folder in `pages/`.
        session: values of the session state before the first run.
        address: query parameters of its link.
    """
    app = AppTest.from_file(FRAME, default_timeout=PATIENCE_S)
    for key, value in (session or {}).items():
        app.session_state[key] = value
    if IN_ADDRESS in address:  # says who the visitor is; read in the first run of a session alone
        app.query_params[IN_ADDRESS] = address[IN_ADDRESS]
    if name != _HOME:  # AppTest runs the page that opens first before it can switch: let it draw nothing
        app.query_params["word"] = _NO_SUCH_WORD
        checked(app.run())
        del app.query_params["word"]
        app.switch_page(f"{name}/page.py")
    for key, value in address.items():
        app.query_params[key] = value
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    """Fail if the last run ended in an exception."""
    assert not app.exception, [element.value for element in app.exception]
    return app


def wait_until(is_there: Callable[[AppTest], object], app: AppTest) -> AppTest:
    """Rerun the page until something is there, as the browser does while a job runs."""
    end = time.monotonic() + PATIENCE_S
    while not is_there(app) and time.monotonic() < end:
        time.sleep(0.2)
        checked(app.run())
    assert is_there(app), texts(app)
    return app


def job_of(app: AppTest, owner: str) -> Job:
    """The job that the visitor of a page started last under this owner."""
    job: Job = app.session_state["_visitor"].state["jobs"][owner]
    return job


def wait_until_over(job: Job) -> Job:
    """Wait for the end of a job, whatever it is."""
    end = time.monotonic() + PATIENCE_S
    while not job.is_over:
        assert time.monotonic() < end
        time.sleep(0.02)
    return job


def wait_for_charts(app: AppTest, n: int = 1) -> AppTest:
    """Rerun the page until it shows n charts."""
    return wait_until(lambda page: len(page.get("plotly_chart")) >= n, app)


def chart(app: AppTest, number: int = 0) -> dict[str, Any]:
    """The data and layout of a chart, in plotly's JSON."""
    found: dict[str, Any] = json.loads(app.get("plotly_chart")[number].proto.spec)
    return found


def decoded(values: Any) -> list[float]:
    """The numbers of a chart, which plotly may have packed."""
    if isinstance(values, dict):
        return list(np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"]))
    return list(values)


def alt(app: AppTest, number: int = 0) -> str:
    """The description of a chart for those who do not see it."""
    text: str = app.get("plotly_chart")[number].proto.alt
    return text


def messages(app: AppTest) -> str:
    """All errors, warnings and notices, without the escapes of Markdown."""
    return _joined(app.error, app.warning, app.info, app.success)


def captions(app: AppTest) -> str:
    """All captions, without the escapes of Markdown."""
    return _joined(app.caption)


def texts(app: AppTest) -> str:
    """All messages, captions, headings and running text, without the escapes of Markdown."""
    return " ".join((messages(app), captions(app), _joined(app.markdown, app.subheader)))


def _joined(*kinds: Any) -> str:
    return " ".join(str(element.value) for kind in kinds for element in kind).replace("\\", "")
