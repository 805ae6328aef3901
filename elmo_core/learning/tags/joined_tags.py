"""Sentences whose words are joined to their tags: `The/DT cat/NN`, `The_DT cat_NN`, `The|DT cat|NN`.

The Brown corpus, Penn's .pos files and most taggers of parts of speech write a sentence a line in this way.
Nearly every word must end in a tag, and tags must recur, so that no prose is taken for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from elmo_core.learning.tags.sentences import TokenFile
from elmo_core.learning.tags.token_rows import Row, make_token_file
from elmo_core.tables.records import Skipped
from elmo_core.text.encodings import Decoded
from elmo_core.text.opening import split_lines

_MARKS = "/_|"
_LOOKED_AT = 500
"""Lines."""
_NEARLY_ALL, _LEAST_WORDS = 0.95, 2
_RECURS = 0.9
"""Different tags for each different word, at most."""


def find_mark(text: str) -> str | None:
    """The character between words and tags; None = the text is not of this kind."""
    lines = [line.split() for line in split_lines(text[:200_000])[:_LOOKED_AT] if line.strip()]
    words = [word for line in lines for word in line]
    if len(words) < _LEAST_WORDS * len(lines):
        return None
    for mark in _MARKS:
        pairs = [word.rpartition(mark) for word in words]
        joined = [(token, tag) for token, _, tag in pairs if token and tag]
        n_tokens, n_tags = (len({pair[at] for pair in joined}) for at in (0, 1))
        if len(joined) >= _NEARLY_ALL * len(words) > 0 and n_tags <= max(1, _RECURS * n_tokens):
            return mark
    return None


def read_joined(decoded: Decoded, name: str, mark: str) -> TokenFile:
    """Read a file with a sentence a line.

    Args:
        decoded: the characters of the file.
        name: for messages.
        mark: between word and tag (see `find_mark`); of several in a word the last one counts.

    Raises:
        InputError: no sentence is left.
    """
    blocks: list[Sequence[Row]] = []
    skipped: list[Skipped] = []
    for number, line in enumerate(split_lines(decoded.text), start=1):
        pairs = [word.rpartition(mark) for word in line.split()]
        bare = next((token + tag for token, _, tag in pairs if not (token and tag)), None)
        if bare is not None:
            skipped.append(Skipped(number, f"a word without a tag ({bare[:20]})", line[:200]))
        elif pairs:
            blocks.append([(number, (token, tag)) for token, _, tag in pairs])
    notes = (*decoded.remarks(), f"Each word is divided from its tag at {mark!r}.")
    return make_token_file(
        name,
        "words with tags",
        ("token", "tag"),
        blocks,
        skipped=skipped,
        notes=notes,
        encoding=decoded.encoding,
    )
