"""`index` and `find`: the uses of a large corpus on disk, and the nearest ones of a use."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from elmo_core.commands.models import Model
from elmo_core.commands.outputs import Overwrite, claim, model_paths, output_path
from elmo_core.commands.terminal import AsJson, Encoding, Language, command, progress_bar, say_remarks, show


@command
def index(
    model: Model,
    folder: Annotated[str, typer.Argument(help="Receives the index; an interrupted build goes on.")],
    text: Annotated[list[str], typer.Option(help="Pattern of the text shards; may be repeated.")],
    uses: Annotated[int, typer.Option(min=1, help="Most uses to index.")] = 1_000_000,
    language: Language = "en",
    encoding: Encoding = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Index the uses of all words of a corpus by their vectors in the top layer."""
    from elmo_core.index.building import INDEX_FOLDER, build_use_index
    from elmo_core.index.records import corpus_digest, sentences_of_shards
    from elmo_core.models import load_encoder
    from elmo_core.pretraining.corpus import CorpusReport, find_shards
    from elmo_core.text.tokenisation import check_language

    shards, code, reading = find_shards(text), check_language(language), CorpusReport()
    target = output_path(folder)
    claim(target, INDEX_FOLDER, [*shards, *model_paths(model)], overwrite)
    corpus = corpus_digest(shards)
    corpus += f" {code}" * (code != "en") + f" {encoding}" * (encoding is not None)
    with progress_bar("Uses") as report:
        built = build_use_index(
            load_encoder(model),
            sentences_of_shards(shards, reading, language=code, encoding=encoding),
            target,
            corpus=corpus,
            language=code,
            max_uses=uses,
            report=lambda _, share: report(round(share * uses), uses),
            overwrite=overwrite,
        )
    say_remarks(reading.warnings())
    show({"written": str(target), "uses": built.n_uses, "bytes": built.size_bytes}, as_json)


@command
def find(
    model: Model,
    folder: Annotated[Path, typer.Argument(help="An index of the same model.")],
    sentence: Annotated[str, typer.Argument(help="A sentence.")],
    word: Annotated[str, typer.Argument(help="The word or phrase in it.")],
    only: Annotated[bool, typer.Option("--only-word", help="Only uses of the same word or phrase.")] = False,
    n: Annotated[int, typer.Option("-n", min=1, help="Uses to show.")] = 10,
    language: Annotated[
        str | None, typer.Option("--language", help="Of the sentence; default: that of the index.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the uses in an index that are nearest to a word in a sentence."""
    from elmo_core.contrast.comparison import read_query
    from elmo_core.index.records import UseFilter
    from elmo_core.index.use_index import UseIndex
    from elmo_core.models import load_encoder
    from elmo_core.text.tokenisation import check_language

    opened = UseIndex(folder)
    code = check_language(language or str(opened.about.get("language", "en")))
    query = read_query(load_encoder(model), sentence, word, code)
    found = opened.nearest(query.layers, n, where=UseFilter(word) if only else None)
    if as_json:
        show({"uses": [vars(use) for use in found]}, as_json=True)
        return
    for use in found:
        sys.stdout.write(f"{use.cosine:.2f}  {use.left} [{use.word}] {use.right}\n")
