"""A visitor of the served app who knows the code: no way to a file, to another's data, or to the process."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileUploaderState
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import WebSocketException

from bench.visitor import PageRun, ScriptedVisitor, send_file, visiting
from tests.pages.conftest import wait_until_healthy
from tests.pages.gestures import PATIENCE_S

ROOT = Path(__file__).parents[2]
IN_FILE, IN_PROCESS, OF_ANOTHER = "xylograph", "zymurgy", "quincunx"
"""Words that nobody may see who did not bring them: of a file, of the environment, of a visitor's text."""


@dataclass(frozen=True)
class Served:
    """The app as it is served, and what must not be reached through it."""

    address: str
    process: int
    secret: Path
    victim: ScriptedVisitor
    victim_key: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    secret, corpora = folder / "secret.txt", folder / "corpora"
    secret.write_text(f"The {IN_FILE} is here. They play the {IN_FILE}.\n")
    (corpora / "small").mkdir(parents=True)
    (corpora / "small" / "a.txt").write_text("They play outside . We saw a play .\n")
    (corpora / "small" / "link.txt").symlink_to(secret)
    (corpora / "out").symlink_to(folder)
    (corpora / ".hidden.txt").write_text(IN_FILE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "ELMO_MODEL": "tiny", "ELMO_SECRET": IN_PROCESS}
    command = [sys.executable, "-m", "elmo_core.commands.explorer", "--serve", "--corpora", str(corpora)]
    with subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait_until_healthy(address, process)
            with visiting(address, patience_s=PATIENCE_S) as victim:
                run = victim.open("senses")
                victim.set(run, "senses_own", trigger_value=True)
                run = victim.run()
                victim.upload(run, "senses_file", address, "own.txt", f"The {OF_ANOTHER}. ".encode() * 9)
                run = victim.run_until_still()
                assert OF_ANOTHER.encode() in run.content and not run.exceptions
                key = re.search(rb"job=([\w-]{20,})", run.content)
                assert key
                yield Served(address, process.pid, secret, victim, key.group(1).decode())
        finally:
            process.kill()


def asked(served: Served, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    """Status and body of the answer to a path as it stands."""
    place = urlsplit(served.address)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_S)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    with closing(connection), connection.getresponse() as answer:
        return answer.status, answer.read() + str(answer.getheaders()).encode()


PATHS = [
    "/../../../..{path}",
    "/static/../../../../..{path}",
    "/static/%2e%2e/%2e%2e/%2e%2e{path}",
    "/static/..%2f..%2f..%2f..{path}",
    "/static/....//....//..{path}",
    "/static/..%5c..%5c..{path}",
    "/static/{path}",
    "/app/static/..%2f..{path}",
    "/component/pages/../../..{path}",
    "/component/x%2f..%2f..{path}",
    "/_stcore/bidi-components/x/..%2f..{path}",
    "/media/{path}",
    "/media/..%2f..%2f..{path}",
    "/media/{path}%00.txt",
    "//{path}",
    "/file:{path}",
    "{path}",
    "/proc/self/environ",
    "/static/..%2f..%2fproc%2fself%2fenviron",
    "/~/../..{path}",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_of_a_request_is_a_path_of_a_file(served: Served, path: str):
    _, body = asked(served, path.format(path=served.secret))
    assert IN_FILE.encode() not in body and IN_PROCESS.encode() not in body


REQUESTS: list[tuple[str, str, dict[str, str], int]] = [
    ("GET", "/", {"Host": "elmo.example.org"}, 400),
    ("GET", "/_stcore/host-config", {"Host": "127.0.0.1.example.org"}, 400),
    ("GET", "/", {"Host": "localhost@example.org"}, 400),
    ("GET", "/", {"Host": "example.org#localhost"}, 400),
    ("GET", "/_stcore/metrics", {}, 404),
    ("GET", "/_stcore/%6detrics", {}, 404),
    ("GET", "/_stcore/script-health-check", {}, 404),
    ("GET", "/_stcore/agent/openapi.json", {}, 404),
    ("POST", "/_stcore/agent/mcp", {"Content-Length": "0"}, 404),
    ("PUT", "/_stcore/upload_file/{session}/x", {}, 411),
    ("PUT", "/_stcore/upload_file/{session}/x", {"Content-Length": str(500 << 20)}, 413),
    ("PUT", "/_stcore/upload_file/{session}/x", {"Content-Length": "0"}, 403),
    ("DELETE", "/_stcore/upload_file/{session}/x", {}, 403),
    ("GET", "/", {"Host": ""}, 400),
]


@pytest.mark.parametrize(("method", "path", "headers", "status"), REQUESTS, ids=range(len(REQUESTS)))
def test_a_request_is_refused(served: Served, method: str, path: str, headers: dict[str, str], status: int):
    path = path.format(session=served.victim.session_id)
    found, body = asked(served, path, method, **headers)
    assert found == status
    assert b"frame-ancestors" in body


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "elmo.example.org"},
        {"Origin": "https://example.org"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1.example.org"},
    ],
)
def test_a_page_from_elsewhere_opens_no_session(served: Served, headers: dict[str, str]):
    with pytest.raises(WebSocketException), visiting(served.address, headers=headers, patience_s=20) as other:
        other.open()


