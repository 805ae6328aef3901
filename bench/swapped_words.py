"""Which surprise finds a word that was swapped: from the left, from the right, their mean, or both sides?

    python -m bench.swapped_words english-small

In each sentence of the bundled sample one word is replaced by a random word of the sample. Found: the share
of sentences in which the new word is the most surprising one. Below it: the mean share of the sentence's
other words that surprise less. The interval is that of 95% by the bootstrap over sentences.
"""

from __future__ import annotations

import csv

import numpy as np

from bench.reporting import arguments, table
from elmo_core import load_elmo
from elmo_core.reading.text import read_text
from elmo_core.shipped import shipped
from elmo_core.text.tokenisation import tokenise

_RESAMPLES = 2000


def main() -> None:
    """Print the table."""
    parser = arguments(__doc__)
    parser.add_argument("model", nargs="?", default="english-small")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    generator = np.random.default_rng(asked.seed)
    with shipped("data/samples/senses.csv").open(encoding="utf-8", newline="") as file:
        sentences = [tokenise(row["sentence"]) for row in csv.DictReader(file)]
    words = [word for tokens in sentences for word in tokens if word.isalpha()]
    swapped, places = [], []
    for tokens in sentences:
        place = int(generator.choice([place for place, word in enumerate(tokens) if word.isalpha()]))
        others = [word for word in words if word.casefold() != tokens[place].casefold()]
        new = others[int(generator.integers(len(others)))]
        swapped.append([*tokens[:place], new, *tokens[place + 1 :]])
        places.append(place)
    read = read_text(load_elmo(asked.model), swapped, n_expected=0)
    found: dict[str, list[tuple[bool, float]]] = {}
    for sentence, place in zip(read.sentences, places, strict=True):
        left, right, both = sentence.bits
        scores = {"left": left, "right": right, "mean of left and right": (left + right) / 2, "both": both}
        for name, bits in scores.items():
            below = np.delete(bits, place) < bits[place]
            found.setdefault(name, []).append((bool(below.all()), float(below.mean())))
    rows = [(name, *_summary(np.array(pairs), generator)) for name, pairs in found.items()]
    print(table(("surprise", "found (95% interval)", "other words below it"), rows))


def _summary(pairs: np.ndarray, generator: np.random.Generator) -> tuple[str, str]:
    draws = generator.integers(len(pairs), size=(_RESAMPLES, len(pairs)))
    low, high = np.percentile(pairs[draws, 0].mean(axis=1), (2.5, 97.5))
    share, below = pairs.mean(axis=0)
    return f"{share:.0%} ({low:.0%} to {high:.0%})", f"{below:.0%}"


if __name__ == "__main__":
    main()
