"""Sense groups on words with gold senses and on words with one sense: the tables behind the sense card.

    python -m bench.word_senses english-small                     all tables, as Markdown
    python -m bench.word_senses MODEL --parts control             how often one sense is taken for more
    python -m bench.word_senses MODEL --parts senses --words bank apple
    python -m bench.word_senses MODEL --parts times

Groups are judged by the bounds that were set by hand on other words (elmo_core/senses/bounds.py), for any
model; bench/sense_calibration.py measures calibrated ones.
The three lists of control words were written down before any of the words was looked at. The first list then
showed that bare context vectors are not enough (6 of 20), which is why they have centres by neighbour.
"""

from __future__ import annotations

import lzma
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import adjusted_rand_score, v_measure_score

from bench import benchmark_data
from bench.reporting import arguments, progress, table
from elmo_core import Elmo, load_elmo
from elmo_core.plots.points import Colouring
from elmo_core.plots.sense_map import Extras, plot_map
from elmo_core.senses.group_names import name_groups
from elmo_core.senses.groups import CandidateGroups, SenseGroups, find_groups
from elmo_core.senses.sense_card import AgreementScore, SenseCard, sense_card
from elmo_core.senses.shuffled_contexts import shuffle_contexts
from elmo_core.senses.study import CONTEXT, SenseMap, draw_map, frame_of, group_uses, study_uses
from elmo_core.senses.substitutes import find_substitutes
from elmo_core.senses.usage_change import usage_change
from elmo_core.senses.use_vectors import Halves, UseVectors, embed_uses
from elmo_core.senses.uses import Use, Uses, find_uses
from elmo_core.senses.what_if import locate, place_use
from elmo_core.text.tokenisation import tokenised_sentences

FREQUENT = [
    *("wife", "daughter", "husband", "morning", "evening", "october", "germany", "italy", "california"),
    *("village", "university", "marriage", "population", "religion", "temperature", "money", "army"),
    *("river", "hotel", "island"),
]
"""Words of one sense, most of them with 50 uses or more in the held-out text."""
RARER = [
    *("hydrogen", "violin", "mathematician", "elephant", "piano", "cattle", "nitrogen", "carbon"),
    *("volcano", "surgeon", "novelist", "protein", "architect", "helicopter", "wine", "coffee", "forest"),
    *("sculptor", "grandfather", "malaria"),
]
"""Words of one sense with many uses in the training text."""
FRESH = [
    *("bishop", "oxygen", "cathedral", "nephew", "rainfall", "emperor", "hospital", "tuesday", "democracy"),
    *("butterfly", "tobacco", "lawyer", "airport", "philosophy", "geometry", "widow", "harvest", "cavalry"),
    *("opera", "peninsula"),
]
"""Twenty more of one sense, on which nothing was tried."""
CORPORA = Path(os.environ.get("ELMO_CORPORA", benchmark_data.ROOT.parent / "corpora"))
MAX_USES, MAX_RARER = 1000, 300


def gold_uses(word: str) -> Uses:
    """Return uses of a word of CoarseWSD, both parts, at most `MAX_USES` drawn with a seed."""
    parts = [benchmark_data.sense_uses(word, part) for part in ("train", "test")]
    rows = [row for part in parts for row in zip(part.sentences, part.positions, part.senses, strict=True)]
    chosen = np.sort(np.random.default_rng(42).permutation(len(rows))[:MAX_USES])
    uses = []
    for number, row in enumerate(chosen):
        tokens, position, sense = rows[row]
        uses.append(Use(number, number, position, tuple(tokens), sense, "", ""))
    return Uses(word, len(rows), tuple(uses))


def corpus_uses(words: Sequence[str], part: str, most: int) -> dict[str, Uses]:
    """Draw `most` of the first 2 x `most` uses of words in the `train` or `valid` text, with a seed."""
    found: dict[str, list[list[str]]] = {word: [] for word in words}
    for path in sorted(CORPORA.glob(f"*.{part}.txt.xz"), reverse=True):
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                folded = line.casefold()
                open_words = [word for word in words if len(found[word]) < 2 * most and word in folded]
                for tokens in tokenised_sentences(line) if open_words else ():
                    spellings = {token.casefold() for token in tokens}
                    for word in open_words:
                        if word in spellings and 5 <= len(tokens) <= 60:
                            found[word].append(tokens)
                if all(len(sentences) >= 2 * most for sentences in found.values()):
                    break
    return {word: find_uses(sentences, word, max_uses=most) for word, sentences in found.items()}


