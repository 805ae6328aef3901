"""What the visitor of a session may do: the one place that answers it.

The app is local where the server listens on the loopback address alone, the browser asked for that address,
and no proxy stands in between. Everywhere else, and with `ELMO_LOCAL_FILES=off`, it is served: no path of the
server may be named, and each visitor has a share of its memory and of its queue. `ELMO_LOCAL_FILES=on` allows
paths in any case. Whether local or served, heavy work is refused while the machine is short of memory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from elmo_core.measuring.durations import duration
from elmo_core.memory import available_bytes
from elmo_core.serving.access import LOCAL_FILES_VARIABLE, corpus_folders, is_loopback, offered_corpora

TRAINING_VARIABLE = "ELMO_TRAINING"
"""Environment variable: "on" lets every visitor of a served app train, and see the runs of all others."""
MOST_UPLOADED_MB = 400
"""All files that a visitor of a served app keeps at one time."""
MOST_JOBS = 6
"""Jobs of one visitor of a served app that wait or run."""
MOST_SECONDS = 3600
"""Expected duration of a comparison for a visitor of a served app."""
LEAST_FREE_MB = 300
"""Memory that must be available before a job is queued; `ELMO_LEAST_FREE_MB` says otherwise."""
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
    """Return whether the visitor may name paths of the server."""
    return _local_files() == "on" or is_local()


def may_train() -> bool:
    """Return whether the visitor may train models on the server: where local, or `ELMO_TRAINING=on`."""
    return os.environ.get(TRAINING_VARIABLE, "").strip().lower() == "on" or may_name_files()


def corpora() -> dict[str, Path]:
    """Return the corpora on the server that the visitor may choose, by their names."""
    return offered_corpora(corpus_folders())


def refusal_of_upload(n_bytes: int, kept_bytes: int, headers: Mapping[str, str] | None = None) -> str | None:
    """Return why a file may not be kept, in a sentence; None where it may.

    Args:
        n_bytes: size of the file.
        kept_bytes: size of the other files that the visitor keeps.
        headers: of the request that asks; None = that of the running session.
    """
    if n_bytes + kept_bytes > MOST_UPLOADED_MB << 20 and not is_local(headers):
        return (
            f"Your files would take more than {MOST_UPLOADED_MB} MB together, the most that this server "
            "keeps for one visitor; remove one that you no longer need."
        )
    return None


def refusal_of_job(n_unfinished: int) -> str | None:
    """Return why another job may not be queued, in a sentence; None where it may.

    Args:
        n_unfinished: the visitor's jobs that wait or run.
    """
    if n_unfinished >= MOST_JOBS and not is_local():
        return f"{MOST_JOBS} of your jobs wait or run, the most that this server takes; cancel one of them."
    return refusal_of_memory()


def refusal_of_length(seconds: float) -> str | None:
    """Return why work that takes so long may not be queued, in a sentence; None where it may."""
    if seconds > MOST_SECONDS and not is_local():
        return (
            f"This would take about {duration(seconds)}, and this server takes no work of more than "
            f"{duration(MOST_SECONDS)}; give it less to do, or run the app on your own machine."
        )
    return None


def refusal_of_memory() -> str | None:
    """Return a sentence while the server is short of memory; None otherwise."""
    free = available_bytes()
    if free is not None and free < _least_free_mb() << 20:
        return "The server is short of memory, so no new work is started; try again in a few minutes."
    return None


def is_local(headers: Mapping[str, str] | None = None) -> bool:
    """Return whether the visitor sits at the server.

    Args:
        headers: of a request; None = that of the running session.
    """
    if _local_files() == "off":
        return False
    named = dict(st.context.headers.items()) if headers is None else headers
    return is_plainly_local(st.get_option("server.address"), st.get_option("server.baseUrlPath"), named)


def is_plainly_local(address: str | None, base_path: str | None, headers: Mapping[str, str]) -> bool:
    """Return whether server and browser are on one machine, with nothing in between that a request shows.

    Args:
        address: the server listens on; None = on all.
        base_path: prefix of the app's paths, which stands for a proxy.
        headers: of the request that began the session. A browser always sends Host and Origin.
    """
    named = {name.lower(): value for name, value in headers.items()}
    return (
        is_loopback(address)
        and not (base_path or "").strip("/")
        and not any(name.startswith(_OF_PROXIES) for name in named)
        and is_loopback(_host_of(f"//{named.get('host', '')}"))
        and ("origin" not in named or is_loopback(_host_of(named["origin"])))
    )


def _local_files() -> str:
    return os.environ.get(LOCAL_FILES_VARIABLE, "").strip().lower()


def _least_free_mb() -> int:
    asked = os.environ.get("ELMO_LEAST_FREE_MB", "")
    return int(asked) if asked.isascii() and asked.isdigit() else LEAST_FREE_MB


def _host_of(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
