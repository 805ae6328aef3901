"""Sense groups by calibrated bounds: false claims and power on words that the calibration has not seen.

    python -m bench.sense_calibration english-small FOLDER_OF_A_TRANSFORMER
    python -m bench.sense_calibration english-small --keep      also written beside the shipped models
    python -m bench.sense_calibration english-small --by-hand --keep    only count what hand-set bounds claim

Each model is calibrated on Wikipedia: all of the held-out text and the start of the training text, without
the words that are judged afterwards. These are the 60 words of one sense of bench/word_senses.py, which were
written down before any of them was looked at, and 60 mixtures of two of them. Beside the calibrated bounds
stand those for a model without a calibration. The objection by shuffled contexts, which only makes claims
fewer, is left out.

With --by-hand, nothing is calibrated: at several numbers of uses, the same words are judged by the hand-set
bounds, which is what the pages say of a model that ships with them.
"""

from __future__ import annotations

import lzma
import random
import sys
from collections.abc import Mapping, Sequence

from bench import benchmark_data
from bench.reporting import arguments, progress, table
from bench.word_senses import CORPORA, FREQUENT, FRESH, RARER, corpus_uses
from elmo_core import Encoder, load_encoder
from elmo_core.measuring.intervals import wilson
from elmo_core.senses.bounds import UNCALIBRATED
from elmo_core.senses.calibration import SIZES, SenseCalibration, calibrate
from elmo_core.senses.groups import find_groups
from elmo_core.senses.kept_calibrations import SHIPPED, keep_calibration
from elmo_core.senses.known_words import KnownWords, find_known_words
from elmo_core.senses.use_vectors import embed_uses
from elmo_core.senses.uses import Use, Uses, find_uses
from elmo_core.shipped import shipped
from elmo_core.tables.corpus import Text, read_column
from elmo_core.tables.reading import read_table_file
from elmo_core.text.tokenisation import tokenised_sentences

TRAIN_CHARACTERS = 12_000_000
"""Characters of the training text that words are taken from."""
COUNTED = (10, 20, 40, 80)
"""Numbers of uses at which the claims of hand-set bounds are counted."""
MIXED = (20, 50, 100, 200)
"""Numbers of uses of the mixtures, in turn."""


def sample_words() -> Text:
    """Read the sample with its labelled senses."""
    table_ = read_table_file(shipped("data/samples/senses.csv"))
    return read_column(table_, "sentence", "sense", "word")


def calibration_words(train_characters: int) -> KnownWords:
    """Find words held to one sense, none of them judged anywhere in docs/word-senses.md."""
    sentences: list[Sequence[str]] = []
    for part, most in (("valid", sys.maxsize), ("train", train_characters)):
        with lzma.open(CORPORA / f"wikipedia.{part}.txt.xz", "rt", encoding="utf-8") as lines:
            for line in lines:
                sentences += tokenised_sentences(line)
                most -= len(line)
                if most < 0:
                    break
    judged = {*FREQUENT, *RARER, *FRESH, *benchmark_data.sense_words(), *sample_words().words}
    return find_known_words(sentences, "Wikipedia", leave_out=judged)


def control_uses(most: int) -> dict[str, Uses]:
    """Draw uses of the 60 words of one sense, at most so many of each."""
    held_out = corpus_uses(FREQUENT, "valid", most)
    return held_out | corpus_uses([*RARER, *FRESH], "train", most)


def mixtures(words: dict[str, Uses]) -> list[Uses]:
    """Mix each word with the next one, one use in two to one in four of the second one."""
    generator, found = random.Random(42), []
    names = list(words)
    for number, (first, second) in enumerate(zip(names, [*names[1:], names[0]], strict=True)):
        n = min(MIXED[number % len(MIXED)], len(words[first].uses), len(words[second].uses))
        n_second = round(n * generator.uniform(0.25, 0.5))
        own = generator.sample(words[first].uses, n - n_second)
        own += generator.sample(words[second].uses, n_second)
        uses = [Use(at, at, use.position, use.tokens, None, "", "", use.length) for at, use in enumerate(own)]
        found.append(Uses(f"{first}, {second}", n, tuple(uses)))
    return found


