"""Calibrating the rule for sense groups: its bounds, set for one model so that few false claims are made.

    calibration = calibrate(encoder, find_known_words(sentences, "my text"))
    find_groups(vectors.contexts, bounds=calibration.bounds)

The words come from text without labels (`senses.known_words`). At each number of uses, the bound is a
quantile of the words held to one sense: of m words the ceil((1 - rate) (m + 1))-th smallest value of what the
rule judges (`strength_of`). A further word of their kind exceeds it with a probability of at most `rate`,
whatever the model and however the values are distributed (conformal prediction; Vovk et al. 2005).

The rate that is reached is measured by cross-validation: each fifth of the words is judged by the bound that
the other four fifths give. Power is the share of mixtures of two words in which groups are claimed.

With `rate=None` the bounds are those that are set by hand, and what they claim is counted on all the words.

The objection by shuffled contexts is not part of it. It only makes claims fewer.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.measuring.intervals import Estimate, wilson
from elmo_core.progress import Report
from elmo_core.senses.bounds import GAIN_BY_CLOSENESS, UNCALIBRATED, Bounds
from elmo_core.senses.groups import MAX_JUDGED, SenseGroups, find_groups
from elmo_core.senses.known_words import KnownWords
from elmo_core.senses.use_vectors import embed_uses
from elmo_core.senses.uses import Uses

RATE = 0.05
"""Rate of false claims that is aimed at."""
SIZES = (10, 16, 25, 40, 80, 160, 320)
"""Numbers of uses at which a bound is set, as far as the text has enough words with so many."""
N_WORDS, N_MIXTURES = 100, 50
"""Most words and mixtures at each number of uses."""
N_FOLDS = 5
_NO_BOUND = Bounds(((MAX_JUDGED, -math.inf),))


@dataclass(frozen=True)
class Level:
    """What was found at one number of uses."""

    n_uses: int
    least_gain: float
    """The bound."""
    n_words: int
    """Words held to one sense."""
    n_false: int
    """Those of them that are taken for more, each by a bound that was set without it."""
    n_mixtures: int
    n_found: int
    """Mixtures that are taken for more than one group."""

    @property
    def false_claims(self) -> Estimate:
        """The rate of false claims, with its 95% interval."""
        return wilson(self.n_false / self.n_words, self.n_words)

    @property
    def power(self) -> Estimate:
        """The share of mixtures that are found, with its 95% interval."""
        return wilson(self.n_found / self.n_mixtures, self.n_mixtures)


@dataclass(frozen=True)
class SenseCalibration:
    """The bounds of one model, how they were set, and how often they are wrong."""

    model: str
    """Its name when it was calibrated."""
    fingerprint: str
    """Of the encoder."""
    text: str
    """Where the words come from."""
    rate: float | None
    """Rate of false claims that was aimed at; None = the bounds are those set by hand."""
    seed: int
    levels: tuple[Level, ...]
    """By rising number of uses."""

    @property
    def bounds(self) -> Bounds:
        """What `find_groups` judges by."""
        if self.rate is None:
            return UNCALIBRATED
        return Bounds(tuple((level.n_uses, level.least_gain) for level in self.levels))

    def level_of(self, n: int) -> Level:
        """The level that is nearest to n uses, on a logarithmic scale."""
        return min(self.levels, key=lambda level: abs(math.log(level.n_uses / n)))


def calibrate(
    encoder: Encoder,
    known: KnownWords,
    *,
    rate: float | None = RATE,
    sizes: Sequence[int] = SIZES,
    n_words: int = N_WORDS,
    n_mixtures: int = N_MIXTURES,
    seed: int = 42,
    report: Report | None = None,
) -> SenseCalibration:
    """Set the bounds of the rule for sense groups for a model, and count what they claim.

    Args:
        encoder: the model; one that reads a context without its word.
        known: words of a text that are held to one sense.
        rate: rate of false claims to aim at, above 0 and below 1; None = leave the bounds as they are set by
            hand.
        sizes: numbers of uses at which a bound is set, but for those that too few words have.
        n_words: most words held to one sense at each of them.
        n_mixtures: most mixtures of two at each of them.
        seed: seed of every random draw.
        report: progress callback; an error that it raises stops the work.

    Raises:
        InputError: the text has too few words with enough uses, the model cannot look at a context without
            its word, or the rate is impossible.
    """
    if rate is not None and not 0 < rate < 1:
        raise InputError(f"The rate of false claims must lie between 0 and 1; {rate} was given.")
    needed = least_words(rate)
    kept = [n for n in sorted(sizes) if len(known.with_uses(n)) >= needed]
    if not kept or n_words < needed:
        found = min(n_words, len(known.with_uses(min(sizes))))
        why = "" if rate is None else f" for a rate of {rate:.0%}"
        raise InputError(
            f"{known.text} has {found} words to calibrate with, of {min(sizes)} uses or more, and {needed} "
            f"are needed{why}. Give a longer text."
        )
    drawn = {n: _draw(known, n, n_words, n_mixtures, seed) for n in kept}
    progress = _Progress(
        report, sum(len(uses.uses) for pair in drawn.values() for uses in (*pair[0], *pair[1]))
    )
    levels = []
    for n, (words, mixtures) in drawn.items():
        strengths = [_judge(encoder, uses, seed, progress, "words of one sense") for uses in words]
        mixed = [_judge(encoder, uses, seed, progress, "mixtures of two words") for uses in mixtures]
        levels.append(level_from(n, strengths, mixed, rate))
    return SenseCalibration(encoder.name, encoder.fingerprint, known.text, rate, seed, tuple(levels))


def least_words(rate: float | None) -> int:
    """Words held to one sense that a rate needs, so that four fifths of them give a bound; two at least."""
    return 2 if rate is None else max(2, math.ceil((1 / rate - 1) * N_FOLDS / (N_FOLDS - 1)))


def strength_of(groups: SenseGroups) -> float:
    """What the rule judges: the bound from which on the word would not be taken for more than one group.

    Args:
        groups: found without a bound.

    Returns:
        Of all cuts without another objection, the largest gain for groups as close as two random places;
        minus infinity where there is no such cut.
    """
    sound = [cut for cut in groups.candidates if not cut.objections]
    return max((cut.gain - GAIN_BY_CLOSENESS * cut.closeness for cut in sound), default=-math.inf)


def level_from(n: int, strengths: Sequence[float], mixed: Sequence[float], rate: float | None) -> Level:
    """Set the bound at one number of uses, and count what it claims.

    Args:
        n: uses.
        strengths: of the words held to one sense, in random order.
        mixed: of the mixtures of two.
        rate: rate of false claims to aim at; None = the bound is the one set by hand.
    """
    if rate is None:
        bound = UNCALIBRATED.least_gain(n, 0)
        n_false = sum(value >= bound for value in strengths)
    else:
        n_false = 0
        for fold in range(N_FOLDS):
            others = [value for at, value in enumerate(strengths) if at % N_FOLDS != fold]
            n_false += sum(value >= _bound(others, rate) for value in strengths[fold::N_FOLDS])
        bound = _bound(strengths, rate)
    n_found = sum(value >= bound for value in mixed)
    return Level(n, bound, len(strengths), n_false, len(mixed), n_found)


def _bound(strengths: Sequence[float], rate: float) -> float:
    """The smallest bound with four decimals above the quantile; 0 where no cut of so many words is sound."""
    rank = math.ceil((1 - rate) * (len(strengths) + 1) - 1e-9)
    quantile = sorted(strengths)[rank - 1]
    return max(0.0, math.floor(quantile * 1e4 + 1) / 1e4) if quantile > -math.inf else 0.0


def _draw(
    known: KnownWords, n: int, n_words: int, n_mixtures: int, seed: int
) -> tuple[list[Uses], list[Uses]]:
    """Draw words held to one sense and mixtures of two, n uses each."""
    generator = random.Random(f"{seed} {n}")
    words = known.with_uses(n)
    generator.shuffle(words)
    words = words[:n_words]
    pairs = list(zip(words, (*words[1:], words[0]), strict=True))[:n_mixtures]
    singles = [known.one_sense(word, n, generator) for word in words]
    return singles, [known.mixture(first, second, n, generator) for first, second in pairs]


def _judge(encoder: Encoder, uses: Uses, seed: int, progress: _Progress, what: str) -> float:
    """The strength of the groups that a model finds in some uses."""
    vectors = embed_uses(encoder, uses, report=progress.within(len(uses.uses), what))
    halves = vectors.contexts
    strength = strength_of(find_groups(halves, n_resamples=0, bounds=_NO_BOUND, seed=seed))
    if strength > -math.inf:  # few words get so far, and resamples take most of the time
        strength = strength_of(find_groups(halves, bounds=_NO_BOUND, seed=seed))
    progress.add(len(uses.uses), what)
    return strength


class _Progress:
    """The share of all uses that have been read and judged."""

    def __init__(self, report: Report | None, n_uses: int) -> None:
        self._report, self._n_uses, self._done = report, n_uses, 0

    def within(self, n: int, what: str) -> Report | None:
        """A callback for the reading of n uses."""
        if self._report is None:
            return None
        report, done = self._report, self._done
        return lambda _, share: report(f"reading {what}", (done + 0.5 * n * share) / self._n_uses)

    def add(self, n: int, what: str) -> None:
        """Count in n uses that have been judged."""
        self._done += n
        if self._report:
            self._report(f"judging {what}", self._done / self._n_uses)
