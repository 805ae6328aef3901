"""What mixing gains: single layers, the uniform mix, the best of the triangle and learned weights.

    python -m bench.mixture_gains english-small                 both tables, as Markdown
    python -m bench.mixture_gains english-small --parts senses --words bank apple
    python -m bench.mixture_gains english-small --parts sst2

On the ten words of CoarseWSD and on SST-2, the head of elmo_core/layers/head.py is trained on 80% of the
training part (of at most --most rows of it), drawn anew for each of five seeds, and tested on the test or dev
part (of at most as many rows). The best of the triangle is chosen on the same training rows.
Intervals are of the mean over the seeds, corrected for what the draws share.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import chain

import numpy as np
import torch

from bench import benchmark_data
from bench.reporting import arguments
from elmo_core import Elmo, load_elmo
from elmo_core.config import layer_names
from elmo_core.layers.labelled import Labelled, label_vectors
from elmo_core.layers.learned import BEST, LEARNED, SEEDS, UNIFORM, MixStudy, study_splits
from elmo_core.measuring.intervals import Estimate
from elmo_core.measuring.splitting import Split


def word_uses(elmo: Elmo, word: str, part: str, most: int) -> tuple[np.ndarray, list[str]]:
    """Return vectors (L, n, D) of a word's uses and their senses, a seeded sample of them."""
    uses = benchmark_data.sense_uses(word, part)
    rows = np.sort(np.random.default_rng(42).permutation(len(uses.senses))[:most]).tolist()
    found = chain.from_iterable(elmo.stream([uses.sentences[row] for row in rows]))
    vectors = [one.layers[:, uses.positions[row]] for row, one in zip(rows, found, strict=True)]
    return np.stack(vectors, axis=1), [uses.senses[row] for row in rows]


def texts(elmo: Elmo, part: str, most: int) -> tuple[np.ndarray, list[str]]:
    """Return mean vectors (L, n, D) of SST-2 sentences and their labels."""
    sentences, labels = benchmark_data.sentiment(part)
    rows = np.sort(np.random.default_rng(42).permutation(len(labels))[:most]).tolist()
    found = chain.from_iterable(elmo.stream([sentences[row] for row in rows]))
    return np.stack([one.layers.mean(axis=1) for one in found], axis=1), [str(labels[row]) for row in rows]


def study(train: tuple[np.ndarray, list[str]], test: tuple[np.ndarray, list[str]]) -> MixStudy:
    """Train on five draws of the training part and test on one test part."""
    data: Labelled = label_vectors(np.concatenate([train[0], test[0]], axis=1), train[1] + test[1])
    n_train = len(train[1])
    assert len(data) == n_train + len(test[1]), "every sense has two uses or more"
    splits = []
    for seed in SEEDS:
        drawn = np.sort(np.random.default_rng(seed).permutation(n_train)[: round(0.8 * n_train)])
        splits.append(Split(drawn, np.arange(n_train, len(data))))
    return study_splits(data, splits, seeds=SEEDS)


def row(name: str, found: MixStudy) -> list[str]:
    """Measure one line of the table."""
    methods = [method.name for method in found.methods]
    cells = [percent(found.accuracy(method)) for method in methods]
    weights = " / ".join(f"{weight:.2f}" for weight in found.learned_mixture.weights)
    gains = [points(found.difference(one, UNIFORM)) for one in (BEST, LEARNED)]
    return [
        name,
        f"{found.n_train:,} / {found.n_test:,}",
        f"{100 * found.majority:.1f}",
        *cells,
        *gains,
        weights,
    ]


def percent(one: Estimate) -> str:
    """Format a share with its interval."""
    return f"{100 * one.value:.1f} ({100 * one.low:.1f} to {100 * one.high:.1f})"


def points(one: Estimate) -> str:
    """Format a difference with its interval."""
    return f"{100 * one.value:+.1f} ({100 * one.low:+.1f} to {100 * one.high:+.1f})"


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("model")
    parser.add_argument("--parts", nargs="+", default=["senses", "sst2"], choices=["senses", "sst2"])
    parser.add_argument("--words", nargs="+")
    parser.add_argument("--most", type=int, default=1000, help="rows of either part, drawn with a seed")
    options = parser.parse_args()
    torch.set_num_threads(1)
    elmo = load_elmo(options.model)
    columns = [*layer_names(elmo.n_layers), UNIFORM, BEST, LEARNED]
    gains = ["Best - uniform", "Learned - uniform", "Learned weights"]
    show(["", "rows", "majority", *columns, *gains])
    show(["---"] * (len(columns) + 6))
    if "senses" in options.parts:
        for word in options.words or benchmark_data.sense_words():
            parts = (
                word_uses(elmo, word, "train", options.most),
                word_uses(elmo, word, "test", options.most),
            )
            show(row(word, study(*parts)))
    if "sst2" in options.parts:
        show(row("SST-2", study(texts(elmo, "train", options.most), texts(elmo, "dev", options.most))))


def show(cells: Sequence[str]) -> None:
    """Print one line of Markdown."""
    sys.stdout.write("| " + " | ".join(cells) + " |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
