"""Visitors: whose jobs and results are whose, across reloads of the page.

A reload of the browser begins a new Streamlit session with an empty `st.session_state`. What must outlive it
is kept here, on the server, under a random key of 128 bits. The key stands in the address (`job=...`) from
the first job on, so a reload carries it, and a session whose address names a known key is the same visitor.
Without the key nobody can reach what is kept under it. The links that the pages offer for sharing leave it
out; whoever is given the whole address, key included, shares the work. A visitor whose last session ended
more than `GRACE_S` ago is forgotten.
"""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

IN_ADDRESS = "job"
"""The query key that names a visitor."""
GRACE_S = 120.0
"""How long a visitor without a session is waited for, in seconds."""

_IN_SESSION = "_visitor"
_registry: dict[str, Visitor] = {}
_lock = threading.Lock()


class Visitor:
    """One visitor, in one session or in several that share a key."""

    def __init__(self) -> None:
        """Create a visitor with a new key and nothing kept."""
        self.key = secrets.token_urlsafe(16)
        self.state: dict[str, Any] = {}
        """What is kept for this visitor, by name: `jobs` and `results` each keep theirs here."""
        self.is_in_address = False
        """Whether there is something to find again after a reload."""
        self._sessions: set[str] = set()
        self._gone_since: float | None = None

    def enter(self, session: str) -> None:
        """Note a session of this visitor."""
        self._sessions.add(session)
        self._gone_since = None

    @property
    def is_here(self) -> bool:
        """Whether the visitor has a session, or had one within the last `GRACE_S`."""
        if not runtime.exists():  # a script without a server
            return True
        is_active = runtime.get_instance().is_active_session
        if any(is_active(session) for session in tuple(self._sessions)):
            self._gone_since = None
            return True
        now = time.monotonic()
        self._gone_since = self._gone_since or now
        return now - self._gone_since < GRACE_S


def current_visitor() -> Visitor:
    """Return the visitor of the running session: the one that its address names, else a new one."""
    visitor: Visitor | None = st.session_state.get(_IN_SESSION)
    if visitor is None:
        with _lock:
            visitor = _registry.get(st.query_params.get(IN_ADDRESS, "")) or Visitor()
            _registry[visitor.key] = visitor
        st.session_state[_IN_SESSION] = visitor
        context = get_script_run_ctx()
        visitor.enter(context.session_id if context else "")
        _forget_the_gone()
    return visitor


def put_in_address() -> None:
    """Let the address name the visitor, so that a reload finds the same jobs and results."""
    visitor = current_visitor()
    visitor.is_in_address = True
    if st.query_params.get(IN_ADDRESS) != visitor.key:
        st.query_params[IN_ADDRESS] = visitor.key


def keep_in_address() -> None:
    """Name the visitor in the address again, after another page was opened."""
    if current_visitor().is_in_address:
        put_in_address()


def _forget_the_gone() -> None:
    with _lock:
        for visitor in [visitor for visitor in _registry.values() if not visitor.is_here]:
            del _registry[visitor.key]
