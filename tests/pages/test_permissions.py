"""Who may name files of the server: the person who sits at it, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

from elmo_core.serving.access import LOCAL_FILES_VARIABLE
from pages.common.permissions import (
    MOST_JOBS,
    MOST_SECONDS,
    MOST_UPLOADED_MB,
    is_plainly_local,
    may_name_files,
    refusal_of_job,
    refusal_of_length,
    refusal_of_upload,
)
from tests.pages.driver import open_page, texts
from tests.pages.gestures import PATIENCE_S

LOCAL = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}


@pytest.mark.parametrize(
    ("address", "base_path", "headers"),
    [
        ("127.0.0.1", "", LOCAL),
        ("localhost", "", LOCAL),
        ("::1", "", {"Host": "[::1]:8501", "Origin": "http://[::1]:8501"}),
        ("127.0.0.1", "/", {"host": "127.0.0.1:8501"}),
        ("127.0.0.2", "", {"Host": "127.0.0.2:80", "User-Agent": "a browser"}),
    ],
)
def test_a_local_browser_is_known(address, base_path, headers):
    assert is_plainly_local(address, base_path, headers)


@pytest.mark.parametrize(
    ("address", "base_path", "headers"),
    [
        (None, "", LOCAL),  # all addresses
        ("", "", LOCAL),
        ("0.0.0.0", "", LOCAL),
        ("::", "", LOCAL),
        ("192.168.1.7", "", LOCAL),
        ("elmo.example.org", "", LOCAL),
        ("127.0.0.1", "elmo", LOCAL),  # served under a path: there is a proxy
        ("127.0.0.1", "", {}),
        ("127.0.0.1", "", {"Host": "elmo.example.org"}),
        ("127.0.0.1", "", {"Host": "localhost.example.org"}),
        ("127.0.0.1", "", {"Host": "127.0.0.1.example.org"}),
        ("127.0.0.1", "", {**LOCAL, "Origin": "https://elmo.example.org"}),  # a proxy that hides itself
        ("127.0.0.1", "", {**LOCAL, "Origin": "null"}),
        ("127.0.0.1", "", {**LOCAL, "X-Forwarded-For": "10.0.0.1"}),
        ("127.0.0.1", "", {**LOCAL, "x-forwarded-proto": "https"}),
        ("127.0.0.1", "", {**LOCAL, "Forwarded": "for=10.0.0.1"}),
        ("127.0.0.1", "", {**LOCAL, "X-Real-IP": "10.0.0.1"}),
        ("127.0.0.1", "", {**LOCAL, "Via": "1.1 proxy"}),
        ("127.0.0.1", "", {**LOCAL, "CF-Connecting-IP": "10.0.0.1"}),
        ("127.0.0.1", "", {"Host": "[::1", "Origin": "http://[::1"}),  # no address at all
    ],
)
def test_everybody_else_is_not(address, base_path, headers):
    assert not is_plainly_local(address, base_path, headers)


@pytest.mark.parametrize(("asked", "may"), [("on", True), (" ON ", True), ("off", False), ("", False)])
def test_a_setting_says_otherwise(monkeypatch, asked, may):
    """Without one, a script that no browser asked for is not plainly local."""
    monkeypatch.setenv(LOCAL_FILES_VARIABLE, asked)
    assert may_name_files() is may


def test_a_path_in_the_state_of_a_session_is_not_read_where_files_may_not_be_named(monkeypatch, tmp_path):
    monkeypatch.setenv(LOCAL_FILES_VARIABLE, "off")
    secret = tmp_path / "passwd"
    secret.write_text("root is here\n", encoding="utf-8")

    def script() -> None:
        import streamlit as st

        from pages.static.index import _choose_corpus

        st.write(repr(_choose_corpus("static")))

    test = AppTest.from_function(script, default_timeout=PATIENCE_S)
    test.session_state["static_pattern"] = str(secret)
    test.run()
    assert test.markdown[0].value.startswith("('', ")
    assert not test.text_input


def test_a_visitor_of_a_served_app_has_a_share_of_it(monkeypatch):
    monkeypatch.setenv(LOCAL_FILES_VARIABLE, "off")
    assert refusal_of_job(MOST_JOBS - 1) is None
    assert refusal_of_job(MOST_JOBS).startswith("6 of your jobs wait or run")
    assert refusal_of_upload(1, (MOST_UPLOADED_MB << 20) - 1) is None
    assert "more than 400 MB together" in refusal_of_upload(1, MOST_UPLOADED_MB << 20)
    assert refusal_of_length(MOST_SECONDS) is None
    assert "about 3 h, and this server takes no work of more than 1 h;" in refusal_of_length(3 * 3600)


@pytest.fixture
def secrets_file(tmp_path: Path) -> Iterator[Path]:
    """Path of the server's secrets, which are read anew."""
    before, path = st.get_option("secrets.files"), tmp_path / "secrets.toml"
    config.set_option("secrets.files", [str(path)])
    st.secrets._reset()
    yield path
    config.set_option("secrets.files", before)
    st.secrets._reset()


def test_where_accounts_are_asked_for_nobody_sees_a_page_without_one(secrets_file: Path):
    assert open_page("senses", word="bank").text_input(key="word")
    secrets_file.write_text('[auth]\nredirect_uri = "http://localhost/oauth2callback"\n', encoding="utf-8")
    app = open_page("senses", word="bank")
    assert [title.value for title in app.title] == ["ELMo Explorer"]
    assert not app.text_input and "account" in texts(app)


def test_damaged_secrets_let_nobody_in(secrets_file: Path):
    secrets_file.write_text("[auth\n", encoding="utf-8")
    app = open_page("senses", word="bank")
    assert "secrets.toml cannot be read" in texts(app) and not app.title
