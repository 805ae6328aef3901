"""The paper's Adagrad beside AdamW with warm-up and cosine: held-out perplexity at equal compute.

    python -m bench.optimisers --train 'corpus/*.xz' --valid held-out.xz --cache folder/

Same model, same first weights, same batches, same number of words; only what is named in `RECIPES` differs.
Writes a table of the curves; with --csv also a file to plot.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from pathlib import Path
from typing import Any

from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.pretraining.cache import TokenCache, open_corpus
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.pretraining.trainer import Trainer

_SHAPE = BiLMConfig(
    lstm_dim=256,
    projection_dim=128,
    char_cnn=CharCNNConfig(filters=((1, 16), (2, 32), (3, 64), (4, 96), (5, 128)), n_highway=1),
    n_words=4,
    has_softmax=True,
)
RECIPES: dict[str, dict[str, Any]] = {
    "Adagrad, as bilm-tf": {
        "optimiser": "adagrad", "learning_rate": 0.2, "loss_times_unroll": True, "clip_norm": 10.0,
        "dropout": 0.1, "average_decay": 0.0,
    },
    "Adagrad, no dropout": {
        "optimiser": "adagrad", "learning_rate": 0.2, "loss_times_unroll": True, "clip_norm": 10.0,
        "dropout": 0.0, "average_decay": 0.0,
    },
    "AdamW, warm-up, cosine": {
        "optimiser": "adamw", "learning_rate": 3e-3, "warm_up_steps": 100, "decay_from": 0.3,
        "average_decay": 0.0,
    },
    "the same, averaged": {
        "optimiser": "adamw", "learning_rate": 3e-3, "warm_up_steps": 100, "decay_from": 0.3,
        "average_decay": 0.9,
    },
}  # fmt: skip


def curve(recipe: dict[str, Any], words: int, cache: TokenCache, valid: list[list[str]]) -> dict[int, float]:
    """Held-out perplexity by words seen."""
    step = 64 * 20
    settings = PretrainConfig(
        model=_SHAPE, vocabulary_size=20_000, rows=64, unroll_steps=20, n_sampled=1024, dtype="bfloat16",
        total_words=words, checkpoint_steps=max(1, words // step // 8), **recipe,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(settings, cache, valid, Path(folder))
        return {row.words: row.perplexity for row in trainer.run() if row.perplexity is not None}


def main() -> None:
    """Train with each recipe and write the curves."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", required=True)
    parser.add_argument("--valid", required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--words", type=int, default=1_000_000)
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    cache, held_out = (open_corpus(pattern, options.cache) for pattern in (options.train, options.valid))
    valid = [held_out.words(index) for index in range(min(held_out.n_sentences, 2000))]
    curves = {}
    for name, recipe in RECIPES.items():
        curves[name] = curve(recipe, options.words, cache, valid)
        sys.stderr.write(f"{name}: {curves[name]}\n")
    points = sorted(set().union(*curves.values()))
    rows = [[name, *(curves[name].get(words) for words in points)] for name in curves]
    sys.stdout.write("| recipe | " + " | ".join(f"{words / 1e6:.2f}" for words in points) + " |\n")
    sys.stdout.write("|---" * (len(points) + 1) + "|\n")
    for name, *values in rows:
        sys.stdout.write(
            f"| {name} | " + " | ".join("" if v is None else f"{v:.0f}" for v in values) + " |\n"
        )
    if options.csv:
        with options.csv.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([["recipe", *points], *rows])


if __name__ == "__main__":
    main()
