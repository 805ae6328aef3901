"""The classifier lab on public data: every method beside TF-IDF, with intervals, times and memory.

    python -m bench.classifier_lab english-small                         the whole table, as Markdown
    python -m bench.classifier_lab MODEL --data sst2 --time-limit 60     one set of texts
    python -m bench.classifier_lab MODEL --train 200 1000 --methods "product of experts"    few training texts
    python -m bench.classifier_lab MODEL --train 200 --methods "product of experts" --fine-tune    and that
    python -m bench.classifier_lab MODEL --train 200 --methods "product of experts" --samples 5   five samples
    python -m bench.classifier_lab MODEL --json scores.json
    python -m bench.classifier_lab MODEL --upload                        an upload of 5,000 rows, timed

Beside the methods stands what each expert of the product added. "words" and "+ characters" are TF-IDF as a
careful user would tune it: one to two grams, then characters within words, the penalty chosen on folds.
Peak memory is that of the process so far, so run one set at a time to measure it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.benchmark_data import ROOT, sentiment
from bench.memory import peak_mb
from bench.reporting import arguments, progress, table
from elmo_core import Elmo, load_elmo, load_static
from elmo_core.learning.results import SkippedMethod
from elmo_core.learning.texts.additions import Addition
from elmo_core.learning.texts.dataset import prepare
from elmo_core.learning.texts.results import (
    MAJORITY,
    TFIDF,
    ComparisonSettings,
    TextResult,
    latest_additions,
)
from elmo_core.learning.verdict import verdict
from elmo_core.learning.workflow import compare_methods, run_classification
from elmo_core.measuring.intervals import Estimate
from elmo_core.measuring.splitting import Split, stratified_split
from elmo_core.tables.columns import guess_label_column, guess_text_column
from elmo_core.tables.export import to_csv
from elmo_core.tables.reading import read_table, read_table_file

_MOST_TESTED = 1_000


@dataclass(frozen=True)
class LabTexts:
    """Labelled texts and how they are split."""

    texts: list[str]
    labels: list[str]
    split: Split | None = None
    """None = 80% and 20%, stratified."""
    together: tuple[tuple[int, int], ...] = ()


def sst2() -> LabTexts:
    """Read SST-2 (Socher et al. 2013): train -> dev."""
    (train, gold), (dev, wanted) = sentiment("train"), sentiment("dev")
    texts = [" ".join(words) for words in [*train, *dev]]
    return LabTexts(texts, [str(label) for label in [*gold, *wanted]], _first(len(train), len(texts)))


def subj() -> LabTexts:
    """Read SUBJ (Pang and Lee 2004): the first 8,000 after shuffling with seed 0 -> the others."""
    lines = (ROOT / "text" / "subj.all").read_text("latin-1").splitlines()
    order = np.random.default_rng(0).permutation(len(lines))
    pairs = [lines[row].split(" ", 1) for row in order]
    return LabTexts([text for _, text in pairs], [label for label, _ in pairs], _first(8000, len(pairs)))


def _first(n_train: int, n: int) -> Split:
    return Split(np.arange(n_train), np.arange(n_train, n))


def _table(name: str) -> Callable[[], LabTexts]:
    """Read a table as the page reads an upload, with everything guessed."""

    def read() -> LabTexts:
        table = read_table_file(ROOT / "text" / name)
        text = guess_text_column(table).column
        label = guess_label_column(table, text).column
        if text is None or label is None:
            raise SystemExit(f"{name} has no columns to learn from")
        data = prepare(table, text, label)
        together = tuple((pair.first, pair.second) for pair in data.near_duplicates)
        return LabTexts(list(data.texts), list(data.labels), None, together)

    return read


DATA: dict[str, Callable[[], LabTexts]] = {
    "sst2": sst2,
    "subj": subj,
    "ag_news_5k": _table("ag_news_5k.csv"),
    "sms_spam": _table("sms_spam.csv"),
    "chnsenticorp": _table("ChnSentiCorp_htl_all.csv"),
    "bbc_news": _table("bbc_news.csv"),
}
"""By name; BBC news (Greene and Cunningham 2006) are long texts, as a table of categories and texts."""


def drawn(data: LabTexts, n_train: int, seed: int) -> LabTexts:
    """Draw training texts, and test on at most `_MOST_TESTED` of the others."""
    codes = np.unique(data.labels, return_inverse=True)[1]
    split = data.split or stratified_split(codes, 0.2, seed, data.together)
    rng = np.random.default_rng(seed)
    train, test = (
        rng.permutation(part)[:n] for part, n in ((split.train, n_train), (split.test, _MOST_TESTED))
    )
    rows = [*train.tolist(), *test.tolist()]
    texts, labels = ([values[row] for row in rows] for values in (data.texts, data.labels))
    return LabTexts(texts, labels, _first(len(train), len(rows)))


def measure(
    elmo: Elmo, name: str, settings: ComparisonSettings, n_train: int | None = None
) -> dict[str, Any]:
    """Run one comparison and return it as JSON values; `n_train` = texts to draw, None = all."""
    started = time.monotonic()
    data = DATA[name]()
    if n_train is not None:
        data = drawn(data, n_train, settings.seed)
    progress(f"{name}: {len(data.texts):,} texts read in {time.monotonic() - started:.1f} s")
    results: list[TextResult | SkippedMethod] = []
    rows = []
    static = load_static("english-word2vec")
    run = compare_methods(
        elmo, data.texts, data.labels, settings, split=data.split, together=data.together, static=static
    )
    for result in run:
        results.append(result)
        rows.append({**_facts(result), "there_after_s": round(time.monotonic() - started, 1)})
        progress(f"  {rows[-1]}")
    found = verdict(results)
    progress(f"  {found.sentence}")
    return {
        "methods": rows,
        "additions": [_addition(step) for step in latest_additions(results)],
        "verdict": found.sentence,
        "seconds": round(time.monotonic() - started, 1),
        "peak_gb": round(peak_mb() / 1024, 2),
    }


def _facts(result: TextResult | SkippedMethod) -> dict[str, Any]:
    if isinstance(result, SkippedMethod):
        return {"method": result.method, "left_out": result.reason}
    f1, accuracy = result.scores.macro_f1, result.scores.accuracy
    against = result.against.get(TFIDF)
    return {
        "method": result.method,
        "macro_f1": _percent(f1),
        "accuracy": _percent(accuracy),
        "against_tfidf_p": None if against is None else round(against.p_value, 4),
        "calibration_error": round(100 * result.calibration.expected_error, 1),
        "seconds": round(result.seconds, 1),
        "n_train": result.n_train,
        "n_test": result.scores.n,
    }


def _addition(step: Addition) -> dict[str, Any]:
    f1, gain = step.scores.macro_f1, step.gain
    return {
        "experts": step.name,
        "macro_f1": _percent(f1),
        "gain": None if gain is None else _percent(gain.value),
    }


def _percent(estimate: Estimate) -> list[float]:
    return [round(100 * value, 1) for value in (estimate.value, estimate.low, estimate.high)]


def measure_upload(elmo: Elmo, time_limit_s: float) -> str:
    """Time an upload of 5,000 rows of 20 words, from its bytes to the end of the comparison."""
    (words, gold), (more, wanted) = sentiment("train"), sentiment("dev")
    running = [word for sentence in [*words, *more] for word in sentence]
    labels = [*gold, *wanted]
    rows = [(" ".join(running[20 * row : 20 * row + 20]), str(labels[row])) for row in range(5000)]
    content = to_csv(("text", "label"), rows)
    load = os.getloadavg()[0]
    started = time.monotonic()
    table = read_table(content, "upload.csv")
    text = guess_text_column(table).column
    label = guess_label_column(table, text).column
    if text is None or label is None:
        raise SystemExit("the columns were not found")
    data = prepare(table, text, label)
    checked = time.monotonic() - started
    seen: list[float] = []
    settings = ComparisonSettings(time_limit_s=time_limit_s)
    for part in run_classification(elmo, data, settings, static=load_static("english-word2vec")):
        seen.append(time.monotonic() - started)
        name = getattr(part, "method", "look inside")
        progress(
            f"  {name}: after {seen[-1]:.1f} s{', ' + part.reason if isinstance(part, SkippedMethod) else ''}"
        )
    return (
        f"5,000 rows of 20 words: read and checked after {checked:.1f} s, guessing and TF-IDF after "
        f"{seen[1]:.1f} s, everything after {seen[-1]:.1f} s (load {load:.1f} when it began)\n"
    )


def as_markdown(found: dict[str, dict[str, Any]]) -> str:
    """Format one line for each set and method, and one for each expert of the products."""
    rows: list[list[object]] = []
    for name, measured in found.items():
        for row in measured["methods"]:
            if "left_out" in row:
                rows.append([name, row["method"], f"left out: {row['left_out']}", "", "", ""])
                continue
            value, low, high = row["macro_f1"]
            p_value = "" if row["against_tfidf_p"] is None else row["against_tfidf_p"]
            score = f"{value} ({low} to {high})"
            rows.append([name, row["method"], score, row["accuracy"][0], p_value, row["seconds"]])
        peak = f"{measured['peak_gb']} GB"
        rows.append([name, measured["verdict"], "", "", peak, measured["seconds"]])
    methods = table(["texts", "method", "macro-F1 (95%)", "accuracy", "p against TF-IDF", "s"], rows)
    steps: list[list[object]] = []
    for name, measured in found.items():
        for step in measured["additions"]:
            value, low, high = step["macro_f1"]
            gain = "" if step["gain"] is None else "{:+.1f} ({:+.1f} to {:+.1f})".format(*step["gain"])
            steps.append([name, step["experts"], f"{value} ({low} to {high})", gain])
    return f"{methods}\n{table(['texts', 'experts', 'macro-F1 (95%)', 'added (95%)'], steps)}"


def over_samples(found: dict[str, list[dict[str, Any]]]) -> str:
    """Format one line for each set and method, and for each expert: means over samples of training texts.

    Args:
        found: by the name of the set, what `measure` found on each sample.
    """
    methods: list[list[object]] = []
    experts: list[list[object]] = []
    for name, samples in found.items():
        scores = [
            {row["method"]: row["macro_f1"][0] for row in one["methods"] if "macro_f1" in row}
            for one in samples
        ]
        for method in dict.fromkeys(method for one in scores for method in one):
            values = [one[method] for one in scores if method in one]
            gains = [one[method] - one[TFIDF] for one in scores if method in one]
            better = f"{sum(gain > 0 for gain in gains)} of {len(gains)}"
            methods.append([name, method, _spread(values), _spread(gains, signed=True), better])
        for step in dict.fromkeys(step["experts"] for one in samples for step in one["additions"]):
            steps = [found for one in samples for found in one["additions"] if found["experts"] == step]
            gains = [found["gain"][0] for found in steps if found["gain"] is not None]
            values = [found["macro_f1"][0] for found in steps]
            experts.append([name, step, _spread(values), _spread(gains, signed=True) if gains else ""])
    columns = ["texts", "method", "macro-F1 (least to most)", "less TF-IDF", "samples above it"]
    added = table(["texts", "experts", "macro-F1 (least to most)", "added"], experts)
    return f"{table(columns, methods)}\n{added}"


def _spread(values: list[float], *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return "{:{s}.1f} ({:{s}.1f} to {:{s}.1f})".format(np.mean(values), min(values), max(values), s=sign)


def main() -> None:
    """Run the comparisons and write the table."""
    parser = arguments(__doc__)
    parser.add_argument("model")
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--time-limit", type=float, default=300.0, help="seconds for each set")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--train", nargs="+", type=int, help="numbers of training texts to draw; all if not given"
    )
    parser.add_argument("--samples", type=int, default=1, help="of training texts, by as many seeds")
    parser.add_argument(
        "--methods", nargs="+", default=[], help="beside guessing and TF-IDF; all if not given"
    )
    parser.add_argument("--fine-tune", action="store_true", help="let the biLM learn the task too")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--upload", action="store_true", help="time an upload instead")
    options = parser.parse_args()
    elmo = load_elmo(options.model)
    if options.upload:
        sys.stdout.write(measure_upload(elmo, options.time_limit))
        return
    settings = ComparisonSettings(
        time_limit_s=options.time_limit, seed=options.seed, fine_tune=options.fine_tune
    )
    if options.methods:
        settings = replace(settings, methods=(MAJORITY, TFIDF, *options.methods))
    seeds = range(options.seed, options.seed + options.samples)
    found = {
        name if n is None else f"{name}, {n:,}": [
            measure(elmo, name, replace(settings, seed=seed), n) for seed in seeds
        ]
        for name in options.data
        for n in options.train or [None]
    }
    sys.stdout.write(
        over_samples(found) if len(seeds) > 1 else as_markdown({name: one for name, (one,) in found.items()})
    )
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
