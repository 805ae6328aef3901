"""`embed`: a text file, one sentence a line -> HDF5 with all layers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elmo_core.commands.models import Model
from elmo_core.commands.terminal import AsJson, command, progress_bar, read_text, show

if TYPE_CHECKING:
    import h5py

    from elmo_core.embedder import Elmo, Embedding

_LINES_PER_CALL = 2048


class State(StrEnum):
    """What becomes of the LSTM state between sentences."""

    zero = "zero"
    carry = "carry"


class Dtype(StrEnum):
    """Precision of the products."""

    float32 = "float32"
    bfloat16 = "bfloat16"
    auto = "auto"


@command
def embed(
    model: Model,
    sentences: Annotated[Path, typer.Argument(help="UTF-8 text, one sentence a line.")],
    out: Annotated[Path, typer.Argument(help="HDF5 file to write.")],
    state: Annotated[
        State, typer.Option(help="zero: each sentence alone; carry: as officially.")
    ] = State.zero,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Rows of a batch, for --state carry.")] = None,
    tokenised: Annotated[bool, typer.Option("--tokenised", help="Tokens are separated by blanks.")] = False,
    dtype: Annotated[Dtype, typer.Option(help="Precision of the products.")] = Dtype.float32,
    as_json: AsJson = False,
) -> None:
    """Embed every line of a text file into HDF5.

    Line i becomes OUT["i"] of shape (layers, tokens, width), blank lines too (they have no tokens);
    OUT["sentences"] holds the tokens.
    """
    import numpy as np

    from elmo_core.embedder import load_elmo

    lines = read_text(sentences).split("\n")
    lines = lines[:-1] if lines[-1] == "" else lines
    given = [line.split() for line in lines] if tokenised else [line.strip() for line in lines]
    elmo = load_elmo(model, dtype=dtype.value)
    partial = out.with_name(out.name + ".partial")
    n_tokens = 0
    try:
        with progress_bar("Embedding") as report, _create(partial) as file:
            texts = []
            for index, found in enumerate(_embedded(elmo, given, state.value, batch_size, report)):
                file.create_dataset(str(index), data=found.layers)
                texts.append(" ".join(found.tokens))
                n_tokens += len(found.tokens)
            encoded = [text.encode("utf-8", "ignore") for text in texts]
            file.create_dataset("sentences", data=np.array(encoded, dtype=object), dtype=_string_type())
            file.attrs.update(model=elmo.name, state=state.value, dtype=elmo.dtype)
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
    show(
        {
            "written": str(out),
            "sentences": len(given),
            "tokens": n_tokens,
            "layers": elmo.n_layers,
            "width": elmo.dim,
        },
        as_json,
    )


def _create(path: Path) -> h5py.File:
    import h5py

    return h5py.File(path, "w")


def _string_type() -> object:
    import h5py

    return h5py.string_dtype()


def _embedded(
    elmo: Elmo,
    sentences: list[list[str]] | list[str],
    state: str,
    batch_size: int | None,
    report: Callable[[int, int], None],
) -> Iterator[Embedding]:
    """All sentences in order; with state zero a block at a time, so that memory stays bounded."""
    if state == "carry":
        yield from elmo.embed(sentences, state="carry", batch_size=batch_size, progress=report)
        return
    for start in range(0, len(sentences), _LINES_PER_CALL):
        yield from elmo.embed(sentences[start : start + _LINES_PER_CALL])
        report(min(start + _LINES_PER_CALL, len(sentences)), len(sentences))