def claims(encoder: Encoder, uses: Uses, calibration: SenseCalibration) -> tuple[int, int]:
    """Return the groups that are claimed by the bounds without a calibration, and by those with one."""
    contexts, bounds = embed_uses(encoder, uses).contexts, calibration.bounds
    by_hand = find_groups(contexts, bounds=UNCALIBRATED)
    is_judged = len(contexts) <= (bounds.most_uses or 0)
    calibrated = by_hand.judged_by(bounds) if is_judged else find_groups(contexts, bounds=bounds)
    found = (by_hand.k, calibrated.k)
    progress(f"{encoder.name}, {uses.word}: {len(uses.uses)} uses, groups {found[0]}, calibrated {found[1]}")
    return found


def share(n: int, of: int) -> str:
    """Format a count and its share with the 95% interval."""
    found = wilson(n / of, of)
    return f"{n} of {of}: {found.value:.0%} ({found.low:.0%} to {found.high:.0%})"


def as_known(words: Mapping[str, Uses], text: str) -> KnownWords:
    """Turn the uses of some words into a text that uses can be drawn from."""
    sentences = [use.tokens for uses in words.values() for use in uses.uses]
    rows = iter(range(len(sentences)))
    places = {word: tuple((next(rows), use.position) for use in uses.uses) for word, uses in words.items()}
    return KnownWords(text, sentences, places)


def levels_table(calibration: SenseCalibration) -> str:
    """Make the table of what the calibration found on its own words."""
    heads = ["model", "uses", "least gain", "one sense taken for more", "mixtures found"]
    rows = [
        [
            calibration.model,
            level.n_uses,
            f"{level.least_gain:.3f}",
            share(level.n_false, level.n_words),
            share(level.n_found, level.n_mixtures),
        ]
        for level in calibration.levels
    ]
    return table(heads, rows)


def main() -> None:
    """Calibrate the models, judge words that the calibration has not seen, and write the tables."""
    parser = arguments(__doc__)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--words", type=int, default=80, help="most words at each number of uses")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of uses")
    parser.add_argument("--most", type=int, default=300, help="uses of a word that is judged, at most")
    parser.add_argument("--train-characters", type=int, default=TRAIN_CHARACTERS)
    parser.add_argument("--by-hand", action="store_true", help="only count what hand-set bounds claim")
    parser.add_argument("--keep", action="store_true", help="ship the calibrations with the program")
    options = parser.parse_args()
    controls = control_uses(options.most)
    if options.by_hand:
        for model in options.models:
            sys.stdout.write(levels_table(_counted(load_encoder(model), controls, options.keep)))
        return
    known = calibration_words(options.train_characters)
    samples = sample_words()
    ambiguous = [
        find_uses(samples.sentences, word, samples.labels_of(word)) for word in dict.fromkeys(samples.words)
    ]
    kinds = {"60 words of one sense": [*controls.values()], "mixtures of two": mixtures(controls)}
    kinds["ambiguous words of the sample"] = ambiguous
    rows = []
    for model in options.models:
        encoder = load_encoder(model)
        calibration = calibrate(
            encoder,
            known,
            sizes=options.sizes,
            n_words=options.words,
            n_mixtures=options.words // 2,
            report=_say,
        )
        sys.stdout.write(levels_table(calibration) + "\n")
        sys.stdout.flush()
        if options.keep:
            keep_calibration(calibration, shipped(SHIPPED))
        for kind, words in kinds.items():
            groups = [claims(encoder, uses, calibration) for uses in words]
            counts = [sum(k > 1 for k in rule) for rule in zip(*groups, strict=True)]
            rows.append([encoder.name, kind, *(share(count, len(words)) for count in counts)])
    heads = ["model", "more than one group claimed for", "by hand-set bounds", "calibrated"]
    sys.stdout.write(table(heads, rows))


def _counted(encoder: Encoder, controls: Mapping[str, Uses], keep: bool) -> SenseCalibration:
    n = len(controls)
    known = as_known(controls, f"{n} words of Wikipedia")
    found = calibrate(encoder, known, rate=None, sizes=COUNTED, n_words=n, n_mixtures=n, report=_say)
    if keep:
        keep_calibration(found, shipped(SHIPPED))
    return found


def _say(doing: str, done: float) -> None:
    progress(f"{done:.0%} {doing}")


if __name__ == "__main__":
    main()
