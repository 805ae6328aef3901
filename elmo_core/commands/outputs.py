"""What commands that write share: how an output is named, and what counts as an input."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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


def model_paths(model: str) -> list[Path]:
    """Files and folders that a model is read from, for `claim_output`."""
    from elmo_core.weights.registry import known_models

    entry = next((entry for entry in known_models() if entry.name == model), None)
    if entry is not None:
        return [entry.path] if entry.path else []
    path = Path(model).expanduser()
    return [path, path.parent] if path.suffix == ".json" else [path]
