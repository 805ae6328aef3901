"""`embed`: text files, one sentence a line -> HDF5, Parquet or arrays."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from elmo_core.commands.models import Model
from elmo_core.commands.outputs import Overwrite, claim, model_paths, output_path
from elmo_core.commands.terminal import AsJson, Encoding, Language, command, note, say_remarks, show, work_bar


class State(StrEnum):
    """What becomes of the LSTM state between sentences."""

    zero = "zero"
    carry = "carry"


class Dtype(StrEnum):
    """Precision of the products."""

    float32 = "float32"
    bfloat16 = "bfloat16"
    auto = "auto"


class VectorFormat(StrEnum):
    """What is written."""

    hdf5 = "hdf5"
    parquet = "parquet"
    arrays = "arrays"


class Vectors(StrEnum):
    """What is kept of each sentence."""

    all = "all"
    mixed = "mixed"
    pooled = "pooled"


class Precision(StrEnum):
    """Of the numbers that are written."""

    float32 = "float32"
    float16 = "float16"


@command
def embed(
    model: Model,
    sentences: Annotated[
        list[Path],
        typer.Argument(help="Text, one sentence a line, or CoNLL-U, packed or not; - is standard input."),
    ],
    out: Annotated[str, typer.Argument(help="HDF5 file, or folder of Parquet files or arrays.")],
    form: Annotated[
        VectorFormat | None, typer.Option("--format", help="By default hdf5; parquet where OUT ends so.")
    ] = None,
    vectors: Annotated[
        Vectors, typer.Option(help="All layers or their mix for each token; the mix's mean for a sentence.")
    ] = Vectors.all,
    weights: Annotated[
        str | None, typer.Option(help="Of the layers in the mix, such as 0.2,0.3,0.5; default: equal.")
    ] = None,
    gamma: Annotated[float, typer.Option(help="Factor of the mix.")] = 1.0,
    precision: Annotated[Precision, typer.Option(help="Of the numbers written.")] = Precision.float32,
    state: Annotated[
        State, typer.Option(help="zero: each sentence alone; carry: as officially, from batch to batch.")
    ] = State.zero,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Rows of a batch, for --state carry.")] = None,
    tokenised: Annotated[bool, typer.Option("--tokenised", help="Tokens are separated by blanks.")] = False,
    dtype: Annotated[Dtype, typer.Option(help="Precision of the products.")] = Dtype.float32,
    language: Language = "en",
    encoding: Encoding = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that embed, by Ray.")] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Embed every line of text files of any size; the same command goes on after an interruption.

    With --workers, processes started here embed its blocks, or those of the cluster that RAY_ADDRESS names.
    With --state carry it then reads the text from the beginning: what was written stays as it is.
    Ctrl-C keeps what is done. OUT is never one of the inputs, and replaces nothing but earlier vectors.

    HDF5: line i becomes OUT["i"] of shape (layers, tokens, width), blank lines too (they have no tokens);
    OUT["sentences"] holds the tokens (a NUL as U+FFFD). Parquet: one row a token. Arrays: parts with
    vectors.npy, offsets.npy and tokens.txt, to be mapped into memory.
    """
    from elmo_core.bulk.distributed import WorkerPool
    from elmo_core.bulk.job import BulkProgress, TextOptions, embed_files, output_kind
    from elmo_core.bulk.rows import RowSettings
    from elmo_core.embedding.machine import emulation_warning
    from elmo_core.models import load_encoder
    from elmo_core.tables.records import shortened
    from elmo_core.text.tokenisation import check_language

    target = output_path(out)
    chosen = form or (VectorFormat.parquet if target.suffix == ".parquet" else VectorFormat.hdf5)
    settings = RowSettings(vectors.value, _weights(weights), gamma, precision.value)
    reading = TextOptions(tokenised, state.value, batch_size, check_language(language), encoding)
    claim(target, output_kind(chosen), [*sentences, *model_paths(model)], overwrite)
    if tables := [file.name for file in sentences if {".csv", ".tsv"} & {*map(str.lower, file.suffixes)}]:
        note(
            f"{shortened(tables)}: a table is embedded line by line, with its header and all its columns. To "
            "embed its texts alone, write them to a file, one a line."
        )
    elmo = load_encoder(model, dtype=dtype.value)
    if warning := emulation_warning(elmo.dtype, elmo.device):
        typer.echo(warning, err=True)
    with work_bar("Embedding") as report:

        def tell(now: BulkProgress) -> None:
            report(now.share, f"{now.tokens:,} words, {now.words_per_s:,.0f} words/s", now.seconds_left)

        pool = None if workers is None else WorkerPool(model, workers)
        written = embed_files(
            elmo,
            sentences,
            target,
            chosen,
            settings,
            reading,
            workers=pool,
            progress=tell,
            overwrite=overwrite,
        )
    say_remarks(written.remarks)
    show(
        {
            "written": str(out),
            "sentences": written.sentences,
            "tokens": written.tokens,
            "layers": elmo.n_layers,
            "width": elmo.dim,
        },
        as_json,
    )


def _weights(text: str | None) -> tuple[float, ...] | None:
    """Numbers separated by commas.

    Raises:
        InputError: they are none.
    """
    from elmo_core.exceptions import InputError

    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"The weights must be numbers separated by commas, got {text!r}.") from None
