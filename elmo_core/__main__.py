"""The command line: `elmo COMMAND --help`, the same as `python -m elmo_core COMMAND --help`."""

from __future__ import annotations

import typer

from elmo_core.commands import (
    benchmarks,
    calibrating,
    classifying,
    embedding,
    indexing,
    models,
    reading,
    static,
    tagging,
    training,
)
from elmo_core.commands.terminal import HELP_NAMES, Version, run

app = typer.Typer(
    help="Deep contextual word vectors: look into, use and train biLMs in ELMo's format.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings=HELP_NAMES,
)


@app.callback()
def options(version: Version = False) -> None:
    """Take the options that stand before a command."""


for function in (
    models.info,
    embedding.embed,
    models.export,
    training.evaluate,
    reading.read,
    training.pretrain,
    training.snapshot,
    static.word2vec,
    static.vectors,
    indexing.index,
    indexing.find,
    calibrating.calibrate,
):
    app.command()(function)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(benchmarks.bench)
app.add_typer(classifying.app, name="classify")
app.add_typer(tagging.app, name="tag")


def main() -> None:
    """Run `elmo`."""
    run(app, "elmo")


if __name__ == "__main__":
    main()
