"""Write what every method predicts on slices of the bundled samples.

    python -m tests.learning.golden.write

The files beside this script fix predictions and scores by seed. Write them again only where a change of
predictions is intended, and say so in the change log.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from elmo_core.embedder import Elmo, load_elmo
from elmo_core.learning.results import results_run
from elmo_core.learning.tags.reading import read_token_path
from elmo_core.learning.tags.results import METHODS, TagComparisonSettings, TagResult
from elmo_core.learning.tags.sentences import tagged_sentences
from elmo_core.learning.tags.task import TagTask
from elmo_core.learning.texts.results import ComparisonSettings, TextResult
from elmo_core.learning.word_vectors import OutputVectors
from elmo_core.learning.workflow import compare_methods, compare_taggers
from elmo_core.tables.reading import read_table_file

FOLDER = Path(__file__).parent
SAMPLES = Path(__file__).resolve().parents[3] / "data" / "samples"
TEXTS, TAGS = FOLDER / "texts.json", FOLDER / "tags.json"
N_TEXTS, N_TRAIN, N_TEST, N_CHARACTERS = 40, 50, 20, 100
HOUR = 3600.0
FOLDED = ("TF-IDF + LR", "layer 1 + LR")
PLAIN = ("look-up", "feature CRF", "learned mix + static")


def texts_golden(elmo: Elmo) -> dict[str, Any]:
    """Probabilities and scores of every classifier method on one split, and of some on three folds."""
    table = read_table_file(SAMPLES / "topics.csv")
    texts, labels = (table.column(name)[:N_TEXTS] for name in ("text", "topic"))
    static = OutputVectors(elmo)
    found = {}
    for name, settings in (
        ("split", ComparisonSettings(time_limit_s=HOUR, test_share=0.3, max_characters=N_CHARACTERS)),
        ("folds", ComparisonSettings(time_limit_s=HOUR, n_folds=2, methods=FOLDED)),
    ):
        results = compare_methods(elmo, texts, labels, settings, static=static)
        found[name] = {one.method: _of_texts(one) for one in results_run(results)}
    return found


def _of_texts(result: TextResult) -> dict[str, Any]:
    return {
        "rows": result.rows.tolist(),
        "probabilities": result.probabilities.round(4).tolist(),
        "macro_f1": round(result.scores.macro_f1.value, 6),
        "accuracy": round(result.scores.accuracy.value, 6),
        "n_train": result.n_train,
        "layer_weights": _rounded(result.layer_weights),
    }


def tags_golden(elmo: Elmo) -> dict[str, Any]:
    """Tags and scores of every tagger method, for spans and for plain tags."""
    plain = tagged_sentences(read_token_path(SAMPLES / "word_classes.csv"))
    spans = tagged_sentences(read_token_path(SAMPLES / "entities.train.conll"))
    found = {}
    for name, data, methods in (("spans", spans, METHODS), ("plain", plain, PLAIN)):
        train, test = data.take(range(N_TRAIN)), data.take(range(N_TRAIN, N_TRAIN + N_TEST))
        task = TagTask(elmo, train, test, TagComparisonSettings(methods, max_epochs=5, hidden=24))
        found[name] = {one.method: _of_tags(one) for one in results_run(compare_taggers(task))}
    return found


def _of_tags(result: TagResult) -> dict[str, Any]:
    return {
        "tags": [" ".join(tags) for tags in result.predicted],
        "score": round(result.scores.value.value, 6),
        "layer_weights": _rounded(result.layer_weights),
    }


def _rounded(weights: tuple[float, ...] | None) -> list[float] | None:
    return None if weights is None else [round(weight, 6) for weight in weights]


def main() -> None:
    elmo = load_elmo("english-small")
    for path, content in ((TEXTS, texts_golden(elmo)), (TAGS, tags_golden(elmo))):
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    main()
