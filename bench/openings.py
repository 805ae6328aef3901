"""Which word of the sample the app opens on: the one whose senses a model tells apart by context alone.

    python -m bench.openings english-small           # the table
    python -m bench.openings english-small --keep    # and keep the choice for this model

The app chooses in the same way for a model without a kept choice (`elmo_core.senses.opening`).
"""

from __future__ import annotations

import json

from bench.reporting import arguments, table
from elmo_core import load_elmo
from elmo_core.senses.opening import opening_word, rank_openings
from elmo_core.shipped import shipped
from elmo_core.tables.corpus import read_column
from elmo_core.tables.reading import read_table_file
from elmo_core.weights.fingerprint import fingerprint

KEPT = shipped("data/samples/openings.json")


def main() -> None:
    """Print the table of all words, the best opening first."""
    parser = arguments(__doc__)
    parser.add_argument("model", nargs="?", default="english-small")
    parser.add_argument("--keep", action="store_true", help="write the choice beside the sample")
    asked = parser.parse_args()
    elmo = load_elmo(asked.model)
    text = read_column(read_table_file(shipped("data/samples/senses.csv")), "sentence", "sense", "word")
    ranked = rank_openings(elmo, text)
    rows = [
        (
            one.word,
            len(one.score.senses),
            f"{one.score.accuracy:.0%} ({one.score.low:.0%} to {one.score.high:.0%})",
            f"{one.score.chance:.0%}",
            f"{one.rival}, {one.rival_accuracy:.0%}" if one.rival else "nothing",
            "yes" if one.qualifies else "no",
        )
        for one in ranked
    ]
    columns = (
        "word",
        "senses",
        "told apart by context (95% interval)",
        "guessing",
        "told apart by",
        "qualifies",
    )
    print(table(columns, rows))
    if asked.keep:
        kept = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
        kept[fingerprint(elmo.model)] = opening_word(ranked)
        KEPT.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
