"""Long work of the page of taggers: comparing methods, a learning curve, tagging a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from elmo_core.encoders.protocol import Encoder
from elmo_core.learning.epochs import Epoch
from elmo_core.learning.inside.learning_curve import Point, learning_curve
from elmo_core.learning.results import SkippedMethod
from elmo_core.learning.tagger import ElmoTagger
from elmo_core.learning.tags.kept import results_from_json, settings_of
from elmo_core.learning.tags.prediction import TaggedSentence, tag_stream
from elmo_core.learning.tags.reading import read_token_file
from elmo_core.learning.tags.results import TagComparisonSettings, TagResult
from elmo_core.learning.tags.saving import load_tagger
from elmo_core.learning.tags.task import TagTask
from elmo_core.learning.tags.writing import to_conll, to_jsonl
from elmo_core.learning.time_budget import expected_steps
from elmo_core.learning.verdict import Verdict, verdict
from elmo_core.learning.workflow import compare_taggers
from elmo_core.plots.highlighted_text import to_html
from elmo_core.progress import Report
from elmo_core.text.opening import read_text, split_lines
from elmo_core.text.tokenisation import tokenised_sentences
from elmo_core.text.unpacking import content_suffix
from pages.common.job import Job
from pages.common.loaders import load_bilm
from pages.common.openings import KEPT, kept
from pages.common.results import kept_for_all
from pages.common.text_spaces import ChosenStatic
from pages.entities.data import Corpus, sample

_LINES_PER_REPORT = 20


@dataclass(frozen=True, eq=False)
class TagComparison:
    """A comparison that is done."""

    corpus: Corpus
    task: TagTask
    results: tuple[TagResult | SkippedMethod, ...]
    verdict: Verdict
    static: ChosenStatic | None = None
    """Static vectors of the visitor."""
    is_kept: bool = False
    """Whether it was made before, by `bench.openings`."""


@dataclass(frozen=True)
class TaggedFile:
    """A tagged file, in all formats."""

    n_sentences: int
    n_found: int
    contents: dict[str, bytes]
    """Content by suffix."""
    notes: tuple[str, ...] = ()
    """How the file was read and what was guessed, one sentence each."""


def kept_for(model: str, settings: TagComparisonSettings) -> TagComparison | None:
    """Return the comparison on the sample that was kept for a model, if it was made with these settings.

    Its taggers are smaller than those of the page, so that the file is small.
    """
    found = kept(model).get("tagging")
    is_like = found and replace(settings_of(found), hidden=settings.hidden) == settings
    return kept_comparison(model) if is_like else None


@kept_for_all(8)
def kept_comparison(model: str) -> TagComparison | None:
    """Return the comparison on the sample that was kept for a model, with its tagger; None where none was."""
    found, corpus = kept(model).get("tagging"), sample()
    if found is None:
        return None
    elmo = load_bilm(model)
    tagger = load_tagger(KEPT.parent / found["tagger"], model=elmo)
    results = results_from_json(found, corpus.train, corpus.test, tagger, found["tagger_of"])
    if not results:
        return None
    task = TagTask(elmo, corpus.train, corpus.test, settings_of(found))
    return TagComparison(corpus, task, results, verdict(results), is_kept=True)


def expected_seconds(
    elmo: Encoder, second: Encoder | None, corpus: Corpus, settings: TagComparisonSettings
) -> float:
    """Estimate how long a comparison takes on one core."""
    seconds = 0.0
    for model in filter(None, (elmo, second)):
        task = TagTask(model, corpus.train, corpus.test, settings)
        steps = expected_steps(task, task.methods, task.measured_rate(), 1, task.time_limit_s)
        seconds += sum(steps.values())
    return seconds


def compare(
    elmo: Encoder,
    second: Encoder | None,
    corpus: Corpus,
    settings: TagComparisonSettings,
    static: ChosenStatic | None,
    job: Job,
) -> TagComparison:
    """Compare methods.

    Args:
        elmo: the model.
        second: another model beside it; None = there is one model.
        corpus: sentences to learn from and to test on.
        settings: what to compare.
        static: a user's own static vectors; None = those of the model.
        job: whose parts become the epochs and results as they come.
    """
    task = TagTask(elmo, corpus.train, corpus.test, settings, static=static.vectors if static else None)
    job.apart(_compare, task, second)
    results = [part for part in job.parts if not isinstance(part, tuple)]
    return TagComparison(corpus, task, tuple(results), verdict(results), static)


def _compare(task: TagTask, second: Encoder | None, report: Report, note: Callable[[object], None]) -> None:
    def note_epoch(name: str, epoch: Epoch) -> None:
        note((name, epoch))

    for result in compare_taggers(task, second=second, report=report, on_epoch=note_epoch):
        note(result)


def curve(outcome: TagComparison, method: str, job: Job) -> tuple[Point, ...]:
    """Return scores for growing parts of the training sentences."""
    job.apart(_curve, outcome.task, method)
    return tuple(job.parts)


def _curve(task: TagTask, method: str, report: Report, note: Callable[[object], None]) -> None:
    learner, (split,) = task.method(method), task.splits()
    if learner.needs_model:  # the task as it comes has not read its sentences
        task.embed(np.arange(len(task.lengths)), keep_tokens=True, report=report)
    for point in learning_curve(task, learner, split, report=report):
        note(point)


def tag_file(
    tagger: ElmoTagger, name: str, content: bytes, encoding: str | None, report: Report
) -> TaggedFile:
    """Tag a file of text (a text a line) or of tokens.

    Raises:
        InputError: it cannot be read.
    """
    doing, share = "", 0.0

    def remember(what: str, done: float) -> None:
        nonlocal doing, share
        doing, share = what, done
        report(doing, share)

    sentences, notes = _read(name, content, encoding, remember)
    tagged: list[TaggedSentence] = list(
        tag_stream(tagger, _reported(sentences, remember), tick=lambda: remember(doing, share))
    )
    labels = tagger.head_.tags.labels
    writers: dict[str, Callable[[list[TaggedSentence]], Iterator[str]]] = {
        "conll": to_conll,
        "jsonl": to_jsonl,
        "html": lambda sentences: to_html(sentences, labels),
    }
    contents = {suffix: "".join(write(tagged)).encode() for suffix, write in writers.items()}
    return TaggedFile(len(tagged), sum(len(sentence.found) for sentence in tagged), contents, notes)


def _read(
    name: str, content: bytes, encoding: str | None, report: Report
) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """Return the sentences of a file, and how it was read."""
    if content_suffix(name) != ".txt":
        file = read_token_file(content, name, encoding=encoding)
        taken = f"Tokens in {file.token_column!r} of {file.kind}."
        return file.column(file.token_column), (taken, *file.notes)
    decoded = read_text(content, name, encoding=encoding)
    lines = split_lines(decoded.text)
    sentences = []
    for number, line in enumerate(lines):
        sentences += [tuple(tokens) for tokens in tokenised_sentences(line)]
        if number % _LINES_PER_REPORT == 0:
            report("splitting the text", 0.1 * number / len(lines))
    return sentences, decoded.remarks()


def _reported(sentences: list[tuple[str, ...]], report: Report) -> Iterator[tuple[str, ...]]:
    for number, sentence in enumerate(sentences):
        report("tagging", 0.1 + 0.9 * number / len(sentences))
        yield sentence
