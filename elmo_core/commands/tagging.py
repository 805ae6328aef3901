"""`tag train` and `tag predict`: tagged sentences in, a tagger or tags out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elmo_core.commands.outputs import (
    STANDARD_OUTPUT,
    Overwrite,
    claim,
    model_paths,
    output_path,
    show_beside,
    written_to,
)
from elmo_core.commands.terminal import (
    AsJson,
    Encoding,
    command,
    note,
    progress_bar,
    say_remarks,
    share_bar,
    show,
)

if TYPE_CHECKING:
    from elmo_core.learning.epochs import Epoch
    from elmo_core.learning.results import SkippedMethod
    from elmo_core.learning.tags.results import TagResult
    from elmo_core.learning.tags.sentences import TaggedSentences, TokenFile
    from elmo_core.progress import Progress

app = typer.Typer(
    help="Tag tokens: named entities, word classes, any tags; learn from a file, tag another one.",
    no_args_is_help=True,
)

_SUFFIXES = (".conll", ".jsonl", ".html")

TaggedFile = Annotated[Path, typer.Argument(help="CoNLL, CoNLL-U, JSON, JSONL, or CSV of token and tag.")]
TokenColumn = Annotated[
    str | None,
    typer.Option("--token-column", "--token", help="Column of the tokens; found out if not given."),
]
TagColumn = Annotated[
    str | None, typer.Option("--tag-column", "--tag", help="Column of the tags; found out if not given.")
]
TagScheme = Annotated[
    str | None,
    typer.Option(
        "--scheme",
        help="What the tags are written in: BIO, IOB1, BIOES (also BILOU, BMES), IOE2, IO, or plain for "
        "classes of tokens; found out if not given.",
    ),
]


@app.command()
@command
def train(
    file: TaggedFile,
    out: Annotated[str, typer.Argument(help="Folder or .zip for the tagger.")],
    test: Annotated[
        Path | None, typer.Option(help="Sentences to test on; 20% of the file, at random, if not given.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="A name, a folder, a .zip or an official options.json.")
    ] = "english-small",
    method: Annotated[
        str,
        typer.Option(
            help='"learned mix", "learned mix + static", "uniform mix", "layer 0" or "static only".'
        ),
    ] = "learned mix",
    head: Annotated[
        str, typer.Option(help='"lstm" over the sentence, or "token" = g(h_t, w_t) on each token alone.')
    ] = "lstm",
    token: TokenColumn = None,
    tag: TagColumn = None,
    scheme: TagScheme = None,
    epochs: Annotated[int, typer.Option(min=1, help="Most passes over the sentences.")] = 40,
    seed: Annotated[int, typer.Option(help="Of splits, first weights, order and bootstrap.")] = 0,
    encoding: Encoding = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Learn to tag, and test beside a look-up of known words and a CRF over word features."""
    from elmo_core.exceptions import InputError
    from elmo_core.learning.results import SkippedMethod
    from elmo_core.learning.tagger import HEADS
    from elmo_core.learning.tags.results import FEATURES, LOOK_UP, METHODS, TagComparisonSettings
    from elmo_core.learning.tags.saving import save_tagger, tagger_output
    from elmo_core.learning.tags.sentences import notes_on_test, split_sentences
    from elmo_core.learning.tags.task import TagTask
    from elmo_core.learning.verdict import verdict
    from elmo_core.learning.workflow import compare_taggers
    from elmo_core.models import load_encoder

    with_tagger = [name for name in METHODS if name not in (LOOK_UP, FEATURES)]
    if method not in with_tagger:
        raise InputError(f"--method must be one of {', '.join(with_tagger)}; got {method}.")
    if head not in HEADS:
        raise InputError(f"--head must be one of {', '.join(HEADS)}; got {head}.")
    settings = TagComparisonSettings((LOOK_UP, FEATURES, method), max_epochs=epochs, head=head, seed=seed)
    target = output_path(out)
    claim(target, tagger_output(target), [file, test, *model_paths(model)], overwrite)
    data = _read(file, token, tag, scheme, encoding)
    others = _read(test, token, tag, scheme or data.scheme_without_letters, encoding) if test else None
    learned, tested = split_sentences(data, 0.2, seed) if others is None else (data, others)
    say_remarks(notes_on_test(data, others) if others else ())
    elmo = load_encoder(model)
    task = TagTask(elmo, learned, tested, settings)
    results: dict[str, TagResult | SkippedMethod] = {}
    with share_bar("Learning") as report:
        for result in compare_taggers(task, report=report, on_epoch=_say_epoch):
            results[result.method] = result
            _say(result)
    best = results[method]
    if isinstance(best, SkippedMethod):
        raise InputError(f"{method} could not be run: {best.reason}.")
    assert best.tagger is not None, "all but the look-up and the feature CRF have a tagger"
    best.tagger.model = model
    facts = best.facts(learned.name) | {"verdict": verdict(results.values()).sentence}
    save_tagger(best.tagger, target, facts=facts)
    show({"written": str(target), **facts}, as_json)