def judge(elmo: Elmo, uses: Uses) -> tuple[UseVectors, SenseGroups, SenseCard]:
    """Make a sense card by the context vectors."""
    vectors = embed_uses(elmo, uses)
    groups, null = find_groups(vectors.contexts), shuffle_contexts(elmo, uses)
    shuffled = [replicate.contexts for replicate in null.replicates]
    card = sense_card(groups, vectors.contexts, shuffled=shuffled, shuffled_rows=null.rows, gold=uses.labels)
    progress(f"{uses.word}: {card.sentence}")
    return vectors, groups, card


EVIDENCE = ("groups found", "best cut", "silhouette", "re-paired", "shuffled", "stable", "closeness")
_AGREEMENT = tuple(f"{name} (chance, null)" for name in ("adjusted Rand", "V-measure", "nearest centroid"))
_NAMES = ("word", "group", "uses", "distinctive substitutes", "gold sense")


def evidence(card: SenseCard) -> list[object]:
    """Format the cells under `EVIDENCE`."""
    cut = best_of(card)
    paired = f"{cut.paired_mean:.2f} ± {cut.paired_sd:.2f}"
    numbers = [f"{cut.silhouette:.2f}", paired, card.shuffled, f"{cut.stability:.0%}", f"{cut.closeness:.2f}"]
    return [card.k, cut.k, *numbers]


def best_of(result: SenseCard | SenseGroups) -> CandidateGroups:
    """Return the best cut of a word with enough uses."""
    assert result.best is not None
    return result.best


def beside_nulls(score: AgreementScore) -> str:
    """Format a score with its chance level and with that of shuffled contexts."""
    return f"{score.value:.2f} ({score.chance.mean:.2f}, {score.null.mean if score.null else np.nan:.2f})"


def spaces(vectors: UseVectors) -> dict[str, Halves]:
    """Return the vectors that can be grouped."""
    n_layers = len(vectors.layers)
    layers = {
        f"layer {index}": vectors.view(np.eye(n_layers)[index].tolist()) for index in range(1, n_layers)
    }
    mix = vectors.view([1 / n_layers] * n_layers)
    return {"contexts": vectors.contexts, **layers, "uniform mix": mix}


def agreement(labels: np.ndarray, gold: Sequence[str | None]) -> str:
    """Format V-measure and adjusted Rand index."""
    return f"{v_measure_score(gold, labels):.2f} / {adjusted_rand_score(gold, labels):.2f}"


def methods(vectors: UseVectors, gold: Sequence[str | None]) -> dict[str, str]:
    """Score the agreement of each grouping with the senses: the best cut, and that into as many groups."""
    found = {}
    for name, halves in spaces(vectors).items():
        groups = find_groups(halves)
        cuts = [cut for cut in groups.candidates if cut.k == len(set(gold))]
        known = agreement(cuts[0].labels, gold) if cuts else "-"
        found[name] = f"{groups.k}: {agreement(best_of(groups).labels, gold)}; {known}"
    dense = find_groups(vectors.contexts, method="density")
    found["contexts, density"] = f"{dense.k}: {agreement(best_of(dense).labels, gold)}"
    return found


def named(elmo: Elmo, uses: Uses, vectors: UseVectors, labels: np.ndarray) -> list[list[object]]:
    """List each group with its distinctive substitutes and the sense that most of its uses have."""
    rows: list[list[object]] = []
    for group in name_groups(find_substitutes(elmo, vectors.expected, uses), labels.tolist()):
        inside = [
            str(use.label) for use, label in zip(uses.uses, labels, strict=True) if label == group.group
        ]
        top = max(sorted(set(inside)), key=inside.count)
        share = inside.count(top) / len(inside)
        rows.append([uses.word, group.group + 1, group.n, group.text, f"{top} {share:.0%}"])
    return rows


def sense_tables(elmo: Elmo, words: Iterable[str]) -> str:
    """Make the tables for words with gold senses: card, methods, names."""
    cards, compared, names = [], [], []
    for word in words:
        uses = gold_uses(word)
        vectors, _, card = judge(elmo, uses)
        n_senses = len(set(uses.labels))
        cards.append([word, card.n, n_senses, *evidence(card), *map(beside_nulls, card.scores)])
        row = methods(vectors, uses.labels)
        compared.append([word, n_senses, *row.values()])
        names += named(elmo, uses, vectors, best_of(card).labels)
    return (
        f"## The card\n\n{table(['word', 'n', 'senses', *EVIDENCE, *_AGREEMENT], cards)}\n"
        "## Methods\n\nGroups found: V-measure / adjusted Rand index of the best cut; of that into as many "
        f"groups as senses.\n\n{table(['word', 'senses', *row], compared)}\n"
        f"## Names of the best cut\n\n{table(_NAMES, names)}"
    )


