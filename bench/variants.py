"""Variants of the biLM on UD English EWT: characters, parts of speech and word ids as input.

    python -m bench.variants            about 15 minutes on one thread
    python -m bench.variants --epochs 2 --csv variants.csv      variants in that file are not trained again

Three models of one size learn from the training part, each with the full softmax, and are measured on the
development part with its gold tags: words read by their characters, the same with the part of speech of
each token (h_t = f(w_t, h_{t-1}, c_t), c_t of the token just read, never of the one to predict), and words
read by their numbers in the vocabulary.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from bench.benchmark_data import ROOT
from bench.kept_rows import KeptRows
from bench.reporting import arguments, progress, table
from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.pretraining.cache import TokenCache, open_corpus
from elmo_core.pretraining.evaluation import text_perplexity
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.pretraining.trainer import Trainer

CHARACTERS = BiLMConfig(
    lstm_dim=128,
    projection_dim=64,
    char_cnn=CharCNNConfig(filters=((1, 16), (2, 32), (3, 64)), n_highway=1),
    n_words=4,
    has_softmax=True,
)
VARIANTS: dict[str, tuple[BiLMConfig, bool]] = {
    "characters": (CHARACTERS, False),
    "characters and parts of speech": (CHARACTERS, True),
    "word ids": (replace(CHARACTERS, char_cnn=None), False),
}


def corpus(part: str, folder: Path, tagged: bool) -> TokenCache:
    """Read a part of EWT."""
    return open_corpus(
        str(ROOT / "sequence" / f"en_ewt-ud-{part}.conllu.xz"), folder / "cache", tagged=tagged
    )


def trained(name: str, folder: Path, epochs: float) -> dict[str, object]:
    """Train a variant; return its perplexities on the development part and its number of parameters."""
    shape, tagged = VARIANTS[name]
    cache, held_out = corpus("train", folder, tagged), corpus("dev", folder, tagged)
    valid = [held_out.words(index) for index in range(held_out.n_sentences)]
    words = int(epochs * (len(cache.tokens) + cache.n_sentences))
    settings = PretrainConfig(
        model=shape, tagged=tagged, min_count=2, rows=32, unroll_steps=20, softmax="full", learning_rate=3e-3,
        warm_up_steps=200, decay_from=0.3, total_words=words, dropout=0.2, checkpoint_steps=500, patience=3,
    )  # fmt: skip
    trainer = Trainer(settings, cache, valid, folder / name.replace(" ", "-"))
    for row in trainer.run():
        if row.perplexity is not None:
            progress(f"{name}: {row.words:,} words, perplexity {row.perplexity:.1f}")
    model = trainer.exported_model()
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    found = text_perplexity(model, trainer.vocabulary, valid)
    return {
        "parameters": n_parameters, "forward": found.forward, "backward": found.backward, "mean": found.mean,
        "predictions": found.n_predictions, "unknown": found.unknown_share,
    }  # fmt: skip


def main() -> None:
    """Train the three and write the table."""
    parser = arguments(__doc__)
    parser.add_argument("--epochs", type=float, default=8.0)
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = KeptRows(options.csv or Path(folder) / "variants.csv", ("input", "epochs"))
        for name in VARIANTS:
            if (name, options.epochs) not in kept:
                kept.add(
                    {"input": name, "epochs": options.epochs, **trained(name, Path(folder), options.epochs)}
                )
    rows = [row for row in kept.rows if row["epochs"] == str(options.epochs)]
    cells = []
    for row in rows:
        perplexities = (f"{float(row[name]):.1f}" for name in ("forward", "backward", "mean"))
        cells.append([row["input"], f"{int(row['parameters']):,}", *perplexities])
    sys.stdout.write(table(["input", "parameters", "forward", "backward", "mean perplexity"], cells))
    unknown = f"{float(rows[0]['unknown']):.1%} of unknown words"
    sys.stdout.write(f"\n{rows[0]['predictions']} predictions, {unknown}, state carried.\n")


if __name__ == "__main__":
    main()