QUERIES = [
    "show=A+large+corpus&static_corpus={path}",
    "show=A+large+corpus&pattern={path}&static_pattern={path}",
    "show={path}&term=../../{path}",
    "job={start}",
    "job=%00&job=__class__",
    "word=/.*/&first={path}&second=file://{path}",
]


@pytest.fixture(scope="module")
def other(served: Served) -> Iterator[ScriptedVisitor]:
    """Another visitor, who has the view of a large corpus open."""
    with visiting(served.address, patience_s=PATIENCE_S) as visitor:
        visitor.open("static", "show=A+large+corpus")
        unharmed(served, visitor.run_until_still())
        yield visitor


@pytest.mark.parametrize("query", QUERIES)
def test_an_address_reaches_nothing(served: Served, query: str):
    with visiting(served.address, patience_s=PATIENCE_S) as visitor:
        run = visitor.open(
            "static", query.format(path=quote(str(served.secret)), start=served.victim_key[:-1])
        )
        unharmed(served, run)
        assert run.widget("static_pattern") is None


def forged(key: str, **value: object) -> WidgetState:
    """The state of a widget that the page does not draw."""
    return WidgetState(id=f"$$ID-{'0' * 32}-{key}", **value)


def with_state(
    key: str, value: Callable[[Served], str]
) -> Callable[[Served, ScriptedVisitor, PageRun], PageRun]:
    """A state that no widget of the page offers, of a widget there or of one that is not."""

    def attack(served: Served, other: ScriptedVisitor, run: PageRun) -> PageRun:
        id = run.widget(key) or forged(key).id
        other.widgets[id] = WidgetState(id=id, string_value=value(served))
        return other.run_until_still()

    return attack


def with_message(**content: object) -> Callable[[Served, ScriptedVisitor, PageRun], PageRun]:
    """A message that no page sends: values by their place in it."""

    def attack(_: Served, other: ScriptedVisitor, run: PageRun) -> PageRun:
        message = BackMsg()
        for name, value in content.items():
            target, (*parents, last) = message, name.split("__")
            for parent in parents:
                target = getattr(target, parent)
            if value is None:
                getattr(target, last).SetInParent()
            else:
                setattr(target, last, value)
        other.send(message)
        if message.WhichOneof("type") == "rerun_script" and not message.rerun_script.fragment_id:
            unharmed(_, other.receive())
        return other.run()

    return attack


def with_wrong_types(served: Served, other: ScriptedVisitor, run: PageRun) -> PageRun:
    """Values of other types than those of the widgets."""
    for key in ("static_uses", "static_corpus", "term"):
        other.set(run, key, double_array_value={"data": [float("nan")] * 1_000})
    broken = other.run_until_still()
    unharmed(served, broken)
    other.widgets.clear()
    return other.run()


def with_damaged_bytes(_: Served, other: ScriptedVisitor, run: PageRun) -> PageRun:
    """Messages that are none."""
    for content in (b"", b"\xff" * 100, b"\x00" * 100_000, os.urandom(1_000)):
        other.send(content)
    return other.run()


