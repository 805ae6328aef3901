"""`elmo-explorer`: start the app and open it in a browser."""

from __future__ import annotations

import contextlib
import os
import runpy
import socket
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from elmo_core.commands.terminal import HELP_NAMES, Version, command, run
from elmo_core.extras import extra
from elmo_core.serving.access import CORPORA_VARIABLE, LOCAL_FILES_VARIABLE, corpus_folders, is_loopback
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
        str | None,
        typer.Option(
            help="Address to listen on; else 127.0.0.1, or 0.0.0.0 with --serve.", show_default=False
        ),
    ] = None,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve", help="Serve others: no visitor reaches files of this machine, or opens a window."
        ),
    ] = False,
    corpora: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder with corpora that every visitor may choose and read; may be repeated.",
            exists=True,
            file_okay=False,
            resolve_path=True,
            show_default=False,
        ),
    ] = None,
    base_path: Annotated[
        str, typer.Option(help="Path of the app behind a proxy, for example /elmo.", show_default=False)
    ] = "",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser window.")] = False,
    version: Version = False,
) -> None:
    """Start ELMo Explorer and open it in a browser.

    It serves this machine alone unless --serve or --host says otherwise; Ctrl-C ends it.
    """
    with extra("app"):
        if find_spec("streamlit") is None:
            raise ModuleNotFoundError(name="streamlit")
    host = host or (_EVERY_ADDRESS[0] if serve else LOOPBACK[1])
    is_served = serve or not is_loopback(host)
    if corpora:
        os.environ[CORPORA_VARIABLE] = os.pathsep.join(map(str, corpora))
    if serve:
        os.environ[LOCAL_FILES_VARIABLE] = "off"
    is_headless = no_browser or is_served or not _has_screen()
    options = {"address": host, "headless": str(is_headless).lower()}
    if port is not None:
        options["port"] = str(port)
    if base_path.strip("/"):
        options["baseUrlPath"] = base_path.strip("/")
    given = [word for name, value in options.items() for word in (f"--server.{name}", value)]
    if not any(word.startswith("--server.allowedHosts") for word in context.args):
        names = names_of(host)
        given += [word for name in names for word in ("--server.allowedHosts", name)]
        if is_served:
            listed = ", ".join(names)
            typer.echo(f"It answers as {listed}; add other names with --server.allowedHosts NAME.", err=True)
    if is_served:
        for sentence in what_is_served():
            typer.echo(sentence, err=True)
    # The arguments of `python -m streamlit`, which takes over this process
    sys.argv = ["streamlit", "run", str(shipped("app.py")), *given, *context.args]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def what_is_served() -> list[str]:
    """Say what visitors from other machines may do, and what they may not."""
    folders = [str(folder) for folder in corpus_folders()]
    names_files = os.environ.get(LOCAL_FILES_VARIABLE, "").strip().lower() == "on"
    on = ["pasted texts and uploads", "jobs, in turn"]
    off = ["passwords and encryption, which are a proxy's"]
    (on if names_files else off).append(
        f"naming files of this machine ({LOCAL_FILES_VARIABLE}=on)"
        if names_files
        else "naming files of this machine"
    )
    if folders:
        on.append(f"reading the corpora in {', '.join(folders)}")
    else:
        off.append("reading corpora of this machine (--corpora FOLDER)")
    return [f"On: {'; '.join(on)}.", f"Off: {'; '.join(off)}."]


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