def sense_names(elmo: Elmo, words: Iterable[str]) -> str:
    """Name the gold senses by substitutes: the names alone, apart from how good the groups are."""
    rows = []
    for word in words:
        uses = gold_uses(word)
        senses = sorted(set(uses.labels), key=uses.labels.count, reverse=True)
        codes = np.array([senses.index(label) for label in uses.labels])
        rows += named(elmo, uses, embed_uses(elmo, uses), codes)
    return f"## Names of the gold senses\n\n{table(['word', 'sense', *_NAMES[2:]], rows)}"


def control_tables(elmo: Elmo) -> str:
    """Count how often words of one sense are said to have more than one group."""
    parts = []
    for title, words, part, most in (
        ("held-out text", FREQUENT, "valid", MAX_USES),
        ("training text", RARER, "train", MAX_RARER),
        ("training text, fresh words", FRESH, "train", MAX_RARER),
    ):
        rows = []
        for word, uses in corpus_uses(words, part, most).items():
            _, _, card = judge(elmo, uses)
            rows.append([word, card.n, *evidence(card), ", ".join(card.objections)])
        claimed = sum(int(str(row[2])) > 1 for row in rows)
        parts.append(f"## Words of one sense, {title}: {claimed} of {len(rows)} wrongly taken for more\n")
        parts.append(table(["word", "n", *EVIDENCE, "objections"], rows))
    return "\n".join(parts)


def time_table(elmo: Elmo) -> str:
    """Time the steps of the page with 1,000 uses of one word in a text."""
    (found,) = corpus_uses(["river"], "train", MAX_USES).values()
    sentences = [use.text for use in found.uses]
    rows: list[list[object]] = []

    def timed(what: str, work: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        result = work()
        rows.append([what, f"{time.perf_counter() - started:.2f} s"])
        return result

    uses = timed(f"find {len(sentences):,} uses", lambda: find_uses(sentences, "river"))
    n_tokens = sum(len(use.tokens) for use in uses.uses)
    what = f"study: {n_tokens:,} tokens, 5 x 200 shuffled uses, substitutes"
    study = timed(what, lambda: study_uses(elmo, uses))
    groups = timed(
        "groups, with re-paired contexts and resamples", lambda: find_groups(study.vectors.contexts)
    )
    grouping = timed("card and names", lambda: group_uses(study, k=2, groups=groups))
    frame = timed("plane of the contexts, PCA", lambda: frame_of(study, CONTEXT, "pca"))
    drawn = timed("map: false neighbours of every use", lambda: draw_map(study, CONTEXT, frame))
    colouring = Colouring(grouping.labels, tuple(name.text for name in grouping.names), "none")
    timed("figure as JSON, with a click (also from cache)", lambda: figure(drawn, uses, colouring))
    timed("plane of the contexts, first UMAP of a process", lambda: frame_of(study, CONTEXT, "umap"))
    timed("plane of the contexts, UMAP", lambda: frame_of(study, CONTEXT, "umap"))
    layers = timed("plane of all layers, UMAP", lambda: frame_of(study, study.views[1], "umap"))
    first = timed("another layer: its map", lambda: draw_map(study, study.views[2], layers))
    timed("another layer: its figure", lambda: figure(first, uses, colouring))
    sentence = "They rowed across the river and pulled the boat up on the other side."
    tokens, at = locate(sentence, uses)
    what = f"a what-if sentence of {len(tokens)} tokens"
    timed(what, lambda: place_use(elmo, tokens, at, study.vectors, grouping.labels))
    halves = ["first" if use.id < len(uses.uses) / 2 else "second" for use in uses.uses]
    units = study.vectors.contexts.units()
    timed("usage change, 999 shuffles", lambda: usage_change(units, grouping.labels, halves))
    return f"## Times\n\n{table(['what', 'time'], rows)}"


def figure(drawn: SenseMap, uses: Uses, colouring: Colouring) -> str:
    """Draw the map as the browser gets it, with one use selected."""
    return str(plot_map(drawn, uses, colouring, Extras(highlighted=(7,), focus=7)).to_json())


def main() -> None:
    """Make the tables."""
    parser = arguments(__doc__)
    parser.add_argument("model")
    parser.add_argument("--words", nargs="+", default=benchmark_data.sense_words())
    known = ("control", "senses", "names", "times")
    parser.add_argument("--parts", nargs="+", choices=known, default=known)
    options = parser.parse_args()
    elmo = load_elmo(options.model)
    makers = {
        "control": lambda: control_tables(elmo),
        "senses": lambda: sense_tables(elmo, options.words),
        "names": lambda: sense_names(elmo, options.words),
        "times": lambda: time_table(elmo),
    }
    for part in options.parts:
        sys.stdout.write(makers[part]() + "\n")


if __name__ == "__main__":
    main()
