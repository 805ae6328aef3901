"""`word2vec`: static vectors of one's own text."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from elmo_core.commands.outputs import Overwrite, claim, output_path
from elmo_core.commands.terminal import AsJson, Encoding, Language, command, progress_bar, show


class Architecture(StrEnum):
    """What predicts what."""

    cbow = "cbow"
    skip_gram = "skip-gram"


@command
def word2vec(
    train: Annotated[list[str], typer.Option(help="Pattern of the text shards; may be repeated.")],
    output: Annotated[str, typer.Option(help="Folder that receives the vectors.")],
    vocabulary: Annotated[
        Path | None, typer.Option(help="vocab.txt of a model trained on this text; default: by count.")
    ] = None,
    words: Annotated[int, typer.Option(min=1, help="Words to learn where no vocabulary is given.")] = 50_000,
    dim: Annotated[int, typer.Option(min=1, help="Width of a vector.")] = 128,
    architecture: Annotated[Architecture, typer.Option(help="What predicts what.")] = Architecture.cbow,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the text.")] = 5,
    learning_rate: Annotated[float, typer.Option(min=0, help="At the start.")] = 0.05,
    source: Annotated[str, typer.Option(help="What the text is, for the card.")] = "own text",
    cache: Annotated[
        Path | None, typer.Option(help="Folder of tokenised corpora; default: OUTPUT/../cache.")
    ] = None,
    language: Language = "en",
    encoding: Encoding = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Learn word2vec vectors from plain text, on one thread: the same text gives the same vectors."""
    from elmo_core.pretraining.cache import open_corpus
    from elmo_core.pretraining.corpus import find_shards
    from elmo_core.pretraining.word2vec import Word2VecSettings
    from elmo_core.static.folder import VECTORS_FOLDER, write_vectors_folder
    from elmo_core.static.training import card_of, vectors_of_corpus
    from elmo_core.text.vocabulary import Vocabulary

    settings = Word2VecSettings(dim, architecture.value, epochs=epochs, learning_rate=learning_rate)
    target = output_path(output)
    claim(target, VECTORS_FOLDER, [*find_shards(train), vocabulary], overwrite)
    with progress_bar("Tokenising") as report:
        corpus = open_corpus(
            train,
            cache or target.parent / "cache",
            language=language,
            encoding=encoding,
            progress=lambda done, _: report(done, done),
        )
    chosen = Vocabulary.read(vocabulary) if vocabulary else Vocabulary(corpus.types[:words])
    with progress_bar("Learning") as report:
        vectors = vectors_of_corpus(corpus, chosen, settings, target.name, report)
    write_vectors_folder(vectors, target, card=card_of(vectors, source))
    show({"written": str(target), "words": len(vectors), "dim": vectors.dim}, as_json)
