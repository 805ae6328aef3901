"""What commands that write share: how an output is named, and what counts as an input."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elmo_core.commands.terminal import hold, show

if TYPE_CHECKING:
    from elmo_core.files import OutputKind

Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace an output that was not written by this program.")
]
STANDARD_OUTPUT = "-"


def output_path(text: str) -> Path:
    """The path that an argument names.

    Raises:
        OutputError: it is empty, or stands for standard output, which this output cannot be written to.
    """
    from elmo_core.exceptions import OutputError

    if not text:
        raise OutputError("The name of the output is empty; name a file or a folder.")
    if text == STANDARD_OUTPUT:
        raise OutputError("This output cannot be written to standard output; name a file or a folder.")
    return Path(text)


def claim(path: Path, kind: OutputKind, inputs: Iterable[Path | None], overwrite: bool = False) -> None:
    """Claim an output for as long as the command runs; see `files.claim_output`.

    Args:
        path: from `output_path`.
        kind: what will be there.
        inputs: what the command reads; None is passed over.
        overwrite: whether something else there may be replaced.

    Raises:
        OutputError: the path cannot be used.
    """
    from elmo_core.files import claim_output

    given = [one for one in inputs if one is not None]
    hold(claim_output(path, kind=kind, inputs=given, overwrite=overwrite))


@contextmanager
def written_to(path: str) -> Iterator[Path | None]:
    """A path to write a text to: beside its claimed place, or None for standard output."""
    from elmo_core.files import atomic_file

    if path == STANDARD_OUTPUT:
        yield None
        return
    with atomic_file(Path(path).resolve()) as partial:
        yield partial


def show_beside(facts: Mapping[str, Any], as_json: bool, out: str) -> None:
    """Print results as `show` does; on stderr where the output itself is on standard output."""
    with contextlib.redirect_stdout(sys.stderr) if out == STANDARD_OUTPUT else contextlib.nullcontext():
        show(facts, as_json)


def model_paths(model: str | None) -> list[Path]:
    """Files and folders that a model is read from, for `claim`."""
    from elmo_core.weights.registry import find_model

    if model is None:
        return []
    entry = find_model(model)
    if entry is not None:
        return [entry.path] if entry.path else []
    path = Path(model).expanduser()
    return [path, path.parent] if path.suffix == ".json" else [path]
