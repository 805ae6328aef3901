"""What every request passes before Streamlit answers it."""

from __future__ import annotations

from google.protobuf.message import DecodeError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from pages.common.permissions import refusal_of_memory, refusal_of_upload

_CLOSED = ("/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent")
_UPLOAD = "/_stcore/upload_file/"
_MESSAGES = ("rerun_script", "stop_script", "file_urls_request", "app_heartbeat")
_OPERATIONS = ("deferred_file", "dataframe_chunk")
_MOST_DIGITS = 16
_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # the address names the visitor, see pages/common/visitors.py
}


class Gate:
    """ASGI middleware: known hosts only, no internals, uploads within a quota, headers against framing.

    Streamlit compares the host of a request with `server.allowedHosts` for WebSockets alone, keeps every
    uploaded file, also those that no page asked for, and lets any browser empty the caches of all visitors
    (`clear_cache`). Of the messages of browsers only those pass that the pages of a finished app need.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that must not pass; hand on all others."""
        if scope["type"] == "websocket":
            await self._app(scope, lambda: _next_allowed(receive), send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = _refusal(scope)
        if refused is not None:
            status, reason = refused
            await PlainTextResponse(reason, status)(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


async def _next_allowed(receive: Receive) -> Message:
    """Return the next message of a browser that may pass."""
    while True:
        message = await receive()
        if message["type"] != "websocket.receive" or _may_pass(message.get("bytes")):
            return message


def _may_pass(content: bytes | None) -> bool:
    request = BackMsg()
    try:
        request.ParseFromString(content or b"")
    except DecodeError:
        return False
    kind = request.WhichOneof("type")
    if kind == "backend_operation_request":
        return request.backend_operation_request.WhichOneof("payload") in _OPERATIONS
    return kind in _MESSAGES


def _refusal(scope: Scope) -> tuple[int, str] | None:
    headers, path = Headers(scope=scope), scope["path"]
    if not is_host_allowed(headers.get("host")):
        return 400, "The app is not served under this name."
    if any(closed in path for closed in _CLOSED):
        return 404, "Not found."
    if scope["method"] == "PUT" and _UPLOAD in path:
        return _refusal_of_upload(path.partition(_UPLOAD)[2].partition("/")[0], headers)
    return None


def _refusal_of_upload(session: str, headers: Headers) -> tuple[int, str] | None:
    size = headers.get("content-length", "")
    if not (size.isascii() and size.isdigit() and len(size) < _MOST_DIGITS):
        return 411, "Say how long the file is."
    if refusal := refusal_of_memory():
        return 503, refusal
    kept = runtime.get_instance().uploaded_file_mgr.file_storage.get(session, {})  # type: ignore[attr-defined]
    kept_bytes = sum(len(file.data) for file in list(kept.values()))
    refusal = refusal_of_upload(int(size), kept_bytes, dict(headers))
    return (413, refusal) if refusal else None
