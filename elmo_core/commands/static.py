"""`word2vec` and `vectors`: learn static vectors from text, ask and test those of any file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elmo_core.commands.outputs import Overwrite, claim, output_path
from elmo_core.commands.terminal import AsJson, Encoding, Language, command, progress_bar, say_remarks, show

if TYPE_CHECKING:
    from elmo_core.contrast.scores import BenchmarkScore


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
    words: Annotated[
        int,
        typer.Option(min=4, help="Words to learn where no vocabulary is given, <S>, </S>, <UNK> included."),
    ] = 50_000,
    dim: Annotated[int, typer.Option(min=1, help="Width of a vector.")] = 128,
    architecture: Annotated[Architecture, typer.Option(help="What predicts what.")] = Architecture.cbow,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the text.")] = 5,
    learning_rate: Annotated[float, typer.Option(min=0, help="At the start.")] = 0.05,
    source: Annotated[str, typer.Option(help="What the text is, for the card.")] = "own text",
    text: Annotated[
        str | None, typer.Option(help="Also write the vectors to this file, in word2vec's text format.")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Folder of tokenised corpora; default: OUTPUT/../cache.")
    ] = None,
    language: Language = "en",
    encoding: Encoding = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Learn word2vec vectors from plain text, on one thread: the same text gives the same vectors."""
    from elmo_core.files import atomic_file
    from elmo_core.pretraining.cache import open_corpus
    from elmo_core.pretraining.corpus import find_shards
    from elmo_core.pretraining.word2vec import Word2VecSettings
    from elmo_core.static.exports import VECTORS_TEXT, to_word2vec_text
    from elmo_core.static.folder import VECTORS_FOLDER, write_vectors_folder
    from elmo_core.static.training import card_of, vectors_of_corpus
    from elmo_core.text.vocabulary import Vocabulary

    settings = Word2VecSettings(dim, architecture.value, epochs=epochs, learning_rate=learning_rate)
    target = output_path(output)
    inputs = [*find_shards(train), vocabulary]
    claim(target, VECTORS_FOLDER, inputs, overwrite)
    if text is not None:
        claim(output_path(text), VECTORS_TEXT, inputs, overwrite)
    with progress_bar("Tokenising") as report:
        corpus = open_corpus(
            train,
            cache or target.parent / "cache",
            language=language,
            encoding=encoding,
            progress=report,
        )
    chosen = Vocabulary.read(vocabulary) if vocabulary else Vocabulary(corpus.types[:words])
    with progress_bar("Learning") as report:
        vectors = vectors_of_corpus(corpus, chosen, settings, target.name, report)
    write_vectors_folder(vectors, target, card=card_of(vectors, source))
    written = {"written": str(target)}
    if text is not None:
        with atomic_file(output_path(text).resolve()) as partial:
            partial.write_bytes(to_word2vec_text(*vectors.known_rows()))
        written["text"] = text
    show({**written, "words": len(vectors), "dim": vectors.dim}, as_json)


@command
def vectors(
    source: Annotated[str, typer.Argument(help="A name, a folder, or a file of GloVe, word2vec, fastText.")],
    like: Annotated[
        list[str] | None, typer.Option(help="Word to find similar ones of; may be repeated.")
    ] = None,
    unlike: Annotated[list[str] | None, typer.Option(help="Word to subtract; may be repeated.")] = None,
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="Similar words to show.")] = 10,
    odd: Annotated[str | None, typer.Option(help="Words in quotes: which one does not match?")] = None,
    pairs: Annotated[Path | None, typer.Option(help="File of word pairs with scores, to test.")] = None,
    columns: Annotated[
        str | None, typer.Option(help="Columns of words and score in it, as 1,2,4; default: found out.")
    ] = None,
    analogies: Annotated[
        Path | None, typer.Option(help="File of analogies, such as questions-words.txt, to test.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask static vectors for similar words and odd ones out; test them on word pairs and analogies."""
    from elmo_core.contrast.questions import read_groups, read_pairs
    from elmo_core.contrast.scores import analogies_by_section, word_similarity
    from elmo_core.static.registry import load_static

    found = load_static(source)
    facts: dict[str, Any] = {"vectors": found.name, "words": len(found), "dim": found.dim}
    if found.report is not None:
        facts["left_out"] = found.report.n_left_out
    if like or unlike:
        facts |= {"similar": found.most_similar(like or [], unlike or [], number)}
    if odd is not None:
        facts["odd_one_out"] = found.doesnt_match(odd.replace(",", " ").split())
    if pairs is not None:
        asked = read_pairs(_lines(pairs), _columns(columns))
        typer.echo(asked.reading, err=True)
        facts |= _scores("pairs", word_similarity(found, asked))
    if analogies is not None:
        for section, score in analogies_by_section(found, read_groups(_lines(analogies), 4, 4)).items():
            facts |= _scores(f"analogies_{section}", score)
    show(facts, as_json)


def _lines(path: Path) -> list[str]:
    from elmo_core.text.opening import read_text, split_lines

    read = read_text(path)
    say_remarks(read.remarks())
    return split_lines(read.text)


def _columns(text: str | None) -> tuple[int, int, int] | None:
    from elmo_core.exceptions import InputError

    if text is None:
        return None
    numbers = [int(part) for part in text.split(",") if part.strip().isdecimal()]
    if len(numbers) != 3:
        raise InputError(f"--columns takes three numbers, such as 1,2,4, got {text!r}.")
    return numbers[0], numbers[1], numbers[2]


def _scores(name: str, score: BenchmarkScore) -> dict[str, Any]:
    """The value with its interval, and how many questions it stands on."""
    is_known = score.value is not None
    return {
        name: score.value,
        f"{name}_measure": score.measure,
        f"{name}_interval": [score.low, score.high] if is_known else None,
        f"{name}_chance": score.chance,
        f"{name}_coverage": score.coverage,
    }
