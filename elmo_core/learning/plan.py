"""How long the steps of a comparison take: for an estimate before it, and for its progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from elmo_core.learning.methods import BASE
from elmo_core.learning.results import ATTENTION, BASELINES, LEARNED, MAJORITY
from elmo_core.learning.text_layers import Report

READING = "reading the texts"
TFIDF_SECONDS = {"word": 5e-6, "char": 4e-5}
"""For one character: three trials and the fit."""
LINEAR_SECONDS = 4e-7
"""Of fitting a linear head, for each number of its input."""
_ATTENTION_SECONDS = 3e-4
"""Of fitting an attention head, for each character of the training texts."""
_LINEAR_LEAST = 0.5
"""Of fitting a linear head to however few texts, whose penalty is chosen on several folds."""
_LEAST = 0.1


def step_seconds(
    methods: Sequence[str],
    *,
    n_texts: int,
    n_characters: float,
    rate: float,
    shape: tuple[int, int],
    analyser: str,
    n_folds: int,
    limit_s: float,
) -> dict[str, float]:
    """Seconds of each step, in the order of the steps; rough, as they depend on the machine.

    Args:
        methods: names.
        n_texts: of all texts.
        n_characters: of all texts.
        rate: seconds that the vectors of one character take.
        shape: number and width of the layers.
        analyser: of the TF-IDF.
        n_folds: of a cross-validation; 0 or 1 = one split.
        limit_s: seconds in all; attention stops where they are over.
    """
    n_layers, dim = shape
    rounds = max(n_folds, 1)
    found: dict[str, float] = {}
    for name in methods:
        if name not in BASELINES:
            found.setdefault(READING, rate * n_characters)
        if name == MAJORITY:
            seconds = 0.0
        elif name in BASELINES or name in BASE:
            seconds = TFIDF_SECONDS[analyser] * n_characters * rounds
        elif name == ATTENTION:
            seconds = _ATTENTION_SECONDS * n_characters * rounds
        else:
            numbers = n_texts * dim * (n_layers if name == LEARNED else 1)
            seconds = (LINEAR_SECONDS * numbers + _LINEAR_LEAST) * rounds
        found[name] = seconds + _LEAST
    if ATTENTION in found:
        others = sum(found.values()) - found[ATTENTION]
        found[ATTENTION] = min(found[ATTENTION], max(limit_s - others, _LEAST))
    return found


class Progress:
    """Turns how far each step is into how far the whole is."""

    def __init__(self, report: Report | None) -> None:
        """Begin before the first step; without steps nothing is known of the whole.

        Args:
            report: told what is being done and the share of the whole that is done.
        """
        self._report = report
        self._seconds: dict[str, float] = {}
        self._step, self._part, self._done = "", (0, 1), 0.0

    def expect(self, seconds: Mapping[str, float]) -> None:
        """Set the steps and how long each may take."""
        self._seconds = dict(seconds)

    def start(self, step: str, part: int = 0, n_parts: int = 1) -> None:
        """A step, or one of the like parts of it, begins; what comes before it is done."""
        names = list(self._seconds)
        before = names[: names.index(step)] if step in names else names
        self._done = sum(self._seconds[name] for name in before)
        self._step, self._part = step, (part, n_parts)
        self(step, 0.0)

    def __call__(self, doing: str, share: float) -> None:
        """Tell how far the step is, in the manner of `Report`."""
        if self._report is None:
            return
        part, n_parts = self._part
        own = self._seconds.get(self._step, 0.0) * (part + share) / n_parts
        whole = sum(self._seconds.values())
        self._report(self._step or doing, min((self._done + own) / whole, 1.0) if whole else 0.0)
