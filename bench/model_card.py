"""Measure a model in our folder and write its card, the README.md in that folder.

    python -m bench.model_card data/models/english-small --texts wikipedia.valid.txt.xz wikitext2.valid.txt
    python -m bench.model_card data/models/english-small --tasks      the card alone, from kept scores
    python -m bench.model_card data/models/english-small --tasks --curve scores.csv    and the curve

Perplexities are those of the full softmax; the scores are those of `bench.model_scores`; the curve is that
of `bench.score_curve`. All are kept beside the card as scores.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from bench.kept_rows import KeptRows
from bench.model_scores import TASKS
from bench.reporting import arguments, progress
from bench.score_curve import KEY, as_table
from elmo_core import load_elmo
from elmo_core.embedding.machine import DTYPES, choose_dtype
from elmo_core.pretraining.corpus import CorpusReport, read_lines
from elmo_core.pretraining.evaluation import text_perplexity
from elmo_core.text.tokenisation import tokenised_sentences
from elmo_core.weights.folder import read_folder
from elmo_core.weights.store import StoredModel

TEMPLATE = Path(__file__).with_suffix(".md")
_CURVE = """
## Scores over words seen

From `python -m bench.score_curve`: the same shape from random weights, without the warm start, at a rate that
is held (so that every point is the model of a run that could go on), in float32; beside it finished models.
Perplexity is that of the first 750 sentences of held-out Wikipedia; the scores are measured as above.

{table}"""


def main() -> None:
    """Measure, then write card and scores."""
    parser = arguments(__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--texts", type=Path, nargs="*", default=[])
    parser.add_argument("--tasks", nargs="*", choices=TASKS, default=list(TASKS))
    parser.add_argument("--curve", type=Path, help="scores.csv of bench.score_curve")
    options = parser.parse_args()
    if options.curve and not options.curve.exists():
        parser.error(f"{options.curve} is not there; bench.score_curve writes it.")
    kept = options.model / "scores.json"
    measured: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    stored = read_folder(options.model)
    for text in options.texts:
        measured.setdefault("perplexity", {})[text.name.split(".txt")[0]] = perplexity(stored, text)
        kept.write_text(json.dumps(measured, indent=1) + "\n")
    if options.curve:
        measured["curve"] = KeptRows(options.curve, KEY).rows
        kept.write_text(json.dumps(measured, indent=1) + "\n")
    elmo = load_elmo(options.model)
    for task in options.tasks:
        measured.setdefault("scores", {})[task] = TASKS[task](elmo)
        kept.write_text(json.dumps(measured, indent=1) + "\n")
    (options.model / "README.md").write_text(card(stored, options.model, measured), encoding="utf-8")


def perplexity(stored: StoredModel, text: Path) -> dict[str, float]:
    """Measure the perplexities of a text file."""
    assert stored.vocabulary is not None
    lines = read_lines(text, CorpusReport())
    sentences = [tokens for line in lines for tokens in tokenised_sentences(line)]
    dtype = DTYPES[choose_dtype("auto", torch.device("cpu"))]
    found = text_perplexity(stored.model, stored.vocabulary, sentences, dtype=dtype)
    progress(f"{text.name}: {found.mean:.1f}")
    return {
        "forward": found.forward,
        "backward": found.backward,
        "mean": found.mean,
        "predictions": found.n_predictions,
        "unknown": found.unknown_share,
    }


def card(stored: StoredModel, folder: Path, measured: dict[str, Any]) -> str:
    """Write the text of the card."""
    config, about = stored.model.config, stored.about
    assert config.char_cnn is not None
    words = int(str(about["words_seen"]))
    rows = [
        f"| {name} | {found['forward']:.1f} | {found['backward']:.1f} | **{found['mean']:.1f}** "
        f"| {found['predictions']:,} | {found['unknown']:.1%} |"
        for name, found in measured.get("perplexity", {}).items()
    ]
    scores = [
        f"| {task} | {method} | {value:.1f} |"
        for task, found in measured.get("scores", {}).items()
        for method, value in found.items()
    ]
    return TEMPLATE.read_text(encoding="utf-8").format(
        name=folder.name,
        title=about.get("title", folder.name),
        words=words,
        tokens=int(str(about["corpus_tokens"])),
        share=words / int(str(about["corpus_tokens"])),
        filters=config.char_cnn.n_filters,
        highway=config.char_cnn.n_highway,
        layers=config.n_layers,
        cells=config.lstm_dim,
        projection=config.projection_dim,
        outputs=config.n_outputs,
        width=config.output_dim,
        vocabulary=config.n_words,
        parameters=sum(parameter.numel() for parameter in stored.model.parameters()),
        megabytes=(folder / "model.safetensors").stat().st_size / 1e6,
        recipe=about.get("summary", "see config.json"),
        perplexities="\n".join(rows),
        scores="\n".join(scores),
        curve=_CURVE.format(table=as_table(measured["curve"])) if measured.get("curve") else "",
    )


if __name__ == "__main__":
    main()
