"""The tagger on public data: WNUT-17 span F1 and EWT word classes, train -> dev, beside its baselines.

    python -m bench.entities english-small                              both sets, all methods, as Markdown
    python -m bench.entities MODEL --data wnut17 --methods "learned mix" "feature CRF"
    python -m bench.entities MODEL --epochs 10 --json scores.json

The biLM reads each set once; seconds an epoch are those of the head alone.
"""

from __future__ import annotations

import json
import lzma
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from bench.benchmark_data import ROOT
from bench.reporting import arguments, progress, table
from elmo_core import Elmo, load_elmo
from elmo_core.learning.results import SkippedMethod
from elmo_core.learning.tags.reading import read_token_file
from elmo_core.learning.tags.results import FEATURES, METHODS, STATIC, TagComparisonSettings, TagResult
from elmo_core.learning.tags.sentences import TaggedSentences, tagged_sentences
from elmo_core.learning.tags.task import TagTask
from elmo_core.learning.workflow import compare_taggers


def wnut17() -> tuple[TaggedSentences, TaggedSentences]:
    """Read WNUT-17 (Derczynski et al. 2017): train -> dev, which is of another domain."""
    return _read("wnut17train.conll"), _read("emerging.dev.conll")


def ewt() -> tuple[TaggedSentences, TaggedSentences]:
    """Read UD English EWT: universal parts of speech, train -> dev."""
    return _read("en_ewt-ud-train.conllu.xz"), _read("en_ewt-ud-dev.conllu.xz")


def _read(name: str) -> TaggedSentences:
    content = (ROOT / "sequence" / name).read_bytes()
    if name.endswith(".xz"):
        content, name = lzma.decompress(content), name.removesuffix(".xz")
    return tagged_sentences(read_token_file(content, name))


DATA: dict[str, Callable[[], tuple[TaggedSentences, TaggedSentences]]] = {"wnut17": wnut17, "ewt": ewt}


def measure(elmo: Elmo, name: str, settings: TagComparisonSettings) -> dict[str, Any]:
    """Run one comparison and return it as JSON values."""
    train, test = DATA[name]()
    task = TagTask(elmo, train, test, settings)
    progress(f"{name}: {len(train):,} and {len(test):,} sentences")
    rows = []
    started = time.monotonic()
    for result in compare_taggers(task):
        rows.append(_facts(result))
        progress(f"  {rows[-1]}")
    return {
        "methods": rows,
        "bilm_seconds": round(task.read_s, 1),
        "seconds": round(time.monotonic() - started, 1),
        "threads": torch.get_num_threads(),
    }


def _facts(result: TagResult | SkippedMethod) -> dict[str, Any]:
    if isinstance(result, SkippedMethod):
        return {"method": result.method, "left_out": result.reason}
    value = result.scores.value
    each = result.seconds_per_epoch
    return {
        "method": result.method,
        "measure": result.scores.measure,
        "score": [round(100 * one, 1) for one in (value.value, value.low, value.high)],
        "less_features": _gap(result, FEATURES),
        "less_static": _gap(result, STATIC),
        "epochs": len(result.history),
        "seconds_per_epoch": None if each is None else round(each, 1),
        "seconds": round(result.seconds, 1),
        "layer_weights": None
        if result.layer_weights is None
        else [round(w, 2) for w in result.layer_weights],
    }


def _gap(result: TagResult, baseline: str) -> list[float] | None:
    """Format the difference to a baseline with its interval."""
    if baseline not in result.against:
        return None
    gap = result.against[baseline].value
    return [round(100 * one, 1) for one in (gap.value, gap.low, gap.high)]


def _shown(gap: list[float] | None) -> str:
    return "" if gap is None else f"{gap[0]:+} ({gap[1]:+} to {gap[2]:+})"


def as_markdown(found: dict[str, dict[str, Any]]) -> str:
    """Format one line for each set and method."""
    heads = (
        "data", "method", "score (95%)", "less feature CRF", "less static only", "epochs", "s an epoch",
        "mix",
    )  # fmt: skip
    rows: list[list[object]] = []
    for name, measured in found.items():
        for row in measured["methods"]:
            if "left_out" in row:
                rows.append([name, row["method"], f"left out: {row['left_out']}", *[""] * 5])
                continue
            value, low, high = row["score"]
            gaps = _shown(row["less_features"]), _shown(row["less_static"])
            learned = (row[key] or "" for key in ("epochs", "seconds_per_epoch", "layer_weights"))
            rows.append([name, row["method"], f"{value} ({low} to {high})", *gaps, *learned])
        rows.append([name, "one pass of the biLM", *[""] * 4, measured["bilm_seconds"], ""])
    return table(heads, rows)


def main() -> None:
    """Run the comparisons and write the table."""
    parser = arguments(__doc__)
    parser.add_argument("model")
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--epochs", type=int, default=40, help="most epochs of a tagger")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    elmo = load_elmo(options.model)
    settings = TagComparisonSettings(tuple(options.methods), options.epochs, seed=options.seed)
    found = {name: measure(elmo, name, settings) for name in options.data}
    sys.stdout.write(as_markdown(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
