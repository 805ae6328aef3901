"""`bench`: run one of the measurements that come with the source."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import typer

from elmo_core.commands.terminal import command
from elmo_core.shipped import shipped

_SOURCE = shipped()


@command
def bench(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the benchmark; `list` shows all of them.")] = "engine",
) -> None:
    """Run a measurement, the speed of `embed` unless another one is named; what follows goes to it.

    `elmo bench word_senses --help` lists the options of that one.
    """
    from elmo_core.exceptions import InputError

    programs = _programs()
    if not programs:
        raise InputError(f"The benchmarks come with the source, and {_SOURCE} has none; clone the project.")
    if name == "list":
        for program in programs:
            typer.echo(program)
        return
    if name not in programs:
        raise InputError(f"There is no benchmark {name!r}; choose from {', '.join(programs)}.")
    done = subprocess.run([sys.executable, "-m", f"bench.{name}", *context.args], cwd=_SOURCE, check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)


def _programs() -> list[str]:
    """Names of the modules and packages in `bench/` that can be run."""
    folder = _SOURCE / "bench"
    modules = [
        path for path in folder.glob("*.py") if 'if __name__ == "__main__":' in path.read_text("utf-8")
    ]
    return sorted(
        [*(path.stem for path in modules), *(path.parent.name for path in folder.glob("*/__main__.py"))]
    )
