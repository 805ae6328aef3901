"""Perplexity and scores of the shipped shape by the number of words seen, as table and CSV.

    python -m bench.score_curve --train 'corpus/*.xz' --valid held-out.xz --cache folder/ --output run/
    python -m bench.score_curve ... --model data/models/english-small 18688000      a finished model as well

The shape and the recipe are those of the shipped model, from scratch and with float32 products; `recipe`
names the exceptions. Points double: --first words, twice as many, and so on. The same command resumes from
the last checkpoint and measures no point twice (`run/scores.csv`).
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.kept_rows import KeptRows
from bench.model_scores import sentiment, word_class, word_in_context
from bench.reporting import progress, table, training_arguments
from bench.sense_layers import senses_by_layer
from elmo_core import Elmo, load_elmo
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.evaluation import text_perplexity
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.pretraining.trainer import Trainer
from elmo_core.shipped import shipped
from elmo_core.weights.folder import read_about
from elmo_core.weights.store import StoredModel

KEY = ("model", "words")
"""What names a row of the CSV."""
_SHIPPED = shipped("data/models/english-small")
_TASKS = {"senses": senses_by_layer, "word in context": word_in_context, "word class": word_class}
_HELD_OUT_SENTENCES = 750
"""About the 20,000 tokens on which a run measures itself."""


def recipe(first: int, doublings: int) -> PretrainConfig:
    """Return the settings of the run: a point falls on every checkpoint, and the rate is held to the end."""
    shipped = PretrainConfig.from_dict(read_about(_SHIPPED)["recipe"])  # type: ignore[arg-type]
    steps = max(1, round(first / shipped.words_per_step))
    return dataclasses.replace(
        shipped, dtype="float32", compile=False, warm_up_steps=100, decay_from=0.999, warm_start=False,
        total_words=steps * 2**doublings * shipped.words_per_step, checkpoint_steps=steps,
    )  # fmt: skip


def points(trainer: Trainer) -> Iterator[tuple[int, Elmo]]:
    """Yield the words seen and the model at each doubling of the run, from its last checkpoint on."""
    config = trainer.config
    wanted = {config.checkpoint_steps * 2**power for power in range(config.total_steps.bit_length())}
    steps = iter(trainer.run())
    while True:
        if trainer.step in wanted:
            stored = StoredModel("curve", trainer.exported_model(), trainer.vocabulary)
            yield trainer.step * config.words_per_step, Elmo(stored)
        row = next(steps, None)
        if row is None:
            return
        progress(f"{row.words:,} words, {row.words_per_s:.0f}/s, loss {row.loss:.2f}")


def measured(elmo: Elmo, held_out: list[list[str]], with_sentiment: bool) -> dict[str, float]:
    """Measure the perplexity and the scores of a model."""
    assert elmo.vocabulary is not None
    found = {"perplexity": text_perplexity(elmo.model, elmo.vocabulary, held_out).mean}
    tasks = _TASKS | ({"sentiment": sentiment} if with_sentiment else {})
    for task, score in tasks.items():
        found |= {f"{task}: {name}": value for name, value in score(elmo).items()}
        progress(f"{task} done")
    return found


def as_table(rows: list[dict[str, str]]) -> str:
    """Format a table with a row for each method and a column for each number of words."""
    columns = sorted(rows, key=lambda row: int(row["words"]))
    methods = dict.fromkeys(name for row in columns for name in row if name not in KEY)
    heads = [f"{row['model']}, {int(row['words']) / 1e6:.2f}" for row in columns]
    lines = []
    for method in methods:
        digits = 0 if method == "perplexity" else 1
        values = [f"{float(row[method]):.{digits}f}" if row.get(method) else "" for row in columns]
        lines.append([method, *values])
    return table(["million words", *heads], lines)


def main() -> None:
    """Train, measure on the way, measure the finished models, write the table."""
    parser = training_arguments(__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--first", type=int, default=250_000, help="words of the first point")
    parser.add_argument("--doublings", type=int, default=3)
    parser.add_argument("--sentiment", action="store_true", help="score it too (some minutes a point)")
    parser.add_argument("--model", nargs=2, action="append", default=[], metavar=("PATH", "WORDS"))
    options = parser.parse_args()
    cache, valid = (open_corpus(pattern, options.cache) for pattern in (options.train, options.valid))
    held_out = [valid.words(index) for index in range(min(valid.n_sentences, _HELD_OUT_SENTENCES))]
    options.output.mkdir(parents=True, exist_ok=True)
    kept = KeptRows(options.output / "scores.csv", KEY)

    def keep(name: str, words: int, elmo: Elmo) -> None:
        if (name, words) not in kept:
            found = measured(elmo, held_out, options.sentiment)
            kept.add(
                {"model": name, "words": words, **{key: round(value, 4) for key, value in found.items()}}
            )

    for path, words in options.model:
        keep(Path(path).name, int(words), load_elmo(path))
    config = recipe(options.first, options.doublings)
    trainer = Trainer(config, cache, held_out, options.output, resume=True)
    for words, elmo in points(trainer):
        keep("from scratch", words, elmo)
    sys.stdout.write(as_table(kept.rows))


if __name__ == "__main__":
    main()
