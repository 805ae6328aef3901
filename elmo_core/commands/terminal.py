"""What all commands share: progress on stderr, results on stdout, one sentence for an error."""

from __future__ import annotations

import functools
import io
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Annotated, Any, ParamSpec

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from elmo_core import __version__
from elmo_core.exceptions import ElmoError
from elmo_core.progress import Progress as CountCallback
from elmo_core.progress import Report

Arguments = ParamSpec("Arguments")
AsJson = Annotated[bool, typer.Option("--json", help="End with one line of JSON on standard output.")]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", help="Of the text, such as utf-8 or cp1252; found out if not given."),
]
Language = Annotated[
    str, typer.Option("--language", help="For the tokeniser: ISO 639-1 code or English name.")
]
Tokenised = Annotated[
    bool, typer.Option("--tokenised", help="One sentence a line, tokens separated by blanks.")
]
HELP_NAMES = {"help_option_names": ["-h", "--help"]}
"""Context settings of a program: its commands inherit them."""
_FAILED, _INTERRUPTED, _BROKEN_PIPE, _TERMINATED = 2, 130, 141, 143
_LINE_EVERY_S = 30.0
_until_the_end: ContextVar[ExitStack] = ContextVar("_until_the_end")
"""What the running command holds; see `hold`."""


def command(function: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Turn errors of the package into one line on stderr.

    The exit status is 2 after an error, 130 after Ctrl-C, 143 after SIGTERM.
    """

    @functools.wraps(function)
    def wrapped(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            with _terminated_as_interrupted(), ExitStack() as stack:
                _until_the_end.set(stack)
                function(*args, **kwargs)
        except ElmoError as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(_FAILED) from None
        except BrokenPipeError:  # whoever read the output has enough, as `head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(_BROKEN_PIPE) from None
        except OSError as error:
            typer.echo(f"Error: {error.strerror or error}: {error.filename or ''}", err=True)
            raise typer.Exit(_FAILED) from None
        except KeyboardInterrupt as error:
            typer.echo("Stopped.", err=True)
            raise typer.Exit(_TERMINATED if isinstance(error, _Terminated) else _INTERRUPTED) from None

    return wrapped


def show_version(context: typer.Context, is_asked: bool) -> None:
    """Print the program's name and version and end the program, where `--version` was given."""
    if is_asked:
        typer.echo(f"{(context.find_root().info_name or 'elmo').split()[-1]} {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", help="Show the version and exit.", callback=show_version, is_eager=True)
]


def run(app: typer.Typer, name: str) -> None:
    """Run a program on the arguments of this process.

    Letters that the terminal's encoding lacks are shown as escapes; they end no command.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app(prog_name=name)


def hold(resource: AbstractContextManager[object]) -> None:
    """Enter a context and leave it when the command ends, however it ends."""
    _until_the_end.get().enter_context(resource)


class _Terminated(KeyboardInterrupt):
    """The process was asked to end (SIGTERM)."""


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM stop the work as Ctrl-C does, so that what is begun is written and locks are given back."""
    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def stopped_between_steps() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C or SIGTERM stop the work where it can go on later; another one interrupts it.

    Yields:
        Whether the work was asked to stop. After the block, that ends the command as an interruption does.
    """
    asked: list[type[KeyboardInterrupt]] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    kinds = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: _Terminated}

    def stop(number: int, frame: object) -> None:
        kind = kinds[signal.Signals(number)]
        if asked:
            raise kind
        asked.append(kind)

    before = {number: signal.signal(number, stop) for number in kinds}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if asked:
        raise asked[0]


@contextmanager
def progress_bar(title: str) -> Iterator[CountCallback]:
    """A determinate bar on stderr: the callable takes (done, total)."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def share_bar(title: str) -> Iterator[Report]:
    """A bar on stderr for work that reports what it is doing and the share that is done."""
    with progress_bar(title) as bar:
        yield lambda doing, share: bar(round(1000 * share), 1000)


@contextmanager
def work_bar(title: str) -> Iterator[Callable[[float, str, float | None], None]]:
    """A bar on stderr for hours of work: the callable takes (share done, what to say, seconds left).

    Where stderr is a file, a line is added to it now and then.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines_now_and_then(title)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[said]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=1.0, said="")

        def report(share: float, said: str, seconds_left: float | None) -> None:
            bar.update(task, completed=share, said=f"{said}{_left(seconds_left)}")

        yield report


def _lines_now_and_then(title: str) -> Callable[[float, str, float | None], None]:
    last = time.monotonic()

    def report(share: float, said: str, seconds_left: float | None) -> None:
        nonlocal last
        if time.monotonic() - last >= _LINE_EVERY_S:
            last = time.monotonic()
            typer.echo(f"{title}: {share:.1%}, {said}{_left(seconds_left)}", err=True)

    return report


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f", {timedelta(seconds=round(seconds))} left"


def show(facts: Mapping[str, Any], as_json: bool) -> None:
    """Print results: as one line for each fact, for people, or as one line of JSON."""
    if as_json:
        sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
        return
    width = max(map(len, facts), default=0)
    for name, value in facts.items():  # whole, whatever the width of the terminal: it may be a pipe
        typer.echo(f"{name.replace('_', ' '):<{width}}  {' '.join(_readable(value).split())}")


def _readable(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        between = " " if isinstance(value, tuple) else ", "
        return between.join(map(_readable, value))
    return str(value)


def say_remarks(remarks: Iterable[str]) -> None:
    """Say on stderr what was guessed or replaced while a text was read."""
    for remark in remarks:
        choice = "; --encoding to choose." if "Encoding guessed" in remark else "."
        typer.echo(f"{remark.removesuffix('.')}{choice}", err=True)


def note(line: str) -> None:
    """Write a line to stderr, beside the results on standard output."""
    typer.echo(line, err=True)
