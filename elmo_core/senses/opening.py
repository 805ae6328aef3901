"""The word of a labelled text that shows best what a model does: its senses are told apart by context alone.

A word qualifies if the model tells its senses apart better than by chance, and if nothing simpler does (part
of speech, the word before or after, spelling, sentence length). Of these words, the one with the largest
share of uses nearest to their own sense is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.geometry.separation import Separation, separation
from elmo_core.senses.explanations import LEVEL, simplest_rival
from elmo_core.senses.facts import facts_of
from elmo_core.senses.use_vectors import embed_uses
from elmo_core.senses.uses import find_uses
from elmo_core.tables.corpus import Text


@dataclass(frozen=True)
class Candidate:
    """One word of a labelled text as an opening."""

    word: str
    score: Separation
    """How well its context vectors separate its senses."""
    rival: str
    """The simpler fact that tells its senses apart best; empty = none does better than chance."""
    rival_accuracy: float
    """Accuracy by that fact alone; 0 without one."""

    @property
    def qualifies(self) -> bool:
        """Whether the model tells the senses apart, and nothing simpler does."""
        return self.score.p_value < LEVEL and not self.rival


def rank_openings(encoder: Encoder, text: Text) -> tuple[Candidate, ...]:
    """Score every labelled word of a text, the best opening first.

    Args:
        encoder: the model; it reads each sentence once.
        text: with labelled words.
    """
    found = []
    for word in dict.fromkeys(text.words):
        uses = find_uses(text.sentences, word, text.labels_of(word))
        try:
            score = separation(embed_uses(encoder, uses).contexts.units(), uses.labels)
        except (InputError, ValueError):  # one sense alone, or no use at all
            continue
        rival = simplest_rival(facts_of(uses, text), uses.labels)
        found.append(Candidate(word, score, *((rival[0], rival[1].accuracy) if rival else ("", 0.0))))
    return tuple(sorted(found, key=lambda one: (not one.qualifies, -one.score.accuracy)))


def opening_word(candidates: Sequence[Candidate]) -> str:
    """The best opening.

    Raises:
        InputError: there is no candidate.
    """
    if not candidates:
        raise InputError("No word of this text has labelled senses to compare.")
    return candidates[0].word
