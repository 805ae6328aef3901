"""`read`: the surprise of every word of a text as a table."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
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
from elmo_core.commands.terminal import (
    AsJson,
    Encoding,
    Language,
    Tokenised,
    command,
    note,
    say_remarks,
    share_bar,
)

if TYPE_CHECKING:
    from elmo_core.encoders.protocol import Encoder
    from elmo_core.files import OutputKind
    from elmo_core.reading.comparison import PairedReadings
    from elmo_core.reading.rows import Record
    from elmo_core.reading.samples import SampleSurprise
    from elmo_core.reading.text import ReadText


_N_DIFFERENT = 5


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
    compare: Annotated[
        str | None, typer.Option(help="A second model: the surprise of both beside each other.")
    ] = None,
    beside: Annotated[
        str | None, typer.Option(help="A second text, given as the first: its words beside those of TEXT.")
    ] = None,
    number: Annotated[
        int, typer.Option("-n", "--number", min=0, help="Expected words to write of each side.")
    ] = 5,
    tokenised: Tokenised = False,
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

    With --compare or --beside, a row has the same of the second model or text (second_...), and the bits of
    the second minus those of the first (..._difference), where both words are known.
    """
    from elmo_core.exceptions import InputError
    from elmo_core.models import load_encoder
    from elmo_core.reading.comparison import compare as compared
    from elmo_core.reading.rows import COLUMNS, PAIR_COLUMNS, pair_records, records
    from elmo_core.reading.text import require_likelihoods
    from elmo_core.text.tokenisation import check_language

    if compare is not None and beside is not None:
        raise InputError(
            "Give --compare or --beside: two models or two texts are compared, not both at once."
        )
    chosen, code = form or _format_of(out), check_language(language)
    texts = {text: _file_of(text)} if beside is None else {text: _file_of(text), beside: _file_of(beside)}
    if out != STANDARD_OUTPUT:
        inputs = [*texts.values(), *model_paths(model), *model_paths(compare)]
        claim(output_path(out), _readings(), inputs, overwrite)
    elmo = load_encoder(model)
    other = elmo if compare is None else load_encoder(compare)
    for one in (elmo, other):
        require_likelihoods(one)
    sentences = [_sentences(one, path, tokenised, code, encoding) for one, path in texts.items()]
    found, samples = _read(elmo, sentences[0], number, code), _samples(elmo)
    facts = {"written": out, **_facts(found)}
    if compare is None and beside is None:
        content = _table(COLUMNS, records(found, samples, number), chosen, plain)
    else:
        second = _read(other, sentences[-1], number, code)
        samples_of_second = samples if compare is None else _samples(other)
        pair = compared(found, second)
        if remark := pair.say_vocabularies():
            note(remark)
        content = _table(PAIR_COLUMNS, pair_records(pair, samples, samples_of_second, number), chosen, plain)
        facts |= {f"second_{name}": value for name, value in _facts(second).items()} | _differences(pair)
    with written_to(out) as partial:
        if partial is None:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        else:
            partial.write_bytes(content)
    show_beside(facts, as_json, out)


def _read(elmo: Encoder, sentences: list[list[str]], number: int, language: str) -> ReadText:
    from elmo_core.reading.text import read_text

    with share_bar("Reading") as report:
        found = read_text(elmo, sentences, n_expected=number, language=language, report=report)
    if found.perplexity.warning:
        note(f"Warning: {found.perplexity.warning}")
    return found


def _samples(elmo: Encoder) -> SampleSurprise:
    from elmo_core.reading.samples import sample_surprise

    with share_bar("Reading the samples") as report:
        samples = sample_surprise(elmo, report)
    note(f"Percentiles are among {samples.origin}.")
    return samples


def _facts(found: ReadText) -> dict[str, object]:
    one = found.perplexity
    facts: dict[str, object] = {
        "sentences": len(found.sentences),
        "words": found.n_tokens,
        "unknown_percent": 100 * one.unknown_share,
    }
    if "left" not in found.sides:
        return facts | {"pseudo_perplexity": one.mean}
    return facts | {
        "forward_perplexity": one.forward,
        "backward_perplexity": one.backward,
        "mean_perplexity": one.mean,
    }


def _differences(pair: PairedReadings) -> dict[str, object]:
    """Of two readings: the words that differ most from both sides, and perplexities that compare."""
    words = [" / ".join(dict.fromkeys(filter(None, pair.words(at)))) for at in pair.most_different("both")]
    facts: dict[str, object] = {"differ_most": ", ".join(words[:_N_DIFFERENT])}
    shared = None if pair.has_one_vocabulary else pair.shared_perplexities()
    if shared:
        facts |= {
            "known_to_both": pair.n_shared,
            "shared_perplexity": shared[0],
            "second_shared_perplexity": shared[1],
        }
    return facts


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

    if not text.strip():
        raise InputError("The text is empty; give a file, or a text of two words or more.")
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


def _table(columns: Sequence[str], found: Iterable[Record], form: TableFormat, plain: bool) -> bytes:
    from elmo_core.reading.rows import cells_of, to_jsonl
    from elmo_core.tables.export import to_csv

    if form == TableFormat.jsonl:
        return "".join(to_jsonl(found)).encode("utf-8", "replace")
    delimiter = "\t" if form == TableFormat.tsv else ","
    return to_csv(columns, cells_of(found), for_spreadsheet=not plain, delimiter=delimiter)


def _readings() -> OutputKind:
    """A table of this command, known again by its first line."""
    from elmo_core.files import OutputKind

    def is_ours(path: Path) -> bool:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            first = file.readline(1 << 16)
        return "left_bits" in first and "expected_left" in first

    return OutputKind("a table of surprises", is_ours)
