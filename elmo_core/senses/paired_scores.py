"""Two models on the same labelled uses: which one places more of them with their own sense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binomtest

from elmo_core.geometry.separation import Separation

_LEVEL = 0.05


@dataclass(frozen=True)
class PairedScores:
    """How often only one of two models places a use with its own sense."""

    n: int
    """Uses that both were scored on."""
    only_first: int
    """Uses that the first places rightly, and the second does not."""
    only_second: int
    """Uses that the second places rightly, and the first does not."""
    p_value: float
    """Of the exact two-sided sign test on these (McNemar)."""

    def say(self, first: str, second: str) -> str:
        """Say in one sentence what the models differ in.

        Args:
            first: name of the first model.
            second: name of the second one.
        """
        if self.p_value < _LEVEL:
            better = first if self.only_first > self.only_second else second
            found = f"{better} tells these senses apart better"
        else:
            found = "no evidence that they differ"
        return (
            f"On the same {self.n} uses, only {first} is right about {self.only_first} and only {second} "
            f"about {self.only_second}: {found} (exact sign test, p = {self.p_value:.2g})."
        )


def pair_scores(first: Separation, second: Separation, labels: Sequence[str | None]) -> PairedScores:
    """Compare the scores of two models use by use.

    Args:
        first: score of the first model.
        second: score of the second one, on the same uses.
        labels: their labelled senses. A use whose nearest senses tie counts as wrong.
    """
    scored = [row for row, label in enumerate(labels) if label in first.senses]
    is_first = [first.nearest[row] == labels[row] for row in scored]
    is_second = [second.nearest[row] == labels[row] for row in scored]
    pairs = list(zip(is_first, is_second, strict=True))
    only_first, only_second = pairs.count((True, False)), pairs.count((False, True))
    n = only_first + only_second
    p_value = float(binomtest(only_first, n).pvalue) if n else 1.0
    return PairedScores(len(scored), only_first, only_second, p_value)
