"""`read`: the surprise of every word of a text as a table."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elmo_core.commands.models import Model
from elmo_core.commands.outputs import (
    STANDARD_OUTPUT,
    Overwrite,
    claim,
    model_paths,
    output_path,
    show_beside,
    written_to,
)
from elmo_core.commands.terminal import AsJson, Encoding, Language, command, note, say_remarks, share_bar

if TYPE_CHECKING:
    from elmo_core.files import OutputKind
    from elmo_core.reading.samples import SampleSurprise
    from elmo_core.reading.text import ReadText


class TableFormat(StrEnum):
    """What is written."""

    csv = "csv"
    tsv = "tsv"
    jsonl = "jsonl"


@command
def read(
    model: Model,
    text: Annotated[
        str,
        typer.Argument(
            help="A text in quotes; or a file, running text or CoNLL-U, packed or not; - = stdin."
        ),
    ],
    out: Annotated[
        str, typer.Argument(help="What to write: .csv, .tsv or .jsonl; - = standard output.")
    ] = STANDARD_OUTPUT,
    form: Annotated[
        TableFormat | None, typer.Option("--format", help="Default: by the name of OUT, else csv.")
    ] = None,
    number: Annotated[
        int, typer.Option("-n", "--number", min=0, help="Expected words to write of each side.")
    ] = 5,
    tokenised: Annotated[
        bool, typer.Option("--tokenised", help="One sentence a line, tokens separated by blanks.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="For programs: no guard against formulas, every cell as it is.")
    ] = False,
    language: Language = "en",
    encoding: Encoding = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Write how surprising each word of a text is, in bits, and what was expected in its place.

    One row a word: bits from the left, from the right and from both sides; the percent of words of the
    bundled samples that surprise less; the likeliest words of each side. Each sentence is read on its own.
    """
    from elmo_core.models import load_encoder
    from elmo_core.reading.samples import sample_surprise
    from elmo_core.reading.surprise import require_predictions
    from elmo_core.reading.text import read_text
    from elmo_core.text.tokenisation import check_language

    chosen, code = form or _format_of(out), check_language(language)
    path = _file_of(text)
    if out != STANDARD_OUTPUT:
        claim(output_path(out), _readings(), [path, *model_paths(model)], overwrite)
    elmo = load_encoder(model)
    require_predictions(elmo)
    sentences = _sentences(text, path, tokenised, code, encoding)
    with share_bar("Reading") as report:
        found = read_text(elmo, sentences, n_expected=number, language=code, report=report)
    with share_bar("Reading the samples") as report:
        samples = sample_surprise(elmo, report)
    note(f"Percentiles are among {samples.origin}.")
    if found.perplexity.warning:
        note(f"Warning: {found.perplexity.warning}")
    content = _table(found, samples, number, chosen, plain)
    with written_to(out) as partial:
        if partial is None:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        else:
            partial.write_bytes(content)
    facts = {
        "written": out,
        "sentences": len(found.sentences),
        "words": found.n_tokens,
        "unknown_percent": 100 * found.perplexity.unknown_share,
        "forward_perplexity": found.perplexity.forward,
        "backward_perplexity": found.perplexity.backward,
        "mean_perplexity": found.perplexity.mean,
    }
    show_beside(facts, as_json, out)


def _format_of(out: str) -> TableFormat:
    from elmo_core.exceptions import InputError

    if out == STANDARD_OUTPUT:
        return TableFormat.csv
    suffix = output_path(out).suffix.lower().removeprefix(".")
    if suffix not in list(TableFormat):
        endings = ", ".join(f".{one}" for one in TableFormat)
        raise InputError(
            f"The kind of {out} is not known; let its name end with {endings}, or give --format."
        )
    return TableFormat(suffix)


def _file_of(text: str) -> Path | None:
    """The file that an argument names; None where it is a text."""
    from elmo_core.exceptions import InputError
    from elmo_core.text.unpacking import STANDARD_INPUT

    path = Path(text)
    try:
        is_file = path == STANDARD_INPUT or path.exists()
    except (OSError, ValueError):  # too long for a name, or a NUL in it
        is_file = False
    if is_file:
        return path
    if text.strip() and not any(map(str.isspace, text.strip())):
        raise InputError(f"There is no file {text}; check the path, or give a text of two words or more.")
    note("There is no file of this name, so the argument is read as the text itself.")
    return None


def _sentences(
    text: str, path: Path | None, tokenised: bool, language: str, encoding: str | None
) -> list[list[str]]:
    from elmo_core.pretraining.corpus import CorpusReport, read_sentences
    from elmo_core.text.tokenisation import tokenised_sentences

    if path is None:
        return [text.split()] if tokenised else list(tokenised_sentences(text, language))
    told = CorpusReport()
    found = read_sentences(path, told, tokenised=tokenised, language=language, encoding=encoding)
    sentences = [tokens for tokens in found if tokens]
    say_remarks(told.warnings())
    return sentences


def _table(found: ReadText, samples: SampleSurprise, number: int, form: TableFormat, plain: bool) -> bytes:
    from elmo_core.reading.rows import COLUMNS, cells, to_jsonl
    from elmo_core.tables.export import to_csv

    if form == TableFormat.jsonl:
        return "".join(to_jsonl(found, samples, number)).encode("utf-8", "replace")
    delimiter = "\t" if form == TableFormat.tsv else ","
    rows = cells(found, samples, number)
    return to_csv(COLUMNS, rows, for_spreadsheet=not plain, delimiter=delimiter)


def _readings() -> OutputKind:
    """A table of this command, known again by its first line."""
    from elmo_core.files import OutputKind

    def is_ours(path: Path) -> bool:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            first = file.readline(1 << 16)
        return "left_bits" in first and "expected_left" in first

    return OutputKind("a table of surprises", is_ours)
