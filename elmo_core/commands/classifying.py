"""`classify train` and `classify predict`: a table in, a classifier or predictions out."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import replace
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
from elmo_core.commands.terminal import AsJson, Encoding, command, note, say_remarks, share_bar, show

if TYPE_CHECKING:
    from elmo_core.files import OutputKind
    from elmo_core.learning.inside.inspection import Inspection
    from elmo_core.learning.results import SkippedMethod
    from elmo_core.learning.texts.additions import Addition
    from elmo_core.learning.texts.dataset import Dataset
    from elmo_core.learning.texts.results import TextResult
    from elmo_core.static.vectors import StaticVectors
    from elmo_core.tables.reading import Table
    from elmo_core.tables.records import ReadingOptions

app = typer.Typer(help="Classify texts: learn from a table, predict another one.", no_args_is_help=True)

TableFile = Annotated[
    Path, typer.Argument(help="CSV, TSV, JSONL, Parquet, XLSX, or a .zip with one of them.")
]
TextColumn = Annotated[str | None, typer.Option(help="Column of the texts; found out if not given.")]
Delimiter = Annotated[str | None, typer.Option(help="Between cells; found out if not given.")]
Header = Annotated[bool | None, typer.Option("--header/--no-header", help="Whether a row names the columns.")]
HeaderLine = Annotated[
    int | None,
    typer.Option(min=1, help="Line (row of the sheet) that names the columns; found out if not given."),
]
Sheet = Annotated[str | None, typer.Option(help="Of a workbook; the one with a table if not given.")]


@app.command()
@command
def train(
    table: TableFile,
    out: Annotated[str, typer.Argument(help="Folder or .zip for the classifier.")],
    model: Annotated[
        str, typer.Option(help="A name, a folder, a .zip or an official options.json.")
    ] = "english-small",
    text: TextColumn = None,
    label: Annotated[str | None, typer.Option(help="Column of the labels; found out if not given.")] = None,
    time_limit: Annotated[float, typer.Option(min=1, help="Seconds that the comparison may take.")] = 60.0,
    method: Annotated[
        str | None, typer.Option(help='Only this one beside the baselines, such as "learned mix + LR".')
    ] = None,
    folds: Annotated[int, typer.Option(help="Folds of a cross-validation; 0 = one split.")] = 0,
    fine_tune: Annotated[
        bool,
        typer.Option("--fine-tune", help="Let a copy of the biLM learn the task too; takes minutes more."),
    ] = False,
    balanced: Annotated[bool, typer.Option(help="A rare class counts as much as a frequent one.")] = False,
    merge: Annotated[list[str] | None, typer.Option(help="OLD=NEW: read one label as another.")] = None,
    drop_rare: Annotated[bool, typer.Option(help="Drop labels with a single row.")] = False,
    seed: Annotated[int, typer.Option(help="Of the split, the first weights and the bootstrap.")] = 0,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    header: Header = None,
    header_line: HeaderLine = None,
    sheet: Sheet = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Compare baselines and heads on a biLM, and keep the best head.

    Repeated texts are left out before the split. The last line says whether TF-IDF is as good.
    """
    from elmo_core.exceptions import TrainingError
    from elmo_core.learning.inside.inspection import Inspection
    from elmo_core.learning.results import SkippedMethod
    from elmo_core.learning.texts.fine_tuned import require_bilm
    from elmo_core.learning.texts.results import MAJORITY, TFIDF, ComparisonSettings, latest_additions
    from elmo_core.learning.texts.saving import classifier_output, save_classifier
    from elmo_core.learning.verdict import verdict
    from elmo_core.learning.workflow import classification_facts, expected_seconds, run_classification
    from elmo_core.measuring.durations import duration
    from elmo_core.models import load_encoder
    from elmo_core.tables.records import ReadingOptions

    settings = ComparisonSettings(
        time_limit_s=time_limit,
        n_folds=folds,
        balanced=balanced,
        methods=(MAJORITY, TFIDF, method) if method else (),
        seed=seed,
        fine_tune=fine_tune,
    )
    target = output_path(out)
    claim(target, classifier_output(target), [table, *model_paths(model)], overwrite)
    read = _read(table, ReadingOptions(encoding, delimiter, None, header, header_line, sheet))
    data, text_name, label_name = _dataset(read, text, label, merge or [], drop_rare)
    elmo = load_encoder(model)
    if fine_tune:
        _, beyond = expected_seconds(require_bilm(elmo), data, settings)
        note(f"Fine-tuning comes after the other methods and takes about {duration(beyond)}.")
    parts: list[TextResult | SkippedMethod | Inspection] = []
    with share_bar("Comparing") as report:
        for part in run_classification(elmo, data, settings, static=_static(), report=report):
            parts.append(part)
            if not isinstance(part, Inspection):
                _say(part)
    results = [part for part in parts if not isinstance(part, Inspection)]
    inspection = parts[-1]
    if not isinstance(inspection, Inspection):
        reason = next(one.reason for one in results if isinstance(one, SkippedMethod))
        raise TrainingError(f"No method on the biLM could be run: {reason}; raise --time-limit.")
    inspection.classifier.model = model
    facts = classification_facts(inspection, data, (text_name, label_name), verdict(results))
    if steps := latest_additions(results):
        _say_additions(steps)
    save_classifier(inspection.classifier, target, facts=facts)
    rows = {
        "rows_read": len(read.rows),
        "records_skipped": len(read.skipped),
        "rows_dropped": len(data.dropped),
    }
    show({"written": str(target), **rows, **facts}, as_json)


