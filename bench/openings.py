"""What each page opens on: the bundled words and texts that show best what a model does.

    python -m bench.openings english-small                                   # the tables
    python -m bench.openings english-small --keep                            # and keep the choices
    python -m bench.openings english-small --keep --pages Entities Maps      # of these pages alone

Kept beside the choices are the results that take too long for a first screen: the comparison of Classify
texts, that of Entities with its tagger, and what the layers know of word classes and senses. For a model
without kept choices the app chooses words and texts in the same way, and measures the rest when a visitor
asks for it. What is kept for the shipped model is also written to docs/openings.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.reporting import arguments, table
from elmo_core import Elmo, load_elmo, load_static
from elmo_core.contrast.opening import N_NEAREST, rank_contrasts, worst_contrast
from elmo_core.contrast.text_space import embed_text
from elmo_core.contrast.word_spaces import candidates, contextual_space
from elmo_core.layers.labelled import label_tokens, label_uses
from elmo_core.layers.opening import measure_pattern, say_pattern
from elmo_core.learning.head_files import zip_bytes
from elmo_core.learning.results import best_result, results_run
from elmo_core.learning.tags.kept import results_to_json as tags_to_json
from elmo_core.learning.tags.kept import rounded
from elmo_core.learning.tags.reading import read_token_path
from elmo_core.learning.tags.results import TagComparisonSettings
from elmo_core.learning.tags.saving import tagger_files
from elmo_core.learning.tags.sentences import tagged_sentences
from elmo_core.learning.tags.task import TagTask, usual_methods
from elmo_core.learning.texts.dataset import prepare
from elmo_core.learning.texts.kept import results_to_json
from elmo_core.learning.texts.results import ComparisonSettings
from elmo_core.learning.verdict import verdict
from elmo_core.learning.workflow import compare_methods, compare_taggers
from elmo_core.maps.opening import rank_texts
from elmo_core.senses.opening import opening_word, rank_openings
from elmo_core.senses.uses import find_uses
from elmo_core.shipped import shipped
from elmo_core.static.registry import SHIPPED
from elmo_core.tables.corpus import Text, read_column
from elmo_core.tables.reading import read_table_file
from elmo_core.text.tokenisation import tokenise
from elmo_core.weights.fingerprint import fingerprint

SAMPLES = shipped("data/samples")
KEPT = SAMPLES / "openings.json"
DOCUMENT = Path(__file__).parents[1] / "docs" / "openings.md"
SHIPPED_MODEL = "english-small"
TEXTS = {"Topics": ("topics.csv", "topic"), "Reviews": ("reviews.csv", "sentiment")}
CELLS = 32
"""Of the kept tagger, which is a small file; one that is trained on the page has 128."""
COMPARED = ComparisonSettings(time_limit_s=900.0, n_folds=5)
"""More time than the page gives by default, so that no method is cut short."""


@dataclass(frozen=True)
class Opening:
    """What a page opens on."""

    kept: dict[str, Any]
    """The choice, and results that take too long for a first screen."""
    finding: str
    """The table behind the choice, in Markdown."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Files beside the choices, by name."""


def main() -> None:
    """Print the tables, the best opening first."""
    parser = arguments(__doc__)
    parser.add_argument("model", nargs="?", default="english-small")
    parser.add_argument("--keep", action="store_true", help="write the choices beside the sample")
    parser.add_argument("--pages", nargs="+", choices=list(PAGES), default=list(PAGES), help="only these")
    asked = parser.parse_args()
    elmo = load_elmo(asked.model)
    for page in asked.pages:
        found = PAGES[page](elmo)
        print(f"## {page}\n\n{found.finding}\n", flush=True)
        if asked.keep:
            _keep(elmo, found)
            if asked.model == SHIPPED_MODEL:
                _document(page, found.finding)


def _keep(elmo: Elmo, found: Opening) -> None:
    """Write a choice beside the sample; those of other pages and models stay."""
    kept = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    kept.setdefault(fingerprint(elmo.model), {}).update(found.kept)
    KEPT.write_text(json.dumps(kept) + "\n", "utf-8")
    for name, content in found.files.items():
        (SAMPLES / name).write_bytes(content)


def _document(page: str, finding: str) -> None:
    """Write what was found into its section of the document; the other sections stay."""
    head, *sections = DOCUMENT.read_text("utf-8").split("\n## ")
    by_page = dict(section.split("\n", 1) for section in sections) | {page: f"\n{finding}\n"}
    parts = [f"\n## {name}\n{by_page[name].rstrip()}\n" for name in PAGES if name in by_page]
    DOCUMENT.write_text(head.rstrip() + "\n" + "".join(parts), "utf-8")


