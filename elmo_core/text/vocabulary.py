"""The words a model can predict, by falling count (`vocab.txt` of the official format)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from elmo_core.exceptions import ModelError, ModelNotFoundError
from elmo_core.text.characters import SENTENCE_END, SENTENCE_START, UNKNOWN

SPECIALS = (SENTENCE_START, SENTENCE_END, UNKNOWN)
START_TYPE, END_TYPE, UNKNOWN_TYPE = range(len(SPECIALS))
"""Ids of the special words in a list of types, which begins with `SPECIALS` whatever the vocabulary."""
_SKIPPED = "!!!MAXTERMID"


class Vocabulary:
    """Words with their ids: the three special ones, as a rule first, and the others by falling count.

    The special words may stand anywhere, as in bilm-tf: the id of a word is its place, whatever the order.
    It limits what can be *predicted* (and what a model with word-id input can read); a model with
    character input reads any string.
    """

    def __init__(self, words: Sequence[str]) -> None:
        """Make a vocabulary.

        Args:
            words: all words in order, the three special ones among them.

        Raises:
            ModelError: a special word is missing, or a word stands twice.
        """
        self.words = tuple(words)
        self._ids = {word: index for index, word in enumerate(self.words)}
        if missing := [word for word in SPECIALS if word not in self._ids]:
            got = ", ".join(map(repr, words[:3])) or "nothing"
            raise ModelError(
                f"A vocabulary must hold {', '.join(SPECIALS)}; {', '.join(missing)} is missing, and it "
                f"begins with {got}. Where the words were learned without them, add them as its first lines."
            )
        self.start_id, self.end_id, self.unknown_id = (self._ids[word] for word in SPECIALS)
        if len(self._ids) != len(self.words):
            seen: set[str] = set()
            twice = next(word for word in self.words if word in seen or seen.add(word))  # type: ignore[func-returns-value]
            raise ModelError(f"The vocabulary holds {twice!r} twice; keep one line for each word.")

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._ids

    def __getitem__(self, index: int) -> str:
        return self.words[index]

    def id_of(self, word: str) -> int:
        """Id of a word, the one of `<UNK>` where it is not known."""
        return self._ids.get(word, self.unknown_id)

    def ids_of(self, words: Iterable[str]) -> np.ndarray:
        """Ids of words as int64 (N,), the one of `<UNK>` where a word is not known."""
        return np.fromiter((self.id_of(word) for word in words), dtype=np.int64)

    @classmethod
    def read(cls, path: Path) -> Vocabulary:
        """Read one word per line.

        Raises:
            ModelNotFoundError: there is no such file.
            ModelError: it cannot be read, is not UTF-8 or breaks the rules of a vocabulary.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise ModelNotFoundError(f"There is no vocabulary at {path}.") from None
        except OSError as error:
            raise ModelError(f"The vocabulary at {path} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise ModelError(f"{path} is not UTF-8 text; a vocabulary is one word per line.") from None
        lines = [line.strip() for line in text.split("\n")]  # splitlines would also cut at U+2028 and others
        return cls([line for line in lines if line and line != _SKIPPED])

    def write(self, path: Path) -> None:
        """Write one word per line."""
        path.write_text("\n".join(self.words) + "\n", encoding="utf-8")