STATES: dict[str, Callable[[Served, ScriptedVisitor, PageRun], PageRun]] = {
    "a path as the corpus": with_state("static_corpus", lambda served: str(served.secret)),
    "a way up from the corpora": with_state("static_corpus", lambda served: "corpora/../secret.txt"),
    "a link out of the corpora": with_state("static_corpus", lambda served: "corpora/out"),
    "a hidden file of the corpora": with_state("static_corpus", lambda served: "corpora/.hidden.txt"),
    "the field for paths": with_state("static_pattern", lambda served: str(served.secret)),
    "the environment": with_state("static_pattern", lambda served: "/proc/self/environ"),
    "a file in a word": with_state("term", lambda served: f"file://{served.secret}"),
    "wrong types": with_wrong_types,
    "damaged bytes": with_damaged_bytes,
    "clear the caches": with_message(clear_cache=True),
    "end the server": with_message(debug_shutdown_runtime=True),
    "end the connection": with_message(debug_disconnect_websocket=True),
    "the state of the repository": with_message(load_git_info=True),
    "run on save": with_message(set_run_on_save=True),
    "install": with_message(backend_operation_request__install_skills=None),
    "a file by its id": with_message(backend_operation_request__deferred_file__file_id="/etc/passwd"),
    "a page by its path": with_message(rerun_script__page_name="../../../etc/passwd"),
    "a page that is none": with_message(rerun_script__page_script_hash="0" * 32),
    "a part that is none": with_message(rerun_script__fragment_id="0" * 32),
    "a long address": with_message(rerun_script__query_string="a=" + "b" * 1_000_000),
}


@pytest.mark.parametrize("attack", STATES.values(), ids=STATES)
def test_a_message_reaches_nothing(
    served: Served, other: ScriptedVisitor, attack: Callable[[Served, ScriptedVisitor, PageRun], PageRun]
):
    other.widgets.clear()
    unharmed(served, attack(served, other, other.last))


def test_the_id_of_another_s_file_is_no_file_in_the_own_session(served: Served):
    (field,) = served.victim.widgets.values()
    with visiting(served.address, patience_s=PATIENCE_S) as thief:
        run = thief.open("static")
        thief.set(run, "static_own", trigger_value=True)
        run = thief.run()
        state = FileUploaderState()
        state.CopyFrom(field.file_uploader_state_value)
        thief.set(run, "static_file", file_uploader_state_value=state)
        run = thief.run_until_still()
        unharmed(served, run)
        assert not run.exceptions


def test_another_s_session_is_no_place_for_uploads(served: Served, other: ScriptedVisitor):
    own = other.session_id
    assert send_file(served.address, other, "a", b"x" * 1_000) == 204
    other.session_id = own[:-1] + ("0" if own[-1] != "0" else "1")
    assert send_file(served.address, other, "a", b"x" * 1_000) == 400
    other.session_id = own


def test_the_corpora_of_the_server_are_offered_and_their_links_are_not_followed(served: Served):
    with visiting(served.address, patience_s=PATIENCE_S) as reader:
        run = reader.open("static", "show=A+large+corpus")
        (box,) = [one for kind, one in run.elements if kind == "selectbox" and one.label == "Corpus"]
        assert list(box.options) == ["corpora/small"]
        reader.set(run, "static_corpus", string_value="corpora/small")
        run = reader.run_until_still()
        reader.set(run, "static_index_start", trigger_value=True)
        run = reader.run_until_still()
        unharmed(served, run)
        assert re.search(r"^\d uses", run.text, re.MULTILINE)


def test_the_other_visitor_has_lost_nothing(served: Served):
    run = served.victim.run_until_still()
    assert OF_ANOTHER.encode() in run.content and not run.exceptions


def unharmed(served: Served, run: PageRun) -> None:
    """Nothing secret was sent, and the server is there."""
    os.kill(served.process, 0)
    for word in (IN_FILE, IN_PROCESS, OF_ANOTHER, served.victim_key):
        assert word.encode() not in run.content, word
