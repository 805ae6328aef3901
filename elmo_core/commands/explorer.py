"""`elmo-explorer`: start the app and open it in a browser."""

from __future__ import annotations

import contextlib
import os
import runpy
import socket
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from elmo_core.commands.terminal import HELP_NAMES, Version, command, run
from elmo_core.extras import extra
from elmo_core.shipped import shipped

LOOPBACK = ("localhost", "127.0.0.1")
_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 (recognised, not bound)
_ELSEWHERE = ("192.0.2.1", 9)
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(
    context_settings={**HELP_NAMES, "allow_extra_args": True, "ignore_unknown_options": True},
    epilog="All other options go to Streamlit, for example --server.maxUploadSize 500.",
)
@command
def start(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option(help="Port to listen on; else 8501, or the next that is free.", min=1, max=65535),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 serves other machines, too.")
    ] = LOOPBACK[1],
    base_path: Annotated[
        str, typer.Option(help="Path of the app behind a proxy, for example /elmo.", show_default=False)
    ] = "",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser window.")] = False,
    version: Version = False,
) -> None:
    """Start ELMo Explorer and open it in a browser.

    It serves this machine alone unless --host says otherwise; Ctrl-C ends it.
    """
    with extra("app"):
        if find_spec("streamlit") is None:
            raise ModuleNotFoundError(name="streamlit")
    is_headless = no_browser or not _has_screen()
    options = {"address": host, "headless": str(is_headless).lower()}
    if port is not None:
        options["port"] = str(port)
    if base_path.strip("/"):
        options["baseUrlPath"] = base_path.strip("/")
    given = [word for name, value in options.items() for word in (f"--server.{name}", value)]
    if not any(word.startswith("--server.allowedHosts") for word in context.args):
        names = names_of(host)
        given += [word for name in names for word in ("--server.allowedHosts", name)]
        if host not in LOOPBACK:
            listed = ", ".join(names)
            typer.echo(f"It answers as {listed}; add other names with --server.allowedHosts NAME.", err=True)
    # The arguments of `python -m streamlit`, which takes over this process
    sys.argv = ["streamlit", "run", str(shipped("app.py")), *given, *context.args]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def names_of(host: str) -> list[str]:
    """Names under which browsers may ask for the app.

    Streamlit refuses all others, so that a page from elsewhere cannot reach the app under a name of its own.
    A proxy with another name than this machine's needs `--server.allowedHosts NAME`.
    """
    names = dict.fromkeys(LOOPBACK)
    if host in _EVERY_ADDRESS:
        names |= dict.fromkeys([socket.gethostname(), socket.getfqdn(), *_addresses()])
    return list(names | {host: None})


def _addresses() -> list[str]:
    """The address of this machine in its network: the one that a packet to elsewhere would leave from."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unsent:
        unsent.connect(_ELSEWHERE)  # of a datagram socket: it chooses an address and sends nothing
        return [str(unsent.getsockname()[0])]
    return []


def _has_screen() -> bool:
    """Whether a browser window could open here."""
    if os.environ.get("CI"):
        return False
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in _SCREENS)


def main() -> None:
    """Run `elmo-explorer`."""
    run(app, "elmo-explorer")


if __name__ == "__main__":
    main()