@app.command()
@command
def predict(
    tagger: Annotated[Path, typer.Argument(help="Folder or .zip of a tagger.")],
    file: Annotated[
        Path,
        typer.Argument(
            help="A .txt or - with a text a line, or sentences as for `tag train`, whose tags are left aside."
        ),
    ],
    out: Annotated[
        str, typer.Argument(help="What to write: .conll, .jsonl or .html; - = CoNLL on standard output.")
    ],
    model: Annotated[str | None, typer.Option(help="The biLM, where it is not under its old name.")] = None,
    token: TokenColumn = None,
    encoding: Encoding = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Tag a file, however long; a .txt is read and written as a stream.

    OUT is a new file: one that exists is replaced with --overwrite alone, as a tagged file does not show
    whether a person or a program tagged it.
    """
    from elmo_core.exceptions import InputError
    from elmo_core.files import OutputKind
    from elmo_core.learning.tags.prediction import TaggedSentence, tag_stream
    from elmo_core.learning.tags.saving import load_tagger
    from elmo_core.learning.tags.writing import to_conll, to_jsonl
    from elmo_core.plots.highlighted_text import to_html

    suffix = ".conll" if out == STANDARD_OUTPUT else output_path(out).suffix.lower()
    if suffix not in _SUFFIXES:
        raise InputError(f"The kind of {out} is not known; let its name end with {', '.join(_SUFFIXES)}.")
    if out != STANDARD_OUTPUT:
        kind = OutputKind("a tagged file", lambda path: False)
        claim(output_path(out), kind, [tagger, file, *model_paths(model)], overwrite)
    loaded = load_tagger(tagger, model=model)
    labels = loaded.head_.tags.labels
    writers: dict[str, Callable[[Iterator[TaggedSentence]], Iterator[str]]] = {
        ".conll": to_conll,
        ".jsonl": to_jsonl,
        ".html": lambda sentences: to_html(sentences, labels),
    }
    counts = {"sentences": 0, "tokens": 0, "found": 0}
    with progress_bar("Tagging") as bar:

        def counted() -> Iterator[TaggedSentence]:
            for one in tag_stream(loaded, _sentences(file, token, encoding, bar)):
                counts["sentences"] += 1
                counts["tokens"] += len(one.tokens)
                counts["found"] += len(one.found)
                yield one

        _write(out, writers[suffix](counted()))
    show_beside({"written": out, **counts}, as_json, out)


def _sentences(
    path: Path, token: str | None, encoding: str | None, bar: Progress
) -> Iterator[tuple[str, ...]]:
    """Sentences of a file; those of a .txt as they are read."""
    from elmo_core.learning.tags.reading import read_token_path
    from elmo_core.text.opening import open_text
    from elmo_core.text.tokenisation import tokenised_sentences
    from elmo_core.text.unpacking import STANDARD_INPUT, content_suffix

    if content_suffix(path.name) != ".txt" and path != STANDARD_INPUT:
        read = read_token_path(path, encoding=encoding)
        _note_reading(read, read.notes, is_guess=token is None)
        found = read.column(token or read.token_column)
        for number, sentence in enumerate(found, start=1):
            bar(number, len(found))
            yield sentence
        return
    with open_text(path, encoding=encoding) as text:
        for line in text.lines():
            bar(round(1000 * text.share), 1000)
            yield from map(tuple, tokenised_sentences(line))
        say_remarks(text.remarks())


def _write(out: str, parts: Iterator[str]) -> None:
    """Write a file, complete or not at all."""
    with written_to(out) as partial:
        if partial is None:
            sys.stdout.writelines(parts)
            return
        with partial.open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(parts)


def _read(
    path: Path, token: str | None, tag: str | None, scheme: str | None, encoding: str | None
) -> TaggedSentences:
    from elmo_core.learning.tags.reading import read_token_path
    from elmo_core.learning.tags.schemes import as_scheme, named
    from elmo_core.learning.tags.sentences import tagged_sentences

    wanted = as_scheme(scheme) if scheme else None
    read = read_token_path(path, encoding=encoding)
    data = tagged_sentences(read, token, tag, wanted)
    _note_reading(read, data.notes, is_guess=token is None or tag is None)
    counts = ", ".join(f"{named(label)} {count:,}" for label, count in list(data.label_counts.items())[:12])
    guessed = "" if scheme else ", found out: --scheme decides otherwise"
    note(f"Tags ({data.scheme}{guessed}): {counts}.")
    return data


def _note_reading(read: TokenFile, notes: tuple[str, ...], *, is_guess: bool) -> None:
    """Say what was read, what was left out and where, and which columns were taken."""
    from elmo_core.tables.records import counted

    note(f"{read.name}: {counted(len(read.sentences), 'sentence')}, {read.kind}.")
    if is_guess and read.reason:
        note(f"{read.reason} --token-column and --tag-column decide otherwise.")
    for reason, count in read.skipped_counts.items():
        line = next(record.line for record in read.skipped if record.reason == reason)
        note(f"Left out {counted(count, 'sentence')}: {reason}. The first is at line {line}.")
    say_remarks(notes)


def _say_epoch(method: str, epoch: Epoch) -> None:
    note(
        f"  {method}, epoch {epoch.number}: loss {epoch.train_loss:.3f}, "
        f"held-out score {100 * epoch.score:.1f}, "
        f"{epoch.seconds:.1f} s"
    )


def _say(result: TagResult | SkippedMethod) -> None:
    from elmo_core.learning.results import SkippedMethod

    if isinstance(result, SkippedMethod):
        note(f"{result.method:22} left out: {result.reason}")
        return
    scores = result.scores
    value = scores.value
    note(
        f"{result.method:22} {scores.measure} {100 * value.value:5.1f} ({100 * value.low:.1f} to "
        f"{100 * value.high:.1f}), n = {scores.n:,}"
    )