@app.command()
@command
def predict(
    classifier: Annotated[Path, typer.Argument(help="Folder or .zip of a classifier.")],
    table: TableFile,
    out: Annotated[
        str, typer.Argument(help="CSV to write, - = standard output: one line for each row of the table.")
    ],
    text: TextColumn = None,
    model: Annotated[str | None, typer.Option(help="The biLM, where it is not under its old name.")] = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    header: Header = None,
    header_line: HeaderLine = None,
    sheet: Sheet = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="For programs: no guard against formulas, every cell as it is.")
    ] = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Predict every row of a table, its other columns beside the prediction; rows without text get no label.

    Texts that a spreadsheet would run as formulas are guarded with an apostrophe; --plain leaves them as
    they are. Numbers and labels are never altered.
    """
    from elmo_core.learning.texts.prediction import predict_table
    from elmo_core.learning.texts.saving import load_classifier, load_facts
    from elmo_core.tables.export import is_formula, to_csv
    from elmo_core.tables.records import ReadingOptions, counted

    if out != STANDARD_OUTPUT:
        claim(output_path(out), _predictions(), [classifier, table, *model_paths(model)], overwrite)
    loaded = load_classifier(classifier, model=model)
    learned = str(load_facts(classifier).get("text_column", ""))
    expected = (text, learned) if text else (learned,)
    read = _read(table, ReadingOptions(encoding, delimiter, None, header, header_line, sheet, expected))
    name = _text_column(read, text or learned, text is not None)
    with share_bar("Predicting") as report:
        header_cells, rows = predict_table(loaded, read, name, report=report)
        content = to_csv(header_cells, (cells for cells, _ in rows), for_spreadsheet=not plain)
    with written_to(out) as partial:
        if partial is None:
            sys.stdout.buffer.write(content)
        else:
            partial.write_bytes(content)
    n_guarded = 0 if plain else sum(is_formula(cell) for row in read.rows for cell in row)
    if n_guarded:
        note(
            f"Guarded {counted(n_guarded, 'cell')} against being run as a formula; --plain writes them bare."
        )
    skipped = {
        "records_skipped": len(read.skipped),
        "rows_without_text": sum(not one.strip() for one in read.column(name)),
    }
    show_beside({"written": out, "rows": len(read.rows), **skipped}, as_json, out)


def _predictions() -> OutputKind:
    """A CSV of predictions, known again by its columns."""
    from elmo_core.files import OutputKind

    def is_ours(path: Path) -> bool:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            columns = next(csv.reader([file.readline(1 << 16)]), [])
        return "predicted" in columns and any(column.startswith("p(") for column in columns)

    return OutputKind("a CSV of predictions", is_ours)


def _read(path: Path, options: ReadingOptions) -> Table:
    """Read a table, and say how."""
    from elmo_core.tables.reading import read_table_file
    from elmo_core.tables.records import counted

    if options.delimiter in ("\\t", "tab"):
        options = replace(options, delimiter="\t")
    table = read_table_file(path, **vars(options))
    for line in table.summary:
        note(line)
    if table.reading.is_guessed:
        say_remarks([f"Encoding guessed: {table.reading.encoding}."])
    if len(table.reading.sheets) > 1 and options.sheet is None:
        note(f"Sheets: {', '.join(table.reading.sheets)}; choose another one with --sheet.")
    for reason, count in table.skipped_counts.items():
        note(f"Skipped {counted(count, 'record')}: {reason}.")
    return table


def _dataset(
    table: Table, text: str | None, label: str | None, merge: list[str], drop_rare: bool
) -> tuple[Dataset, str, str]:
    """Usable rows, and the columns they are from."""
    from elmo_core.exceptions import InputError
    from elmo_core.learning.texts.dataset import prepare
    from elmo_core.tables.columns import guess_label_column

    text_name = _text_column(table, text or "", text is not None)
    label_name = label
    if label_name is None:
        choice = guess_label_column(table, text_name)
        if choice.column is None:
            raise InputError(f"{table.name} has no column of labels: {choice.reason}; name one with --label.")
        label_name = choice.column
        note(f"Labels: {choice.column}, which {choice.reason}.")
        if choice.warning:
            note(choice.warning)
    pairs = [pair.partition("=") for pair in merge]
    if any(not middle for _, middle, _ in pairs):
        raise InputError(f"--merge wants OLD=NEW, got {', '.join(merge)}.")
    merged = {old: new for old, _, new in pairs}
    data = prepare(table, text_name, label_name, merge=merged, drop_rare=drop_rare)
    data.require_usable()
    for finding in data.findings:
        note(finding.message)
    return data, text_name, label_name


def _text_column(table: Table, wanted: str, is_given: bool) -> str:
    from elmo_core.exceptions import InputError
    from elmo_core.tables.columns import guess_text_column

    if is_given or wanted in table.columns:
        return wanted
    choice = guess_text_column(table)
    if choice.column is None:
        raise InputError(f"{table.name} has no column of texts: {choice.reason}; name one with --text.")
    note(f"Texts: {choice.column}, which {choice.reason}.")
    if choice.warning:
        note(choice.warning)
    return choice.column


def _static() -> StaticVectors | None:
    """The word2vec that ships, for a row of the comparison; None where it is missing."""
    from elmo_core.exceptions import ModelNotFoundError
    from elmo_core.static.registry import SHIPPED, load_static

    try:
        return load_static(SHIPPED)
    except ModelNotFoundError:
        return None


def _say_additions(steps: Sequence[Addition]) -> None:
    """Write what each part of the product of experts added."""
    from elmo_core.learning.texts.additions import say_additions

    for step in steps:
        gain = ""
        if step.gain is not None:
            value, low, high = (
                100 * part for part in (step.gain.value.value, step.gain.value.low, step.gain.value.high)
            )
            gain = f"  {value:+5.1f} ({low:+.1f} to {high:+.1f})"
        note(f"{step.name:24} macro-F1 {100 * step.scores.macro_f1.value:5.1f}{gain}")
    note(say_additions(steps))


def _say(result: TextResult | SkippedMethod) -> None:
    from elmo_core.learning.results import SkippedMethod

    if isinstance(result, SkippedMethod):
        note(f"{result.method:24} left out: {result.reason}")
        return
    f1, accuracy = result.scores.macro_f1, result.scores.accuracy
    note(
        f"{result.method:24} macro-F1 {100 * f1.value:5.1f} ({100 * f1.low:.1f} to {100 * f1.high:.1f})  "
        f"accuracy {100 * accuracy.value:5.1f}  {result.seconds:5.1f} s"
    )
