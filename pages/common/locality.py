"""Whether the person at the browser may name files of this machine.

A page that reads a path reads it for whoever asks. So paths may be named only where the app is plainly
local: the server listens on the loopback address alone, the browser asked for that address, and no proxy
stands in between. `ELMO_LOCAL_FILES=on` or `off` says otherwise.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

import streamlit as st

LOCAL_FILES_VARIABLE = "ELMO_LOCAL_FILES"
_OF_PROXIES = (
    "x-forwarded",
    "forwarded",
    "x-real-ip",
    "x-client-ip",
    "x-proxy",
    "via",
    "cf-",
    "true-client-ip",
)


def may_name_files() -> bool:
    """Return whether the visitor of this session may name paths of the server."""
    asked = os.environ.get(LOCAL_FILES_VARIABLE, "").strip().lower()
    if asked in ("on", "off"):
        return asked == "on"
    return is_plainly_local(
        st.get_option("server.address"), st.get_option("server.baseUrlPath"), dict(st.context.headers.items())
    )


def is_plainly_local(address: str | None, base_path: str | None, headers: Mapping[str, str]) -> bool:
    """Return whether server and browser are on one machine, with nothing in between that a request shows.

    Args:
        address: the server listens on; None = on all.
        base_path: prefix of the app's paths, which stands for a proxy.
        headers: of the request that began the session. A browser always sends Host and Origin.
    """
    named = {name.lower(): value for name, value in headers.items()}
    return (
        _is_loopback(address)
        and not (base_path or "").strip("/")
        and not any(name.startswith(_OF_PROXIES) for name in named)
        and _is_loopback(_host_of(f"//{named.get('host', '')}"))
        and ("origin" not in named or _is_loopback(_host_of(named["origin"])))
    )


def _host_of(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _is_loopback(host: str | None) -> bool:
    if not host:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
