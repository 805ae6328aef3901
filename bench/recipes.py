"""Recipes of pretraining at equal compute: each row changes one thing of a base.

    python -m bench.recipes --train 'corpus/*.xz' --valid held-out.xz --cache folder/ --csv recipes.csv
    python -m bench.recipes ... --only "base" "documents in order"

All recipes start from scratch, from the same weights if they have the same shape, and read the same number of
words. A recipe with another shape or vocabulary reads as many words as cost the floating-point operations of
the base (those of the products, forward and backward, counted by torch on one step). Held-out perplexity is
measured half-way and at the end, the senses of ten words at the end. A finished recipe is written to the CSV
at once and is not run again.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch.utils.flop_counter import FlopCounterMode

from bench.kept_rows import KeptRows
from bench.reporting import progress, table, training_arguments
from bench.sense_layers import senses_by_layer
from elmo_core import Elmo
from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.pretraining.cache import TokenCache, open_corpus
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.pretraining.trainer import Trainer
from elmo_core.weights.store import StoredModel

_SHAPE = BiLMConfig(
    lstm_dim=256,
    projection_dim=128,
    char_cnn=CharCNNConfig(filters=((1, 16), (2, 32), (3, 64), (4, 96), (5, 128)), n_highway=1),
    n_words=4,
    has_softmax=True,
)
BASE = PretrainConfig(
    model=_SHAPE, vocabulary_size=20_000, rows=64, unroll_steps=20, n_sampled=1024, learning_rate=3e-3,
    warm_up_steps=100, decay_from=0.3, average_decay=0.0,
)  # fmt: skip
_ADAGRAD = {
    "optimiser": "adagrad", "learning_rate": 0.2, "loss_times_unroll": True, "clip_norm": 10.0,
}  # fmt: skip
_USES = 300
"""Most uses of a word in each part of CoarseWSD."""
_MOMENTS = ("half", "end")


@dataclass(frozen=True)
class Recipe:
    """The differences of a recipe from the base."""

    changes: dict[str, Any] = field(default_factory=dict)
    times: float = 1.0
    """Words as a multiple of its fair share; anything but 1 is no comparison at equal compute."""

    def settings(self, words: int) -> PretrainConfig:
        """Return the settings of a run; the warm-up takes the same words for every size of a step."""
        config = dataclasses.replace(BASE, **self.changes)
        warm_up = round(BASE.warm_up_steps * BASE.words_per_step / config.words_per_step)
        total = max(2, round(self.times * words / config.words_per_step))  # steps
        return dataclasses.replace(
            config,
            warm_up_steps=warm_up,
            total_words=total * config.words_per_step,
            checkpoint_steps=total // 2,
        )


def _shaped(**changes: Any) -> dict[str, Any]:
    return {"model": dataclasses.replace(_SHAPE, **changes)}


RECIPES: dict[str, Recipe] = {
    "base": Recipe(),
    "base, another seed": Recipe({"seed": 43}),
    "rate 1.5e-3": Recipe({"learning_rate": 1.5e-3}),
    "rate 6e-3": Recipe({"learning_rate": 6e-3}),
    "rate 1.2e-2": Recipe({"learning_rate": 1.2e-2}),
    "cosine from 0.7": Recipe({"decay_from": 0.7}),
    "averaged (0.9)": Recipe({"average_decay": 0.9}),
    "rate held, averaged (0.9)": Recipe({"average_decay": 0.9, "decay_from": 0.999}),
    "dropout 0.1": Recipe({"dropout": 0.1}),
    "documents in order": Recipe({"order": "documents"}),
    "a fifth in lower case": Recipe({"lowercase_share": 0.2}),
    "32 rows x 20": Recipe({"rows": 32}),
    "128 rows x 20": Recipe({"rows": 128}),
    "128 rows x 10": Recipe({"rows": 128, "unroll_steps": 10}),
    "32 rows x 40": Recipe({"unroll_steps": 40, "rows": 32}),
    "Adagrad, as bilm-tf": Recipe({**_ADAGRAD, "dropout": 0.1}),
    "Adagrad, no dropout": Recipe(_ADAGRAD),
    "one layer of 512 cells": Recipe(_shaped(n_layers=1, lstm_dim=512)),
    "three layers": Recipe(_shaped(n_layers=3)),
    "512 cells, projection 256": Recipe(_shaped(lstm_dim=512, projection_dim=256)),
    "50,000 words": Recipe({"vocabulary_size": 50_000}),
    "base, a third seed": Recipe({"seed": 44}),
    "warm start": Recipe({"warm_start": True}),
    "four times the words": Recipe(times=4.0),
}


def words_at_equal_compute(recipe: Recipe, words: int, cache: TokenCache) -> int:
    """Return the words of a recipe: those of the base, scaled by the cost of a word."""
    config = recipe.settings(words)
    if (config.model, config.vocabulary_size) == (BASE.model, BASE.vocabulary_size):
        return words
    cost, base = (operations_per_word(settings, cache) for settings in (config, Recipe().settings(words)))
    return round(words * base / cost)


def operations_per_word(config: PretrainConfig, cache: TokenCache) -> float:
    """Count the floating-point operations a word of the products of a training step."""
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(dataclasses.replace(config, warm_start=False), cache, [["the"]], Path(folder))
        with FlopCounterMode(display=False) as counter:
            trainer.estimate()  # takes two steps that change nothing
    return int(counter.get_total_flops()) / (2 * config.words_per_step)


def measured(config: PretrainConfig, cache: TokenCache, valid: list[list[str]]) -> dict[str, object]:
    """Train, and measure half-way and at the end."""
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(config, cache, valid, Path(folder))
        curve = [row.perplexity for row in trainer.run() if row.perplexity is not None]
    seconds = time.process_time() - start
    senses = senses_by_layer(Elmo(StoredModel("recipe", trainer.exported_model(), trainer.vocabulary)), _USES)
    found: dict[str, object] = {"words": config.total_words, "seconds": round(seconds)}
    found |= {name: round(value, 1) for name, value in zip(_MOMENTS, [curve[0], curve[-1]], strict=True)}
    return found | {name: round(value, 1) for name, value in senses.items()}


def as_table(rows: list[dict[str, str]]) -> str:
    """Format a line for each recipe."""
    heads = ["recipe", "million words", *_MOMENTS, "senses: best layer", "context", "processor minutes"]
    lines = []
    for row in rows:
        layers = {name: float(value) for name, value in row.items() if name.startswith("layer") and value}
        del layers["layer 0"]  # one vector for all uses always gives the most frequent sense
        best = max(layers, key=layers.__getitem__)
        values = [
            row["recipe"],
            f"{int(row['words']) / 1e6:.2f}",
            *(f"{float(row[moment]):.0f}" for moment in _MOMENTS),
            f"{layers[best]:.1f} ({best.removeprefix('layer ')})",
            row["context"],
            f"{int(row['seconds']) / 60:.1f}",
        ]
        lines.append(values)
    chance = rows[0]["most frequent sense"]
    return f"{table(heads, lines)}\nThe most frequent sense alone: {chance}.\n"


def main() -> None:
    """Run the recipes that are missing in the CSV and write the table."""
    parser = training_arguments(__doc__)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--words", type=int, default=300_000)
    parser.add_argument("--only", nargs="+", choices=RECIPES, default=list(RECIPES), metavar="RECIPE")
    options = parser.parse_args()
    cache, held_out = (open_corpus(pattern, options.cache) for pattern in (options.train, options.valid))
    valid = [held_out.words(index) for index in range(min(held_out.n_sentences, 2000))]
    kept = KeptRows(options.csv, ("recipe", "of"))
    for name in options.only:
        if (name, options.words) in kept:
            continue
        words = words_at_equal_compute(RECIPES[name], options.words, cache)
        row = {"recipe": name, "of": options.words}
        kept.add(row | measured(RECIPES[name].settings(words), cache, valid))
        progress(f"{kept.rows[-1]}")
    sys.stdout.write(as_table([row for row in kept.rows if row["of"] == str(options.words)]))


if __name__ == "__main__":
    main()
