"""Variants of the biLM on UD English EWT: what a context vector of parts of speech brings.

    python -m bench.variants            about 15 minutes on one thread
    python -m bench.variants --epochs 2

Three models of one size learn from the training part, each with the full softmax, and are measured on the
development part with its gold tags: words read by their characters, the same with the part of speech of
each token (h_t = f(w_t, h_{t-1}, c_t), c_t of the token just read, never of the one to predict), and words
read by their numbers in the vocabulary.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from bench.benchmark_data import ROOT
from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.pretraining.cache import TokenCache, open_corpus
from elmo_core.pretraining.evaluation import Perplexity, text_perplexity
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.pretraining.trainer import Trainer

_CHARACTERS = BiLMConfig(
    lstm_dim=128,
    projection_dim=64,
    char_cnn=CharCNNConfig(filters=((1, 16), (2, 32), (3, 64)), n_highway=1),
    n_words=4,
    has_softmax=True,
)
VARIANTS: dict[str, tuple[BiLMConfig, bool]] = {
    "characters": (_CHARACTERS, False),
    "characters and parts of speech": (_CHARACTERS, True),
    "word ids": (replace(_CHARACTERS, char_cnn=None), False),
}


def corpus(part: str, folder: Path, tagged: bool) -> TokenCache:
    """A part of EWT."""
    return open_corpus(
        str(ROOT / "sequence" / f"en_ewt-ud-{part}.conllu.xz"), folder / "cache", tagged=tagged
    )


def trained(name: str, folder: Path, epochs: float) -> tuple[Perplexity, int]:
    """Perplexity of a variant on the development part, and its number of parameters."""
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
            sys.stderr.write(f"{name}: {row.words:,} words, perplexity {row.perplexity:.1f}\n")
    model = trainer.exported_model()
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    return text_perplexity(model, trainer.vocabulary, valid), n_parameters


def main() -> None:
    """Train the three and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=float, default=8)
    options = parser.parse_args()
    lines = ["| input | parameters | forward | backward | mean perplexity |", "|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        for name in VARIANTS:
            found, n_parameters = trained(name, Path(folder), options.epochs)
            numbers = f"{found.forward:.1f} | {found.backward:.1f} | **{found.mean:.1f}**"
            lines.append(f"| {name} | {n_parameters:,} | {numbers} |")
    note = f"{found.n_predictions:,} predictions, {found.unknown_share:.1%} of unknown words, state carried."
    sys.stdout.write("\n".join([*lines, "", note]) + "\n")


if __name__ == "__main__":
    main()
