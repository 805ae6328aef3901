"""What each page opens on: the bundled words and texts that show best what a model does.

    python -m bench.openings english-small           # the tables
    python -m bench.openings english-small --keep    # and keep the choices for this model

Kept beside the choices are the results that take too long for a first screen: the comparison of Classify
texts, and what the layers know of word classes and senses. For a model without kept choices the app chooses
words and texts in the same way, and measures the rest when a visitor asks for it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from bench.reporting import arguments, table
from elmo_core import Elmo, load_elmo, load_static
from elmo_core.contrast.opening import N_NEAREST, rank_contrasts, worst_contrast
from elmo_core.contrast.text_space import embed_text
from elmo_core.contrast.word_spaces import candidates, contextual_space
from elmo_core.layers.labelled import label_tokens, label_uses
from elmo_core.layers.opening import measure_pattern, say_pattern
from elmo_core.learning.results import results_run
from elmo_core.learning.texts.dataset import prepare
from elmo_core.learning.texts.kept import results_to_json
from elmo_core.learning.texts.results import ComparisonSettings
from elmo_core.learning.verdict import verdict
from elmo_core.learning.workflow import compare_methods
from elmo_core.maps.opening import rank_texts
from elmo_core.senses.opening import opening_word, rank_openings
from elmo_core.senses.uses import find_uses, gather_vectors
from elmo_core.shipped import shipped
from elmo_core.static.registry import SHIPPED
from elmo_core.tables.corpus import Text, read_column
from elmo_core.tables.reading import read_table_file
from elmo_core.text.tokenisation import tokenise
from elmo_core.weights.fingerprint import fingerprint

SAMPLES = shipped("data/samples")
KEPT = SAMPLES / "openings.json"
TEXTS = {"Topics": ("topics.csv", "topic"), "Reviews": ("reviews.csv", "sentiment")}
COMPARED = ComparisonSettings(time_limit_s=900.0, n_folds=5)
"""More time than the page gives by default, so that no method is cut short."""


def main() -> None:
    """Print the tables, the best opening first."""
    parser = arguments(__doc__)
    parser.add_argument("model", nargs="?", default="english-small")
    parser.add_argument("--keep", action="store_true", help="write the choices beside the sample")
    asked = parser.parse_args()
    elmo = load_elmo(asked.model)
    text = read_column(read_table_file(SAMPLES / "senses.csv"), "sentence", "sense", "word")
    chosen = {
        "word": _show_words(elmo, text),
        "contrast": _show_contrasts(elmo, text),
        "texts": _show_texts(elmo),
        "layers": _show_layers(elmo, text),
        "comparison": _show_comparison(elmo),
    }
    if asked.keep:
        kept = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
        kept[fingerprint(elmo.model)] = chosen
        KEPT.write_text(json.dumps(kept) + "\n", "utf-8")


def _show_words(elmo: Elmo, text: Text) -> str:
    """Rank the words for Word senses."""
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
    print(f"Word senses\n\n{table(columns, rows)}\n")
    return opening_word(ranked)


def _show_contrasts(elmo: Elmo, source: Text) -> dict[str, str]:
    """Rank the words for Contextual and static."""
    text = embed_text(elmo, [tokenise(sentence) for sentence in source.sentences])
    weights = tuple(float(layer == elmo.n_layers - 1) for layer in range(elmo.n_layers))
    words = list(candidates(text, load_static(SHIPPED)))
    ranked = rank_contrasts(elmo, source, text, contextual_space(text, weights, words, "top"), weights)
    rows = [
        (
            one.word,
            f"{one.shared} of {N_NEAREST}",
            f"{one.cosine:.2f}",
            "yes" if one.is_syntactic else "no",
        )
        for one in ranked
    ]
    columns = ("word", "shared by two sentences", "cosine", "mostly part of speech")
    print(f"Contextual and static\n\n{table(columns, rows)}\n")
    return {"word": ranked[0].word, "fails": worst_contrast(ranked)}


def _show_texts(elmo: Elmo) -> str:
    """Rank the texts for Maps and for Classify texts."""
    sets = {
        name: read_column(read_table_file(SAMPLES / file), "text", label)
        for name, (file, label) in TEXTS.items()
    }
    ranked = rank_texts(elmo, sets)
    rows = [
        (
            one.name,
            len(one.score.senses),
            f"{one.score.accuracy:.0%} ({one.score.low:.0%} to {one.score.high:.0%})",
            f"{one.score.chance:.0%}",
        )
        for one in ranked
    ]
    columns = ("texts", "labels", "nearest to their own label (95% interval)", "guessing")
    print(f"Maps, Classify texts\n\n{table(columns, rows)}\n")
    return ranked[0].name


def _show_layers(elmo: Elmo, text: Text) -> dict[str, Any]:
    """Measure what the layers know of word classes and of senses."""
    file = read_table_file(SAMPLES / "word_classes.csv")
    pairs = zip(file.column("tokens"), file.column("tags"), strict=True)
    tagged = [list(zip(tokens.split(), tags.split(), strict=True)) for tokens, tags in pairs]
    words = []
    for word in dict.fromkeys(text.words):
        uses = find_uses(text.sentences, word, text.labels_of(word))
        blocks = elmo.stream([use.tokens for use in uses.uses])
        layers = [found.layers for block in blocks for found in block]
        words.append(label_uses(uses, gather_vectors(uses, layers)))
    found = measure_pattern(label_tokens(elmo, tagged), words)
    print(f"Layers and mixtures\n\n{say_pattern(found)}\n")
    return asdict(found)


def _show_comparison(elmo: Elmo) -> dict[str, Any]:
    """Compare all methods on the topics."""
    file, label = TEXTS["Topics"]
    data = prepare(read_table_file(SAMPLES / file), "text", label)
    pairs = [(pair.first, pair.second) for pair in data.near_duplicates]
    found = list(
        compare_methods(elmo, data.texts, data.labels, COMPARED, together=pairs, static=load_static(SHIPPED))
    )
    rows = [(one.method, f"{one.scores.value.value:.1%}", f"{one.seconds:.1f}") for one in results_run(found)]
    columns = ("method", "macro-F1", "seconds")
    print(f"Classify texts\n\n{table(columns, rows)}\n\n{verdict(found).sentence}")
    return results_to_json(found)


if __name__ == "__main__":
    main()
