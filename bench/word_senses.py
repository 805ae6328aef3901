"""Sense groups on words with gold senses and on words with one sense: the tables of the sense card.

    python -m bench.word_senses english-small                     all tables, as Markdown
    python -m bench.word_senses MODEL --words bank apple          some words
    python -m bench.word_senses MODEL --parts control             how often one sense is taken for more

The rule that says "more than one group" (elmo_core/analysis/groups.py) was set on other words. The
twenty control words below were chosen by frequency before any of them had been looked at.
"""

from __future__ import annotations

import argparse
import functools
import lzma
import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_rand_score, v_measure_score

from bench import benchmark_data
from elmo_core import Elmo, load_elmo
from elmo_core.analysis.card import SenseCard, sense_card
from elmo_core.analysis.context_null import shuffle_contexts
from elmo_core.analysis.groups import SenseGroups, find_groups
from elmo_core.analysis.group_names import name_groups
from elmo_core.analysis.substitutes import find_substitutes
from elmo_core.analysis.use_vectors import Halves, UseVectors, embed_uses
from elmo_core.analysis.uses import Use, Uses, find_uses
from elmo_core.text.tokenisation import tokenised_sentences

CONTROL = (
    "wife daughter husband morning evening october germany italy california village "
    "university marriage population religion temperature money army river hotel island"
).split()
CORPORA = Path(os.environ.get("ELMO_CORPORA", benchmark_data.ROOT.parent / "corpora"))
MAX_USES = 1000


def gold_uses(word: str) -> Uses:
    """Uses of a word of CoarseWSD, both parts, at most `MAX_USES` drawn with a seed."""
    parts = [benchmark_data.sense_uses(word, part) for part in ("train", "test")]
    rows = [
        (tokens, position, sense)
        for part in parts
        for tokens, position, sense in zip(part.sentences, part.positions, part.senses, strict=True)
    ]
    chosen = np.sort(np.random.default_rng(42).permutation(len(rows))[:MAX_USES])
    uses = [
        Use(number, number, rows[row][1], tuple(rows[row][0]), rows[row][2], "", "")
        for number, row in enumerate(chosen)
    ]
    return Uses(word, len(rows), tuple(uses))


