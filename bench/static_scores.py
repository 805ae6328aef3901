"""Static and contextual vectors: word similarity, WiC and CoarseWSD, with intervals and coverage.

    python -m bench.static_scores english-small

Word similarity (SimLex-999, WordSim-353) asks about words alone. WiC dev asks whether two uses of a word have
the same meaning; the threshold of the accuracy comes from training pairs. CoarseWSD asks for the sense:
nearest centroid of training uses. Where both uses are spelt the same, both have the same static vector, which
cannot do better than chance.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

import numpy as np

from bench import benchmark_data
from bench.reporting import arguments, progress
from elmo_core import load_elmo, load_static
from elmo_core.contrast.as_static import vectors_of_words_alone
from elmo_core.contrast.questions import read_pairs
from elmo_core.contrast.scores import BenchmarkScore, same_sense, word_similarity
from elmo_core.embedder import Elmo
from elmo_core.geometry.clustering import unit_rows
from elmo_core.measuring.intervals import wilson
from elmo_core.senses.study import view_names
from elmo_core.static.vectors import StaticVectors

TokenUses = list[tuple[list[str], int]]
Vectorise = Callable[[TokenUses], dict[str, np.ndarray]]
LISTS = {"SimLex-999": "EN-SIMLEX-999.txt", "WordSim-353": "EN-WS-353-ALL.txt"}


def vectors_of(elmo: Elmo, static: StaticVectors, uses: TokenUses) -> dict[str, np.ndarray]:
    """Return vectors (n, D) of uses by every source; zeros for words that a static source does not have."""
    embedded = chain.from_iterable(elmo.stream([tokens for tokens, _ in uses]))
    found = [one.layers[:, at].copy() for one, (_, at) in zip(embedded, uses, strict=True)]
    layers = np.stack(found, axis=1)  # (L, n, D)
    spelt = [static.spelling_of(tokens[at]) for tokens, at in uses]
    rows = [static[word] if word else np.zeros(static.dim, np.float32) for word in spelt]
    names = view_names(len(layers))
    return {
        f"static: {static.name}": np.stack(rows),
        **dict(zip(names, layers, strict=False)),
        names[-1]: layers.mean(axis=0),
    }


def similarity_rows(elmo: Elmo, static: StaticVectors) -> Iterator[tuple[str, BenchmarkScore]]:
    """Score word similarity by static vectors and by every layer of single words."""
    for title, name in LISTS.items():
        pairs = read_pairs((benchmark_data.ROOT / "wordsim" / name).read_text("utf-8").splitlines())
        yield title, word_similarity(static, pairs)
        words = tuple(dict.fromkeys(word for pair in pairs for word in pair[:2]))
        for number, view in enumerate(view_names(elmo.n_layers)[:-1]):
            weights = np.eye(elmo.n_layers)[number].tolist()
            alone = vectors_of_words_alone(elmo, words, weights, f"{view}, word alone")
            yield title, word_similarity(alone, pairs)


def context_rows(vectorise: Vectorise, n_train: int) -> Iterator[tuple[str, BenchmarkScore]]:
    """Score WiC dev: area under the curve and accuracy, for all pairs and for those spelt the same."""
    train, dev = benchmark_data.word_in_context("train")[:n_train], benchmark_data.word_in_context("dev")
    cosines = {}
    for part, pairs in (("train", train), ("dev", dev)):
        uses = [(pair.sentences[side], pair.positions[side]) for pair in pairs for side in (0, 1)]
        for source, vectors in vectorise(uses).items():
            units = unit_rows(vectors - vectors.mean(axis=0) if not source.startswith("static") else vectors)
            is_known = np.asarray(np.abs(vectors).any(axis=1))
            found = (units[::2] * units[1::2]).sum(axis=1)
            cosines[source, part] = np.where(is_known[::2] & is_known[1::2], found, np.nan)
    gold = {"train": [pair.same for pair in train], "dev": [pair.same for pair in dev]}
    is_alike = [pair.sentences[0][pair.positions[0]] == pair.sentences[1][pair.positions[1]] for pair in dev]
    for title, kept in (("WiC dev, all pairs", [True] * len(dev)), ("WiC dev, spelt the same", is_alike)):
        chosen = np.flatnonzero(kept)
        for source in dict.fromkeys(source for source, _ in cosines):
            values, same = cosines[source, "dev"][chosen], np.array(gold["dev"])[chosen]
            known = ~np.isnan(values)
            given = [float(value) if ok else None for value, ok in zip(values, known, strict=True)]
            yield title, same_sense(source, given, same.tolist())
            threshold = _threshold(cosines[source, "train"], np.array(gold["train"]))
            values, same = values[known], same[known]
            right = float(((np.round(values, 5) >= threshold) == same).mean())
            majority = max(float(same.mean()), 1 - float(same.mean()))
            found = wilson(right, len(same))
            yield (
                title,
                BenchmarkScore(
                    source, "accuracy", right, found.low, found.high, majority, len(same), len(known)
                ),
            )


def sense_rows(vectorise: Vectorise, n_train: int, n_test: int) -> Iterator[tuple[str, BenchmarkScore]]:
    """Score CoarseWSD: nearest centroid of training uses, macro average over the words."""
    shares: dict[str, list[float]] = {}
    chances, n_all = [], 0
    for word in benchmark_data.sense_words():
        parts = []
        for part, most in (("train", n_train), ("test", n_test)):
            found = benchmark_data.sense_uses(word, part)
            rows = np.random.default_rng(42).permutation(len(found.senses))[:most]
            uses = [(found.sentences[row], found.positions[row]) for row in rows]
            parts.append((vectorise(uses), np.array([found.senses[row] for row in rows])))
        (before, gold), (after, wanted) = parts
        senses, counts = np.unique(gold, return_counts=True)
        chances.append(float((wanted == senses[counts.argmax()]).mean()))
        n_all += len(wanted)
        for source, vectors in before.items():
            units, asked = unit_rows(vectors), unit_rows(after[source])
            order = senses[
                np.argsort(-counts, kind="stable")
            ]  # of equal cosines the most frequent sense wins
            centroids = unit_rows(np.stack([units[gold == sense].mean(axis=0) for sense in order]))
            named = order[np.round(asked @ centroids.T, 5).argmax(axis=1)]
            shares.setdefault(source, []).append(float((named == wanted).mean()))
        progress(f"{word}")
    for source, values in shares.items():
        draws = np.random.default_rng(42).choice(values, (1000, len(values))).mean(axis=1)
        low, high = np.quantile(draws, [0.025, 0.975])
        title = f"CoarseWSD, {len(values)} words"
        chance = float(np.mean(chances))
        yield (
            title,
            BenchmarkScore(source, "accuracy", float(np.mean(values)), low, high, chance, n_all, n_all),
        )


def _threshold(cosines: np.ndarray, same: np.ndarray) -> float:
    """Return the threshold of the cosine above which "same" is right most often."""
    known = ~np.isnan(cosines)
    cosines, same = np.round(cosines[known], 5), same[known]  # float32 rounding is no difference
    edges = np.unique(cosines)
    return float(max(edges, key=lambda edge: ((cosines >= edge) == same).mean()))


def main() -> None:
    """Print one table."""
    parser = arguments(__doc__)
    parser.add_argument("model")
    parser.add_argument("--static", default="english-word2vec")
    parser.add_argument("--pairs", type=int, default=1000, help="training pairs of WiC")
    parser.add_argument(
        "--uses", type=int, nargs=2, default=(200, 100), help="training and test uses of a word"
    )
    options = parser.parse_args()
    elmo, static = load_elmo(options.model, threads=1), load_static(options.static)

    def vectorise(uses: TokenUses) -> dict[str, np.ndarray]:
        return vectors_of(elmo, static, uses)

    sys.stdout.write(f"| question | source | measure | score | chance | coverage |\n{'|---' * 6}|\n")
    show(similarity_rows(elmo, static))
    show(context_rows(vectorise, options.pairs))
    show(sense_rows(vectorise, *options.uses))


def show(rows: Iterator[tuple[str, BenchmarkScore]] | Sequence[tuple[str, BenchmarkScore]]) -> None:
    """Print rows of the table."""
    for title, score in rows:
        value = "-" if score.value is None else f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"
        cells = (title, score.source, score.measure, value, f"{score.chance:.3f}", score.coverage)
        sys.stdout.write(f"| {' | '.join(cells)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
