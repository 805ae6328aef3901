"""Lower-casing as augmentation: some sentences of each epoch are read without their capitals.

People type in lower case and half of the field's test sets are lower-cased; a biLM trained on
edited prose alone meets `apple` as a fruit only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.text.tagged import lower_token
from elmo_core.text.vocabulary import SPECIALS


@dataclass(frozen=True)
class Lowering:
    """Where the lower-cased form of each type stands."""

    types: tuple[str, ...]
    """The types of a corpus, then the lower-cased forms that it lacks."""
    ids: np.ndarray
    """Of the lower-cased form of each type of the corpus: uint32 (n_types,)."""


def lowering(types: Sequence[str]) -> Lowering:
    """Find or add the lower-cased form of every type; the special words stay what they are."""
    known = {word: index for index, word in enumerate(types)}
    ids = np.arange(len(types), dtype=np.uint32)
    for index, word in enumerate(types[len(SPECIALS) :], start=len(SPECIALS)):
        lower = lower_token(word)
        if lower != word:
            ids[index] = known.setdefault(lower, len(known))
    return Lowering(tuple(known), ids)
