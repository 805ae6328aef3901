"""Senses by each layer and by the context of several models, on the same uses, with intervals.

    python -m bench.encoder_senses english-small FOLDER_OF_A_TRANSFORMER
    python -m bench.encoder_senses english-small FOLDER --most 100

The score is the test accuracy of the nearest centroid, averaged over the words of CoarseWSD-10.
"""

from __future__ import annotations

import sys

import numpy as np

from bench.reporting import arguments, progress, table
from bench.sense_layers import layer_hits
from bench.targets import word_uses
from elmo_core import Encoder, load_encoder

Hits = dict[str, list[np.ndarray]]
"""For each view, which test uses of each word are right."""


def hits_by_view(encoder: Encoder, most: int) -> Hits:
    """Classify the test uses of every word in every view."""
    found: Hits = {}
    for word, uses in word_uses(encoder, most):
        for name, hits in layer_hits(*uses).items():
            found.setdefault(name, []).append(hits)
        progress(
            f"{encoder.name}, {word}: " + ", ".join(f"{name} {found[name][-1].mean():.0%}" for name in found)
        )
    return found


def macro(words: list[np.ndarray]) -> tuple[float, float, float]:
    """Return the mean over the words of their accuracies, in percent, with its 95% interval over uses."""
    value = float(np.mean([hits.mean() for hits in words]))
    variances = [hits.mean() * (1 - hits.mean()) / len(hits) for hits in words]
    half = 1.96 * float(np.sqrt(np.sum(variances))) / len(words)
    return 100 * value, 100 * (value - half), 100 * (value + half)


def main() -> None:
    """Score the models and write the table."""
    parser = arguments(__doc__)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--most", type=int, default=200, help="uses of a word in each part at most")
    options = parser.parse_args()
    rows = []
    for model in options.models:
        encoder = load_encoder(model)
        for name, words in hits_by_view(encoder, options.most).items():
            value, low, high = macro(words)
            n = sum(map(len, words))
            rows.append([encoder.name, name, n, f"{value:.1f}", f"{low:.1f} to {high:.1f}"])
    sys.stdout.write(table(["model", "view", "test uses", "accuracy, %", "95% interval"], rows))


if __name__ == "__main__":
    main()
