"""Ship a model in place of english-small: its weights, and all that is kept of it beside the samples.

    python -m bench.new_weights RUN --words-before 53248000 --summary 'four runs. ...'    every step (hours)
    python -m bench.new_weights RUN --steps card pictures    these alone

RUN is the output of `elmo pretrain`, once its rate has fallen to 0: a model, and the history beside it. What
the documents say of the model is not written here: `make test` finds lessons, cards and commands that no
longer hold, and the scripts named under each table of docs/ make it anew.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from bench.benchmark_data import ROOT
from bench.reporting import arguments, progress
from bench.word_senses import CORPORA
from elmo_core.senses.kept_calibrations import SHIPPED as CALIBRATIONS
from elmo_core.shipped import shipped

NAME = "english-small"
TARGET = shipped("data/models") / NAME
MOST_BYTES = 38_000_000
"""Of the weights; more slows every clone and every installation."""


def take_weights(asked: Namespace) -> None:
    """Copy a model over the shipped one, with the words of the runs before it."""
    model = asked.run / "model"
    size = (model / "model.safetensors").stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"The weights have {size:,} bytes; at most {MOST_BYTES:,} are shipped.")
    if not asked.summary:
        raise SystemExit("Give a --summary of all runs: it stands in the card.")
    before, config = (json.loads((one / "config.json").read_text("utf-8")) for one in (TARGET, model))
    kept = {name: before["about"][name] for name in ("title", "corpus_tokens")}
    config["about"] |= kept | {"summary": asked.summary}
    config["about"]["words_seen"] += asked.words_before
    if asked.corpus_tokens:
        config["about"]["corpus_tokens"] = asked.corpus_tokens
    extend_history(asked.run / "history.csv", asked.words_before)
    for name in ("model.safetensors", "vocab.txt"):
        shutil.copyfile(model / name, TARGET / name)
    (TARGET / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=2) + "\n", "utf-8")


def extend_history(path: Path, words_before: int) -> None:
    """Add the rows of a run to those of the runs before it, counted on from theirs."""
    kept, further = pd.read_csv(TARGET / "history.csv"), pd.read_csv(path)
    further["step"] += kept["step"].max()
    further["words"] += words_before
    pd.concat([kept, further[kept.columns]]).to_csv(TARGET / "history.csv", index=False)


def count_claims(_: Namespace) -> None:
    """Count what the rule for sense groups claims, in place of the count of earlier weights."""
    for path in shipped(CALIBRATIONS).glob("*.json"):
        path.unlink()
    bench("sense_calibration", NAME, "--by-hand", "--keep")


def bench(name: str, *options: str) -> None:
    """Run one of the programs in a process of its own."""
    subprocess.run([sys.executable, "-m", f"bench.{name}", *options], check=True)


def write_card(_: Namespace) -> None:
    """Measure perplexities and scores, and write the card."""
    texts = [*sorted(CORPORA.glob("*.valid.txt.xz")), *sorted((ROOT / "lm").glob("*.valid.txt"))]
    bench("model_card", str(TARGET), "--texts", *map(str, texts))


STEPS: dict[str, Callable[[Namespace], None]] = {
    "weights": take_weights,
    "surprise": lambda _: bench("surprise", NAME, "--keep"),
    "openings": lambda _: bench("openings", NAME, "--keep"),
    "claims": count_claims,
    "card": write_card,
    "pictures": lambda _: bench("pictures"),
}
"""By name, in the order in which they build on each other."""


def main() -> None:
    """Run the steps."""
    parser = arguments(__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--words-before", type=int, default=0, help="words seen before the run")
    parser.add_argument("--summary", default="", help="how the model was trained, by all runs")
    parser.add_argument("--corpus-tokens", type=int, help="of the training text, where it is another one")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    options = parser.parse_args()
    for name in options.steps:
        progress(name)
        STEPS[name](options)


if __name__ == "__main__":
    main()