@functools.cache
def held_out_sentences() -> list[list[str]]:
    """The tokenised sentences of the held-out corpora."""
    found = []
    for path in sorted(CORPORA.glob("*.valid.txt.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            found += [tokens for line in lines for tokens in tokenised_sentences(line)]
    return found


def judge(elmo: Elmo, uses: Uses, gold: bool) -> tuple[UseVectors, SenseGroups, SenseCard]:
    """Everything of a card by the context vectors."""
    vectors = embed_uses(elmo, uses)
    groups = find_groups(vectors.contexts)
    null = shuffle_contexts(elmo, uses)
    card = sense_card(
        groups,
        vectors.contexts,
        shuffled=[replicate.contexts for replicate in null.replicates],
        shuffled_rows=null.rows,
        gold=uses.labels if gold else (),
    )
    return vectors, groups, card


def spaces(vectors: UseVectors) -> dict[str, Halves]:
    """The vectors that can be grouped."""
    n_layers = len(vectors.layers)
    layers = {f"layer {index}": vectors.view(np.eye(n_layers)[index]) for index in range(1, n_layers)}
    return {
        "contexts": vectors.contexts,
        **layers,
        "uniform mix": vectors.view(np.full(n_layers, 1 / n_layers)),
    }


def agreement(labels: Sequence[int], gold: Sequence[str | None]) -> str:
    """V-measure and adjusted Rand index."""
    return f"{v_measure_score(gold, labels):.2f} / {adjusted_rand_score(gold, labels):.2f}"


def sense_tables(elmo: Elmo, words: Iterable[str]) -> str:
    """The card, the methods and the names for words with gold senses."""
    cards, methods, names = [], [], []
    for word in words:
        uses = gold_uses(word)
        started = time.perf_counter()
        vectors, groups, card = judge(elmo, uses, gold=True)
        taken = time.perf_counter() - started
        gold = list(uses.labels)
        senses = len(set(gold))
        scores = [
            f"{score.value:.2f} ({score.chance.mean:.2f}, {score.null.mean if score.null else 0:.2f})"
            for score in card.scores
        ]
        assert card.best is not None
        best = card.best
        cards.append(
            [
                word,
                len(gold),
                senses,
                card.k,
                best.k,
                f"{best.silhouette:.2f}",
                f"{best.paired_mean:.2f} ± {best.paired_sd:.2f}",
                card.shuffled,
                f"{best.stability:.0%}",
                f"{best.closeness:.2f}",
                *scores,
                f"{taken:.0f} s",
            ]
        )
        row: list[object] = [word, senses]
        for name, halves in spaces(vectors).items():
            found = groups if name == "contexts" else find_groups(halves)
            at_gold = next((cut for cut in found.candidates if cut.k == senses), None)
            row.append(
                f"{found.k}: {agreement(found.best.labels.tolist(), gold) if found.best else '-'}; k given {agreement(at_gold.labels.tolist(), gold) if at_gold else '-'}"
            )
        dense = find_groups(vectors.contexts, method="density")
        assert dense.best is not None
        methods.append([*row, f"{dense.k}: {agreement(dense.best.labels.tolist(), gold)}"])
        substitutes = find_substitutes(elmo, vectors.expected, uses)
        for group in name_groups(substitutes, best.labels.tolist()):
            inside = [sense for sense, label in zip(gold, best.labels, strict=True) if label == group.group]
            top = max(set(inside), key=inside.count)
            names.append(
                [word, group.group + 1, group.n, group.text, f"{top} {inside.count(top) / len(inside):.0%}"]
            )
        progress(f"{word}: {card.sentence}")
    head = "word|n|senses|groups found|best cut|silhouette|re-paired|shuffled|stable|closeness|adjusted Rand (chance, null)|V (chance, null)|nearest centroid (chance, null)|time"
    return "\n".join(
        [
            "Cards\n",
            table(head, cards),
            "Methods: groups found: V-measure / adjusted Rand of the best cut; of the cut into as many groups as senses\n",
            table("word|senses|" + "|".join([*spaces(vectors), "contexts, density"]), methods),
            "Names\n",
            table("word|group|uses|distinctive substitutes|gold sense", names),
        ]
    )


def control_table(elmo: Elmo, words: Sequence[str]) -> str:
    """Words of one sense: how often there is said to be more than one group."""
    rows = []
    for word in words:
        uses = find_uses(held_out_sentences(), word, max_uses=MAX_USES)
        _, _, card = judge(elmo, uses, gold=False)
        assert card.best is not None
        best = card.best
        rows.append(
            [
                word,
                card.n,
                card.k,
                best.k,
                f"{best.silhouette:.2f}",
                f"{best.paired_mean:.2f} ± {best.paired_sd:.2f}",
                card.shuffled,
                f"{best.stability:.0%}",
                f"{best.closeness:.2f}",
                card.objections[0] if card.objections else "",
            ]
        )
        progress(f"{word}: {card.sentence}")
    claimed = sum(int(str(row[2])) > 1 for row in rows)
    head = "word|n|groups found|best cut|silhouette|re-paired|shuffled|stable|closeness|first objection"
    return f"Words of one sense: {claimed} of {len(rows)} wrongly taken for more\n\n{table(head, rows)}"


def table(head: str, rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    names = head.split("|")
    lines = [names, ["---"] * len(names), *([str(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def progress(line: str) -> None:
    """Say on stderr how far it is."""
    sys.stderr.write(line + "\n")


def main() -> None:
    """Make the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("--words", nargs="+", default=benchmark_data.sense_words())
    parser.add_argument("--parts", nargs="+", choices=("senses", "control"), default=("senses", "control"))
    parser.add_argument("--control", nargs="+", default=CONTROL)
    options = parser.parse_args()
    elmo = load_elmo(options.model)
    if "control" in options.parts:
        sys.stdout.write(control_table(elmo, options.control) + "\n")
    if "senses" in options.parts:
        sys.stdout.write(sense_tables(elmo, options.words) + "\n")


if __name__ == "__main__":
    main()
