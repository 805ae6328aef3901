"""A word as a row of character ids, exactly as in the official ELMo (bilm-tf `data.py`).

A word is its UTF-8 bytes between two marks, padded to a fixed length. Ids are shifted by one
(0 means "no word here"), so a table of characters has 262 rows, the first of them zeros:

    id            0      1..256        257   258   259   260   261
    stands for    mask   bytes 0..255  BOS   EOS   BOW   EOW   PAD
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elmo_core.config import MAX_CHARACTERS
from elmo_core.exceptions import InputError

MASK, BOS, EOS, BOW, EOW, PAD = 0, 257, 258, 259, 260, 261

SENTENCE_START, SENTENCE_END, UNKNOWN = "<S>", "</S>", "<UNK>"
_BOUNDARY_BYTES = {SENTENCE_START: BOS, SENTENCE_END: EOS}


def word_to_ids(word: str, max_characters: int = MAX_CHARACTERS) -> list[int]:
    """Character ids of one word, without the padding.

    Bytes that UTF-8 cannot write (lone surrogates) are left out, as officially. A word of more
    than `max_characters - 2` bytes is cut there, which may split a code point.

    Args:
        word: any string; `<S>` and `</S>` give the two sentence boundaries.
        max_characters: length of a row, the two marks included.

    Returns:
        Between 2 and `max_characters` ids.
    """
    if word in _BOUNDARY_BYTES:
        return [BOW, _BOUNDARY_BYTES[word], EOW]
    encoded = word.encode("utf-8", "ignore")[: max_characters - 2]
    return [BOW, *(byte + 1 for byte in encoded), EOW]


def words_to_ids(words: Sequence[str], max_characters: int = MAX_CHARACTERS) -> np.ndarray:
    """Character ids of many words.

    Args:
        words: N strings.
        max_characters: length of a row, the two marks included.

    Returns:
        int16 (N, max_characters), padded with PAD.

    Raises:
        InputError: an element is not a string.
    """
    ids = np.full((len(words), max_characters), PAD, dtype=np.int16)
    for row, word in enumerate(words):
        if not isinstance(word, str):
            raise InputError(f"A token must be a string; token {row} is a {type(word).__name__}.")
        characters = word_to_ids(word, max_characters)
        ids[row, : len(characters)] = characters
    return ids


def word_lengths(ids: np.ndarray) -> np.ndarray:
    """Characters in use per word, the two marks included.

    Args:
        ids: (N, C) character ids as made by `words_to_ids`.

    Returns:
        int64 (N,).
    """
    return np.asarray((ids != PAD).sum(axis=1), dtype=np.int64)
