"""A visitor of the running app without a browser: Streamlit's own protocol over a WebSocket."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileUploaderState, FileURLs, UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from websockets.sync.client import ClientConnection, connect

_RERUN = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN
_WHOLE = ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY
_EDGE = "between-the-parts"
_MESSAGES = ("exception", "alert", "markdown", "text", "heading")


@dataclass
class PageRun:
    """What one run of a page sent."""

    messages: list[ForwardMsg] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def elements(self) -> Iterator[tuple[str, Any]]:
        """Kind and content of each element."""
        for message in self.messages:
            if message.WhichOneof("type") == "delta" and message.delta.WhichOneof("type") == "new_element":
                element = message.delta.new_element
                kind = str(element.WhichOneof("type"))
                yield kind, getattr(element, kind)

    @property
    def exceptions(self) -> list[str]:
        """Kinds and messages of errors that no page turned into a sentence."""
        return [f"{one.type}: {one.message}" for kind, one in self.elements if kind == "exception"]

    @property
    def text(self) -> str:
        """All headings, running text and messages, without the escapes of Markdown."""
        shown = [
            getattr(one, "body", "") or getattr(one, "message", "")
            for kind, one in self.elements
            if kind in _MESSAGES
        ]
        return "\n".join(shown).replace("\\", "")

    @property
    def content(self) -> bytes:
        """All that was sent."""
        return b"".join(message.SerializeToString() for message in self.messages)

    @property
    def timer(self) -> tuple[str, float] | None:
        """The part of the page that asks to run again by itself, and after how many seconds; None = none."""
        timers = [one.auto_rerun for one in self.messages if one.WhichOneof("type") == "auto_rerun"]
        return (timers[-1].fragment_id, timers[-1].interval) if timers else None

    def widget(self, key: str) -> str | None:
        """Return the id of the widget with this key; None where the page has none."""
        ids = [str(one.id) for _, one in self.elements if hasattr(one, "id")]
        return next((id for id in reversed(ids) if id.endswith(f"-{key}")), None)


class ScriptedVisitor:
    """One session: a connection, the page that is open, and the state of its widgets."""

    def __init__(self, connection: ClientConnection, patience_s: float) -> None:
        """Take a connection that is open; see `visiting`."""
        self.connection = connection
        self.pages: dict[str, str] = {}
        """Hashes of the pages by their place in the address."""
        self.session_id = ""
        self.widgets: dict[str, WidgetState] = {}
        self.last = PageRun()
        """The last run that drew the whole page."""
        self._patience_s = patience_s
        self._page, self._query = "", ""

    def open(self, page: str = "", query: str = "") -> PageRun:
        """Open a page, as a click in the menu or an address does, and wait for the end of its run."""
        self._page, self._query = page, query
        self.widgets.clear()
        return self.run()

    def set(self, run: PageRun, key: str, **value: Any) -> None:
        """Set the state of a widget that a run has drawn, such as `string_value="word"`."""
        id = run.widget(key)
        assert id is not None, f"no widget {key}"
        self.widgets[id] = WidgetState(id=id, **value)

    def upload(self, run: PageRun, key: str, address: str, name: str, content: bytes) -> None:
        """Send a file for a field that a run has drawn."""
        file_id = secrets.token_hex(8)
        assert send_file(address, self, file_id, content, name) == HTTPStatus.NO_CONTENT
        urls = FileURLs(file_id=file_id)
        info = UploadedFileInfo(name=name, size=len(content), file_id=file_id, file_urls=urls)
        self.set(run, key, file_uploader_state_value=FileUploaderState(uploaded_file_info=[info]))

    def run(self, fragment: str = "") -> PageRun:
        """Run the page, or a part of it, once more; triggers are sent once."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.fragment_id, state.is_auto_rerun = self._query, fragment, bool(fragment)
        if self._page in self.pages:
            state.page_script_hash = self.pages[self._page]
        else:
            state.page_name = self._page
        state.widget_states.CopyFrom(WidgetStates(widgets=self.widgets.values()))
        self.widgets = {
            id: one for id, one in self.widgets.items() if one.WhichOneof("value") != "trigger_value"
        }
        started = time.monotonic()
        self.send(message)
        run = self.receive()
        run.seconds = time.monotonic() - started
        if run.messages[-1].script_finished == _WHOLE:
            self.last = run
        return run

    def run_until_still(self) -> PageRun:
        """Run the page until no job is waited for."""
        started = time.monotonic()
        run = self.run()
        while run.timer and time.monotonic() - started < self._patience_s:
            fragment, interval = run.timer
            time.sleep(interval)
            part = self.run(fragment)
            if part.messages[-1].script_finished == _WHOLE:
                run = part
        run.seconds = time.monotonic() - started
        return run

    def send(self, message: BackMsg | bytes) -> None:
        """Send a message, whatever it holds."""
        self.connection.send(message if isinstance(message, bytes) else message.SerializeToString())

    def receive(self) -> PageRun:
        """Receive all that the next run sends, with the runs that it asks for.

        Raises:
            TimeoutError: it takes longer than the visitor's patience.
        """
        run, end = PageRun(), time.monotonic() + self._patience_s
        while True:
            message = ForwardMsg.FromString(self.connection.recv(timeout=max(end - time.monotonic(), 0.01)))
            run.messages.append(message)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session_id = message.new_session.initialize.session_id
            elif kind == "navigation":
                self.pages = {
                    page.url_pathname: page.page_script_hash for page in message.navigation.app_pages
                }
            elif kind == "script_finished" and message.script_finished != _RERUN:
                return run


@contextmanager
def visiting(
    address: str, *, patience_s: float = 120.0, headers: Mapping[str, str] | None = None, session: str = ""
) -> Iterator[ScriptedVisitor]:
    """Connect a visitor.

    Args:
        address: of the app, such as http://127.0.0.1:8501.
        patience_s: how long one run may take.
        headers: to send with the request.
        session: id of the session to resume, as a browser does after a lost connection.
    """
    protocols: Any = ["streamlit", *(["none", session] if session else [])]
    with connect(
        f"{address.replace('http', 'ws', 1)}/_stcore/stream",
        subprotocols=protocols,
        additional_headers=dict(headers or {}),
        max_size=None,
        open_timeout=patience_s,
    ) as connection:
        yield ScriptedVisitor(connection, patience_s)


def send_file(
    address: str, visitor: ScriptedVisitor, file_id: str, content: bytes, name: str = "a.csv"
) -> int:
    """Send a file as the field for files does, and return the status of the answer.

    Args:
        address: of the app.
        visitor: whose session keeps the file.
        file_id: under which it is kept.
        content: of the file.
        name: of the file.
    """
    place = urlsplit(address)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=60)
    connection.request("GET", "/_stcore/health")
    answer = connection.getresponse()
    answer.read()
    token = (answer.getheader("Set-Cookie") or "").partition("_streamlit_xsrf=")[2].partition(";")[0]
    head = f'--{_EDGE}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    connection.request(
        "PUT",
        f"/_stcore/upload_file/{visitor.session_id}/{file_id}",
        head.encode() + content + f"\r\n--{_EDGE}--\r\n".encode(),
        {
            "Content-Type": f"multipart/form-data; boundary={_EDGE}",
            "Cookie": f"_streamlit_xsrf={token}",
            "X-Xsrftoken": token,
        },
    )
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status
