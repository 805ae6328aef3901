"""Why a query finds no use where a plain search of the text would find something, in one sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from elmo_core.senses.queries import matches_inside, parse_query
from elmo_core.senses.uses import count_words
from elmo_core.tables.records import counted
from elmo_core.text.levelling import fold

_LOOKED_AT = 20_000
"""Sentences searched for a reason."""


def explain_no_use(sentences: Sequence[str | Sequence[str]], word: str) -> str:
    """Say what a plain search finds where `find_uses` found nothing; empty where it finds nothing either.

    Args:
        sentences: of the text, strings or lists of tokens; the first 20,000 are looked at.
        word: the query.

    Raises:
        InputError: as `find_uses`.
    """
    query, looked_at = parse_query(word), list(islice(sentences, _LOOKED_AT))
    counts = count_words(looked_at)
    texts = [fold(one if isinstance(one, str) else " ".join(one)) for one in looked_at]
    if query.pattern:
        pattern = query.pattern
        if inside := sorted(token for token in counts if matches_inside(pattern, [token])):
            return (
                f"/{pattern}/ matches no whole token, but a part of "
                f"{counted(len(inside), 'different token')}, such as {inside[0][:40]}; /.*({pattern}).*/ "
                "finds them."
            )
        if across := matches_inside(pattern, texts):
            return (
                f"A pattern is compared with single tokens, and what /{pattern}/ matches in this text "
                f"({across[0][:40]}) is several; type the phrase itself, without slashes."
            )
        return ""
    for phrase in query.phrases:
        escaped = re.escape(phrase[0])
        if len(phrase) == 1 and (longer := sorted(token for token in counts if phrase[0] in token)):
            return (
                f"{phrase[0]} is no token of this text, but a part of "
                f"{counted(len(longer), 'different token')}, such as {longer[0][:40]}; /.*{escaped}.*/ "
                "finds them."
            )
        missing = [token for token in phrase if token not in counts]
        if len(phrase) > 1 and not missing:
            return f"The tokens {' | '.join(phrase)} are all in this text, but never in a row."
    folded = fold(word.strip())
    if any(folded in text for text in texts):
        return f"{word.strip()} is in this text, but begins or ends inside a token; type whole words."
    return ""
