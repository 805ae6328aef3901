"""How surprising the bundled samples are to a model: the percentiles and perplexities that Read shows.

    python -m bench.surprise english-small           # the table
    python -m bench.surprise english-small --keep    # and keep the figures for this model

The app and `elmo read` compute the same from fewer sentences for a model without kept figures
(`elmo_core.reading.samples`).
"""

from __future__ import annotations

import json

from bench.reporting import arguments, progress, table
from elmo_core import load_elmo
from elmo_core.encoders.likelihoods import SIDES
from elmo_core.reading.samples import KEPT, measure_samples, to_json
from elmo_core.reading.text import require_likelihoods
from elmo_core.shipped import shipped

_SHOWN = (25, 50, 75, 90, 97, 99)


def main() -> None:
    """Print percentiles of the words' bits and the perplexity of each sample."""
    parser = arguments(__doc__)
    parser.add_argument("model", nargs="?", default="english-small")
    parser.add_argument("--keep", action="store_true", help="write the figures beside the samples")
    asked = parser.parse_args()
    elmo = load_elmo(asked.model)
    told = 0.0

    def report(_: str, share: float) -> None:
        nonlocal told
        if share >= told + 0.1:
            told = share
            progress(f"{share:.0%}")

    found = measure_samples(elmo, report=report)
    step = (found.quantiles.shape[1] - 1) // 100
    rows = [
        (side, *(f"{bits[step * percent]:.1f}" for percent in _SHOWN))
        for side, bits in zip(SIDES, found.quantiles, strict=True)
    ]
    print(table(("bits of the percentile", *map(str, _SHOWN)), rows))
    print(
        table(
            ("sample", "forward", "backward", "mean perplexity", "predictions", "unknown"),
            [
                (
                    name,
                    *(f"{value:.1f}" for value in (one.forward, one.backward, one.mean)),
                    f"{one.n_predictions:,}",
                    f"{one.unknown_share:.1%}",
                )
                for name, one in found.perplexities.items()
            ],
        )
    )
    if asked.keep:
        path = shipped(KEPT)
        kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
        kept[require_likelihoods(elmo).fingerprint] = to_json(found)
        path.write_text(json.dumps(kept) + "\n", "utf-8")


if __name__ == "__main__":
    main()
