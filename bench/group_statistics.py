"""Statistics of whether uses fall into groups, compared at the same rate of false claims.

    python -m bench.group_statistics english-small                                  the tables of the choice
    python -m bench.group_statistics english-small --final "distance of centroids"  and of other words
    python -m bench.group_statistics FOLDER_OF_A_TRANSFORMER          statistics that need no two directions

Three lists of words held to one sense come from Wikipedia and have no word in common. From the first one
whitening and the word model are learned; on the second one the bound of each statistic is set at each number
of uses, as `elmo calibrate` does; the third one and mixtures of two of its words show false claims and
power. What --final names is then judged on words by which nothing was chosen: the 60 words of
bench/word_senses.py, mixtures of two of them, and words with labelled senses.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench import benchmark_data
from bench.group_evidence import ON_HALVES, ON_VECTORS, OfHalves, PldaModel, whitened
from bench.reporting import arguments, progress, table
from bench.sense_calibration import as_known, calibration_words, control_uses, sample_words, share
from bench.word_senses import gold_uses
from elmo_core import Encoder, load_encoder
from elmo_core.senses.calibration import RATE
from elmo_core.senses.context_centres import ContextCentres
from elmo_core.senses.known_words import KnownWords
from elmo_core.senses.use_vectors import Halves, embed_uses
from elmo_core.senses.uses import Uses, find_uses

SIZES = (10, 20, 40, 80)
TRAIN_CHARACTERS = 8_000_000
N_LEARNED, N_LEARNED_USES, N_CENTRES = 300, 20, 3000
SHRINKAGES = (0.1, 0.5)
BOUND, ONE_SENSE, MIXTURES = "bound", "one sense", "mixtures of two"
FINAL = ("60 words of one sense", "mixtures of two of them", "sample", "CoarseWSD-10")
SEED = 42
HAND_SET = 0.07
"""The least gain of a model without a calibration."""

OfCase = Callable[["Case"], float]
Values = dict[str, dict[str, list[tuple[int, float]]]]
"""By statistic and list of words: the number of uses and the value, word by word."""


@dataclass(frozen=True, eq=False)
class Case:
    """The vectors of some uses with a known answer."""

    word: str
    n: int
    """Uses that were drawn."""
    halves: Halves
    common: Halves
    """The same ones from the centres of a text that all words share."""


class Reader:
    """Reads the uses of words with a model, each once."""

    def __init__(self, encoder: Encoder, known: KnownWords) -> None:
        """Take the shared centres from one use of each of many words."""
        words = random.Random(1).sample(sorted(known.places), min(N_CENTRES, len(known.places)))
        uses = as_uses(known, [known.places[word][0] for word in words])
        self._encoder, self._centres = encoder, embed_uses(encoder, uses).centres

    def read(self, uses: Uses, n: int) -> Case:
        """Embed uses."""
        vectors = embed_uses(self._encoder, uses)
        own = vectors.contexts
        moved = _centres(vectors.centres, uses) - _centres(self._centres, uses)  # (n, parts, P)
        backward = own.backward + moved[:, 1] if own.are_independent else own.backward
        common = replace(own, forward=own.forward + moved[:, 0], backward=backward)
        return Case(uses.word, n, own, common)

    def words(
        self, known: KnownWords, words: Sequence[str], sizes: Sequence[int] = SIZES, kind: str = ONE_SENSE
    ) -> list[Case]:
        """Read each word at every number of uses that it has."""
        found = []
        for n in sizes:
            generator = random.Random(f"{SEED} {n} {kind}")
            own = [word for word in words if len(known.places[word]) >= n]
            found += [self.read(known.one_sense(word, n, generator), n) for word in own]
            progress(f"read {len(own)} words, {n} uses of each")
        return found

    def mixtures(self, known: KnownWords, words: Sequence[str]) -> list[Case]:
        """Read mixtures of each word with the next one."""
        found = []
        for n in SIZES:
            generator = random.Random(f"{SEED} {n} {MIXTURES}")
            pairs = [
                pair
                for pair in zip(words, [*words[1:], words[0]], strict=True)
                if len(known.places[pair[0]]) >= n
            ]
            found += [self.read(known.mixture(*pair, n, generator), n) for pair in pairs]
            progress(f"read {len(pairs)} mixtures, {n} uses of each")
        return found


def _centres(centres: ContextCentres, uses: Uses) -> np.ndarray:
    return np.stack([centres.of(use.tokens, use.span) for use in uses.uses])


def as_uses(known: KnownWords, places: Sequence[tuple[int, int]]) -> Uses:
    """Take the places of a text for the uses of one word."""
    one = KnownWords(known.text, known.sentences, {"": tuple(places)})
    return one.one_sense("", len(places), random.Random(0))


def lists_of(known: KnownWords, n_words: int) -> tuple[list[str], list[str], list[str]]:
    """Deal out words: to learn from, to set bounds on, to choose by."""
    generator = random.Random(SEED)
    frequent = known.with_uses(max(SIZES))
    generator.shuffle(frequent)
    bound, choice = frequent[:n_words], frequent[n_words : 2 * n_words]
    others = sorted(set(known.with_uses(N_LEARNED_USES)) - {*bound, *choice})
    generator.shuffle(others)
    return others[:N_LEARNED], bound, choice


def statistics(learned: Sequence[Case]) -> dict[str, OfCase]:
    """Name the statistics, each in the vectors of today, and some in others."""
    own = [case.halves for case in learned]
    on_halves = ON_HALVES if own[0].are_independent else {}
    found = {name: _of(statistic) for name, statistic in (ON_VECTORS | on_halves).items()}
    moved = {name: ON_HALVES[name] for name in on_halves if name.startswith(("half", "held"))}
    moved["distance of centroids"] = ON_VECTORS["distance of centroids"]
    found |= {
        f"{name}, common centres": _of(statistic, lambda case: case.common)
        for name, statistic in moved.items()
    }
    for shrinkage in SHRINKAGES:
        whiten = whitened(own, shrinkage)
        for name, statistic in moved.items():
            vectors = lambda case, whiten=whiten: whiten(case.halves)  # noqa: E731
            found[f"{name}, whitened {shrinkage}"] = _of(statistic, vectors)
        found[f"word model {shrinkage}"] = _of(PldaModel.of(own, shrinkage))
    return found


def _of(statistic: OfHalves, vectors: Callable[[Case], Halves] = lambda case: case.halves) -> OfCase:
    return lambda case: statistic(vectors(case), SEED)


def evaluate(statistics_: Mapping[str, OfCase], cases: Mapping[str, Sequence[Case]]) -> Values:
    """Compute statistics of all cases."""
    values: Values = {name: {kind: [] for kind in cases} for name in statistics_}
    for kind, own in cases.items():
        for number, case in enumerate(own, start=1):
            for name, statistic in statistics_.items():
                values[name][kind].append((case.n, statistic(case)))
            if number % 50 == 0:
                progress(f"judged {number} of {len(own)}: {kind}")
    return values


def claims(values: Values, name: str, kind: str, bounds: Mapping[int, float]) -> dict[int, tuple[int, int]]:
    """Count what is claimed, at each number of uses: claims and cases."""
    found = {}
    for n, bound in bounds.items():
        own = [value for size, value in values[name][kind] if size == n]
        if own:
            found[n] = sum(value >= bound for value in own), len(own)
    return found


def bounds_of(values: Values, name: str) -> dict[int, float]:
    """Set the bound of a statistic at each number of uses."""
    return {
        n: bound_of([value for size, value in values[name][BOUND] if size == n])
        for n in sorted({size for size, _ in values[name][BOUND]})
    }


def bound_of(values: Sequence[float]) -> float:
    """The least value above the quantile of words of one sense, see `senses.calibration`."""
    rank = int(np.ceil((1 - RATE) * (len(values) + 1) - 1e-9))
    return float(np.nextafter(sorted(values)[rank - 1], np.inf))


def choice_table(values: Values) -> str:
    """Make the table of the choice: power by number of uses, and in all."""
    sizes = sorted({size for own in values.values() for size, _ in own[MIXTURES]})
    rows = []
    for name in values:
        bounds = bounds_of(values, name)
        found = claims(values, name, MIXTURES, bounds)
        power = [f"{100 * hits / of:.0f}" for hits, of in found.values()]
        in_all = [share(*_in_all(claims(values, name, kind, bounds))) for kind in (ONE_SENSE, MIXTURES)]
        rows.append((_in_all(found)[0], [name, *power, *reversed(in_all)]))
    rows.sort(key=lambda row: -row[0])
    heads = [
        "statistic",
        *(f"% found, {n} uses" for n in sizes),
        "mixtures found",
        "one sense taken for more",
    ]
    return table(heads, [row for _, row in rows])


def _in_all(found: Mapping[int, tuple[int, int]]) -> tuple[int, int]:
    return sum(hits for hits, _ in found.values()), sum(of for _, of in found.values())


def final_table(values: Values, final: Values) -> str:
    """Make the table of words by which nothing was chosen."""
    rows = []
    for name in final:
        rules = {f"{name}, calibrated": bounds_of(values, name)}
        if name == "gain":
            rules["gain, bounds set by hand"] = dict.fromkeys(rules["gain, calibrated"], HAND_SET)
        for rule, bounds in rules.items():
            for kind in FINAL:
                found = claims(final, name, kind, bounds)
                by_size = ", ".join(f"{n}: {hits} of {of}" for n, (hits, of) in found.items())
                rows.append([kind, rule, share(*_in_all(found)), by_size])
    rows.sort(key=lambda row: FINAL.index(row[0]))
    return table(["words", "rule", "more than one group claimed", "by uses"], rows)


def final_cases(reader: Reader) -> dict[str, list[Case]]:
    """Read the words of the last test."""
    controls = as_known(control_uses(2 * max(SIZES)), "controls")
    samples = sample_words()
    words = dict.fromkeys(samples.words)
    sample = as_known(
        {word: find_uses(samples.sentences, word, samples.labels_of(word)) for word in words}, ""
    )
    gold = as_known({word: gold_uses(word) for word in benchmark_data.sense_words()}, "CoarseWSD-10")
    parts = [
        reader.words(controls, list(controls.places)),
        reader.mixtures(controls, list(controls.places)),
        reader.words(sample, list(sample.places), kind="sample"),
        reader.words(gold, list(gold.places), kind="gold"),
    ]
    return dict(zip(FINAL, parts, strict=True))


def main() -> None:
    """Compare the statistics and write the tables."""
    parser = arguments(__doc__)
    parser.add_argument("model")
    parser.add_argument("--final", nargs="+", default=(), help="statistics judged on the last words")
    parser.add_argument("--words", type=int, default=100, help="words of each list")
    parser.add_argument("--train-characters", type=int, default=TRAIN_CHARACTERS)
    options = parser.parse_args()
    encoder = load_encoder(options.model)
    known = calibration_words(options.train_characters)
    reader = Reader(encoder, known)
    learned, bound, choice = lists_of(known, options.words)
    named = statistics(reader.words(known, learned, [N_LEARNED_USES]))
    cases = {
        BOUND: reader.words(known, bound),
        ONE_SENSE: reader.words(known, choice),
        MIXTURES: reader.mixtures(known, choice),
    }
    values = evaluate(named, cases)
    sys.stdout.write(choice_table(values) + "\n")
    if options.final:
        chosen = {name: named[name] for name in dict.fromkeys(("gain", *options.final)) if name in named}
        sys.stdout.write(final_table(values, evaluate(chosen, final_cases(reader))))


if __name__ == "__main__":
    main()