def rank_words(elmo: Elmo) -> Opening:
    """Rank the words for Word senses."""
    text = _senses()
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
    word = opening_word(ranked)
    finding = f"It opens on *{word}*: of the words that no simpler fact tells apart as well, the clearest."
    return Opening({"word": word}, f"{finding}\n\n{table(columns, rows)}")


def rank_contrasted_words(elmo: Elmo) -> Opening:
    """Rank the words for Contextual and static."""
    source = _senses()
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
    word, fails = ranked[0].word, worst_contrast(ranked)
    finding = f"It opens on *{word}*, and offers *{fails}* as the word where the contrast fails."
    return Opening({"contrast": {"word": word, "fails": fails}}, f"{finding}\n\n{table(columns, rows)}")


def rank_labelled_texts(elmo: Elmo) -> Opening:
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
    finding = f"It opens on {ranked[0].name}, and Classify texts does, too."
    return Opening({"texts": ranked[0].name}, f"{finding}\n\n{table(columns, rows)}")


def measure_layers(elmo: Elmo) -> Opening:
    """Measure what the layers know of word classes and of senses."""
    text = _senses()
    file = read_table_file(SAMPLES / "word_classes.csv")
    pairs = zip(file.column("tokens"), file.column("tags"), strict=True)
    tagged = [list(zip(tokens.split(), tags.split(), strict=True)) for tokens, tags in pairs]
    words = []
    for word in dict.fromkeys(text.words):
        uses = find_uses(text.sentences, word, text.labels_of(word))
        words.append(label_uses(elmo, uses))
    found = measure_pattern(label_tokens(elmo, tagged), words)
    return Opening({"layers": asdict(found)}, f"It opens on this sentence: {say_pattern(found)}")


def compare_on_topics(elmo: Elmo) -> Opening:
    """Compare all methods on the topics."""
    file, label = TEXTS["Topics"]
    data = prepare(read_table_file(SAMPLES / file), "text", label)
    pairs = [(pair.first, pair.second) for pair in data.near_duplicates]
    found = list(
        compare_methods(elmo, data.texts, data.labels, COMPARED, together=pairs, static=load_static(SHIPPED))
    )
    finding = f"It opens on this comparison. {_sentence(found)}"
    return Opening({"comparison": results_to_json(found)}, f"{finding}\n\n{_scores(found)}")


def compare_taggers_on_sample(elmo: Elmo) -> Opening:
    """Compare the usual taggers on the bundled entities, and keep the best one."""
    paths = [SAMPLES / f"entities.{part}.conll" for part in ("train", "test")]
    train, test = (tagged_sentences(read_token_path(path)) for path in paths)
    settings = TagComparisonSettings(usual_methods(elmo), hidden=CELLS)
    found = list(compare_taggers(TagTask(elmo, train, test, settings)))
    best = best_result(found)
    assert best is not None and best.tagger is not None, "a usual method has a tagger"
    name = f"tagger-{fingerprint(elmo.model)[:12]}.zip"
    verdict_of = {"verdict": verdict(found).sentence}
    files = tagger_files(rounded(best.tagger), facts=best.facts("the bundled entities") | verdict_of)
    kept = tags_to_json(found, settings, train, test) | {"tagger": name, "tagger_of": best.method}
    finding = f"It opens on a sentence, tagged by a kept tagger of {CELLS} cells. {_sentence(found)}"
    return Opening({"tagging": kept}, f"{finding}\n\n{_scores(found)}", {name: zip_bytes(files)})


def _senses() -> Text:
    """Return the bundled sentences with the senses of their words."""
    return read_column(read_table_file(SAMPLES / "senses.csv"), "sentence", "sense", "word")


def _sentence(found: Sequence[Any]) -> str:
    """Return the verdict on a comparison."""
    sentence = verdict(found).sentence
    return sentence[:1].upper() + sentence[1:]


def _scores(found: Sequence[Any]) -> str:
    """Return the scores of a comparison as a table."""
    rows = [
        (
            one.method,
            f"{100 * value.value:.1f} ({100 * value.low:.1f} to {100 * value.high:.1f})",
            f"{one.seconds:.1f}",
        )
        for one in results_run(found)
        for value in (one.scores.value,)
    ]
    return table(("method", f"{results_run(found)[0].scores.measure} (95% interval)", "seconds"), rows)


PAGES: dict[str, Callable[[Elmo], Opening]] = {
    "Word senses": rank_words,
    "Contextual and static": rank_contrasted_words,
    "Layers and mixtures": measure_layers,
    "Maps": rank_labelled_texts,
    "Classify texts": compare_on_topics,
    "Entities": compare_taggers_on_sample,
}
"""What chooses the opening of each page, in the order of the menu."""


if __name__ == "__main__":
    main()
