"""The command line: `python -m elmo_core COMMAND --help`."""

from __future__ import annotations

import typer

from elmo_core.commands import benchmarks, classifying, embedding, indexing, models, static, tagging, training

app = typer.Typer(
    help="Deep contextual word vectors: look into, use and train biLMs in ELMo's format.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for function in (
    models.info,
    embedding.embed,
    models.export,
    training.evaluate,
    training.pretrain,
    training.snapshot,
    static.word2vec,
    indexing.index,
    indexing.find,
):
    app.command()(function)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(benchmarks.bench)
app.add_typer(classifying.app, name="classify")
app.add_typer(tagging.app, name="tag")

if __name__ == "__main__":
    app(prog_name="python -m elmo_core")
