"""Raw text to sentences of tokens, Moses style as the corpus of the published ELMo.

Sentences are split by `sentencex` (Wikimedia), words by `sacremoses`, neither written here. Both read the
levelled text (`elmo_core.text.levelling`), so tokens do not depend on how an apostrophe or an accent was
typed. Dashes inside words stay, entities are not escaped: `don't` -> `don`, `'t`; `well-known` ->
`well-known`. A token never ends inside a character as a reader sees it: combining marks, the parts of an
emoji and the zero-width joiners of Persian and Indic words stay in one token.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

import regex

from elmo_core.exceptions import InputError
from elmo_core.text.levelling import fold, level, level_with_offsets
from elmo_core.text.opening import split_lines

if TYPE_CHECKING:
    from sacremoses import MosesTokenizer

TOKENISATION_VERSION = "sentencex-1/moses-0.2/levelled-1/lines-1"
"""Part of the key of every tokenised cache; change it when the rules below change."""

Place = tuple[int, int]
"""Start and end in a text, the end not included."""

Phrase = tuple[str, ...]
"""Folded tokens that stand in a row; a word is a phrase of one."""

_BESIDE = "a"
_WITHOUT_BLANKS = {"zh", "yue", "ja", "th", "lo", "km", "my"}
_CLUSTERS = regex.compile(r"\X")
_MAY_BE_CUT = regex.compile(
    r"[\p{M}\p{Emoji_Modifier}\p{Regional_Indicator}\u180e\u200c\u200d\U000e0020-\U000e007f]"
)
_INSIDE_A_WORD = regex.compile(
    r"(?<=[[\p{Mn}\p{Mc}]--[\ufe00-\ufe0f\U000e0100-\U000e01ef]])"
    r"[\p{L}--[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]]"
    r"|(?<=[\u180e\u200c\u200d])\w",
    regex.VERSION1,
)
_PARTS = regex.compile(r"\w+|[^\w\s]")


@lru_cache(maxsize=64)
def language_code(language: str) -> str:
    """Return the code of a language given by code or English name; any other name stays as it is."""
    from sacremoses import NonbreakingPrefixes

    known: dict[str, str] = NonbreakingPrefixes().available_langs
    name = language.strip().lower()
    return known.get(name, name)


@lru_cache(maxsize=64)
def check_language(language: str) -> str:
    """Find the code of a language that can be tokenised.

    Args:
        language: ISO 639-1 code, or the English name: "fr" or "French".

    Raises:
        InputError: there are no rules for it, or it is written without blanks between words.
    """
    from sacremoses import NonbreakingPrefixes

    known: dict[str, str] = NonbreakingPrefixes().available_langs
    code = language_code(language)
    if code in _WITHOUT_BLANKS:
        raise InputError(
            f"Words of {language} are not separated by blanks, so they cannot be told here; "
            "separate the tokens by blanks and say that the text is tokenised (--tokenised)."
        )
    if code not in known.values():
        codes = ", ".join(sorted({*known.values()} - _WITHOUT_BLANKS))
        raise InputError(
            f"There are no rules to tokenise {language!r}; there are for {codes}. Leave the language out for "
            "the rules of English, or give tokenised text."
        )
    return code


@lru_cache(maxsize=8)
def _moses(language: str) -> MosesTokenizer:
    from sacremoses import MosesTokenizer

    return MosesTokenizer(check_language(language))


def _encodable(text: str) -> str:
    """Leave out lone surrogates, which UTF-8 (and so both libraries) cannot hold."""
    return text.encode("utf-8", "ignore").decode("utf-8")


def split_sentences(text: str, language: str = "en") -> list[str]:
    """Split running text into sentences; line ends (see `text.opening`) always end a sentence.

    Args:
        text: any text.
        language: ISO 639-1 code.

    Returns:
        The sentences in order, spelt as in the text and stripped; blank ones are left out.
    """
    text = _encodable(text)
    return [text[start:end] for (start, end), _ in _split(text, language)]


def tokenise(sentence: str, language: str = "en") -> list[str]:
    """Split one sentence into tokens.

    Args:
        sentence: one sentence, untokenised.
        language: ISO 639-1 code.

    Returns:
        Its tokens, levelled; an empty list for a blank sentence.
    """
    return _tokens(level(sentence), language)


def tokenise_with_places(sentence: str, language: str = "en") -> tuple[list[str], list[Place]]:
    """Split one sentence into tokens, and keep where each one stands in it.

    Args:
        sentence: one sentence, untokenised.
        language: ISO 639-1 code.

    Returns:
        The tokens of `tokenise`, and the place of each in `sentence` as it was written: what is spelt
        there may differ from the token, as a curly apostrophe does from a straight one.
    """
    levelled = level_with_offsets(sentence)
    tokens = _tokens(levelled.text, language)
    return tokens, [levelled.original_span(*place) for place in _find_places(levelled.text, tokens)]


def phrases_of(words: str, language: str = "en") -> list[Phrase]:
    """Tokenise what is looked for in texts, in every way in which it may stand there.

    Args:
        words: a word or several.
        language: ISO 639-1 code.

    Returns:
        Their folded tokens as they are alone, before, after and between other words: `etc.` is two tokens
        at the end of a sentence and one inside it. A word without blanks comes last as a single token, as
        lists of tokens from elsewhere may hold it. Empty for a blank string.
    """
    found: dict[Phrase, None] = {}
    for before, after in product(("", f"{_BESIDE} "), ("", f" {_BESIDE}")):
        tokens = tokenise(f"{before}{words.strip()}{after}", language)
        found[tuple(map(fold, tokens[bool(before) : len(tokens) - bool(after)]))] = None
    if len(words.split()) == 1:
        found[(fold(words.strip()),)] = None
    return [phrase for phrase in found if any(phrase)]


def tokenised_sentences(text: str, language: str = "en") -> Iterator[list[str]]:
    """Yield the tokens of every sentence of a running text, in order."""
    for _, levelled in _split(_encodable(text), language):
        tokens = _tokens(levelled, language)
        if tokens:
            yield tokens


def located_sentences(text: str, language: str = "en") -> Iterator[tuple[list[str], list[Place]]]:
    """Yield the tokens of `tokenised_sentences`, and where each of them stands in the text."""
    for (first, last), _ in _split(text, language):
        tokens, places = tokenise_with_places(text[first:last], language)
        if tokens:
            yield tokens, [(first + start, first + end) for start, end in places]


def _split(text: str, language: str) -> Iterator[tuple[Place, str]]:
    """Where each sentence stands, and what it is levelled."""
    from sentencex import segment

    code = language_code(language)
    at_line = 0
    for line in split_lines(text):
        at_line = text.index(line, at_line)
        levelled = level(line)
        offsets, at = level_with_offsets(line) if levelled != line else None, 0
        for part in filter(None, (part.strip() for part in segment(code, levelled))):
            start = levelled.index(part, at)
            at = start + len(part)
            first, last = offsets.original_span(start, at) if offsets else (start, at)
            yield (at_line + first, at_line + last), part
        at_line += len(line)


def _tokens(levelled: str, language: str) -> list[str]:
    """Tokens of a levelled sentence."""
    tokens: list[str] = _moses(language).tokenize(levelled, escape=False)
    if len("".join(tokens)) != len("".join(levelled.split())):  # one of its own placeholders was in the text
        tokens = _PARTS.findall(levelled)
    if levelled.isascii() or not _MAY_BE_CUT.search(levelled):
        return tokens
    return _join_cut(levelled, tokens)


def _join_cut(levelled: str, tokens: list[str]) -> list[str]:
    """Join tokens that were cut inside a character or beside one of its marks."""
    starts = {match.start() for match in _CLUSTERS.finditer(levelled)}
    joined: list[str] = []
    last = -1
    for token, (start, end) in zip(tokens, _find_places(levelled, tokens), strict=True):
        if start == last and (start not in starts or _INSIDE_A_WORD.match(levelled, start)):
            joined[-1] += token
        else:
            joined.append(token)
        last = end
    return joined


def _find_places(levelled: str, tokens: list[str]) -> list[Place]:
    """Where tokens stand in the text they were made of."""
    places, at = [], 0
    for token in tokens:
        start = levelled.index(token, at)
        at = start + len(token)
        places.append((start, at))
    return places
