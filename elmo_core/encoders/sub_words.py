"""Words as sub-words in windows that a transformer can read, and back to one vector for each word."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Joining = Literal["mean", "first", "last"]
"""How the vectors of a word's sub-words become one."""


@dataclass(frozen=True, eq=False)
class Window:
    """Sub-words that are read together, special tokens included."""

    text: int
    ids: list[int]
    words: np.ndarray
    """int64 (m,): the words whose vectors are taken from here."""
    first: np.ndarray
    """int64 (m,): their first sub-words."""
    last: np.ndarray
    """int64 (m,): their last sub-words."""


class SubWords:
    """A fast tokenizer of the library transformers, for lists of words."""

    def __init__(self, tokenizer: Any, longest: int, joining: Joining) -> None:
        """Take a tokenizer.

        Args:
            tokenizer: one that accepts lists of words.
            longest: sub-words of a window, special tokens included.
            joining: how those of a word become one vector.
        """
        self._tokenizer, self._joining = tokenizer, joining
        self._turn = threading.Lock()  # a fast tokenizer refuses a second thread
        self._unknown = tokenizer.unk_token or ""
        self.unknown_id: int | None = tokenizer.unk_token_id
        """Id of the unknown word; None where there is none."""
        self.special_ids = frozenset(tokenizer.all_special_ids)
        """Ids of all special tokens."""
        self._options = {
            "is_split_into_words": True,
            "truncation": True,
            "max_length": longest,
            "stride": longest // 4,
            "return_overflowing_tokens": True,
        }
        # read now, because a call leaves its options in the tokenizer
        self.description = repr((tokenizer.backend_tokenizer.to_str(), self._options, joining))
        """All that the sub-words of a text and their joining depend on."""

    def windows(self, texts: Sequence[Sequence[str]]) -> list[Window]:
        """Cut texts into windows that overlap by a quarter; a text without tokens has none."""
        filled = [index for index, tokens in enumerate(texts) if len(tokens)]
        if not filled:
            return []
        encoded = self._encoded([texts[index] for index in filled])
        parts: dict[int, list[tuple[list[int], list[int | None]]]] = {}
        for row, sample in enumerate(encoded["overflow_to_sample_mapping"]):
            parts.setdefault(filled[sample], []).append((encoded["input_ids"][row], encoded.word_ids(row)))
        return [window for text, own in parts.items() for window in _chosen(text, own)]

    def joined(self, found: np.ndarray, window: Window) -> np.ndarray:
        """Join sub-words.

        Args:
            found: float32 (L, S, D), vectors of the sub-words of a window.
            window: the window.

        Returns:
            float32 (L, m, D), vectors of its words.
        """
        if self._joining != "mean":
            return found[:, window.first if self._joining == "first" else window.last]
        sums = np.zeros((len(found), found.shape[1] + 1, found.shape[2]))
        np.cumsum(found, axis=1, dtype=np.float64, out=sums[:, 1:])
        counts = (window.last + 1 - window.first)[:, None]
        return np.asarray((sums[:, window.last + 1] - sums[:, window.first]) / counts, np.float32)

    def _encoded(self, texts: Sequence[Sequence[str]]) -> Any:
        """The sub-words of texts; a word that has none, such as a control character, is an unknown one."""
        words = [[_writable(token) or self._unknown for token in tokens] for tokens in texts]
        encoded = self._call(words)
        missing = [set(range(len(tokens))) for tokens in words]
        for row, sample in enumerate(encoded["overflow_to_sample_mapping"]):
            missing[sample].difference_update(encoded.word_ids(row))
        if not any(missing):
            return encoded
        for tokens, absent in zip(words, missing, strict=True):
            for place in absent:
                tokens[place] = self._unknown
        return self._call(words)

    def _call(self, words: Sequence[Sequence[str]]) -> Any:
        with self._turn:
            return self._tokenizer(words, **self._options)


def _writable(token: str) -> str:
    """A token without what UTF-8 cannot write."""
    return token.encode("utf-8", "ignore").decode()


def _chosen(text: int, parts: Sequence[tuple[list[int], list[int | None]]]) -> Iterator[Window]:
    """The windows of one text, each word in the one where it stands farthest from a cut."""
    best: dict[int, tuple[int, int, int, int]] = {}  # word -> (distance, window, first, last)
    for number, (_, words) in enumerate(parts):
        places: dict[int, list[int]] = {}
        for place, word in enumerate(words):
            if word is not None:
                places.setdefault(word, []).append(place)
        for word, own in places.items():
            before = own[0] if number else len(words)
            after = len(words) - own[-1] if number < len(parts) - 1 else len(words)
            distance = min(before, after)
            if word not in best or distance > best[word][0]:
                best[word] = (distance, number, own[0], own[-1])
    for number, (ids, _) in enumerate(parts):
        kept = [(word, *found[2:]) for word, found in sorted(best.items()) if found[1] == number]
        if kept:
            yield Window(text, ids, *np.array(kept, dtype=np.int64).T)
