"""A guess at the encoding of text that is not UTF-8, by the letters of the languages that are written in it.

The rule: only encodings that people save text in are admitted, and of these the one under which the bytes
are most probable. A profile is an encoding with the letters of a language in the order of their frequency.
A character is probable by its rank and by its place: a quotation mark does not stand inside a word, a
capital not after a small letter, a letter of another script not beside one of ASCII. A profile is
probable by how usual its encoding is. Windows-1252 is the most usual, so that a text with a few signs
beyond ASCII is Windows-1252 unless its letters speak against it; the encodings of old computers (cp437,
cp850, mac_roman) need much evidence. Bytes without a printable character speak against an encoding.

General detectors weigh the encodings of all languages alike, and read `€12` as `Ä12`, or a no-break space
as a letter, where the text is English but for a few signs.
"""

# ruff: noqa: RUF001 (letters of other alphabets are meant)
from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from elmo_core.text.letters import (
    COMMON_HANGUL,
    COMMON_KANA,
    COMMON_SIMPLIFIED,
    COMMON_TRADITIONAL,
    EAST_ASIAN_PUNCTUATION,
    LETTERS,
    PUNCTUATION,
)

_USUAL = "cp1252"
_WESTERN = ("english", "french", "german", "spanish", "portuguese", "italian", "dutch", "nordic", "icelandic")
_CENTRAL = ("polish", "czech", "slovak", "hungarian", "croatian", "romanian")
_SINGLE_BYTE: Mapping[str, tuple[float, tuple[str, ...]]] = {
    "cp1252": (0, (*_WESTERN, "estonian")),
    "cp1250": (-3, _CENTRAL),
    "cp1251": (-2, ("russian", "ukrainian", "bulgarian", "serbian")),
    "cp1253": (-2, ("greek",)),
    "cp1254": (-2, ("turkish",)),
    "cp1255": (-2, ("hebrew",)),
    "cp1256": (-2, ("arabic",)),
    "cp1257": (-2, ("lithuanian", "latvian", "estonian")),
    "cp1258": (-4, ("vietnamese",)),
    "cp874": (-2, ("thai",)),
    "iso8859-15": (-4, (*_WESTERN, "estonian")),
    "iso8859-2": (-4, _CENTRAL),
    "iso8859-5": (-6, ("russian", "bulgarian", "serbian")),
    "iso8859-7": (-4, ("greek",)),
    "koi8-r": (-4, ("russian", "bulgarian")),
    "koi8-u": (-5, ("ukrainian",)),
    "cp866": (-5, ("russian",)),
    "mac_cyrillic": (-6, ("russian", "ukrainian", "bulgarian", "serbian")),
    "cp437": (-9, _WESTERN),
    "cp850": (-8, _WESTERN),
    "cp852": (-8, _CENTRAL),
    "mac_roman": (-8, _WESTERN),
}
_DOUBLE_BYTE = {"cp932": -3.0, "euc_jp": -3.5, "gb18030": -3.0, "big5": -3.0, "cp949": -3.0}
ENCODINGS = (*_SINGLE_BYTE, *_DOUBLE_BYTE)
"""Encodings that can be guessed."""
CHOICES = ("utf-8", "utf-16", *ENCODINGS)
"""Encodings to offer for a choice."""

_MOST_BYTES = 32 << 10
_ASCII_BYTE = 3.0  # what it is worth to explain a byte of ASCII as half of a character
_RARE, _UNPRINTABLE = math.log(1e-6), math.log(1e-11)
_OUT_OF_PLACE, _UNUSUAL_PLACE = math.log(0.01), math.log(0.2)
_LATIN_END = "\u0250"
_INSIDE_WORDS, _OPENING = "’·\xad\u00a0–—", "“‘„‚«‹¿¡"
_WORD = re.compile(rb"[@-\xff]*[\x80-\xff][@-\xff]*")  # second halves of characters are above 63

_Place = tuple[str, str, str]
"""A character beyond ASCII with the one before and the one after it."""


@dataclass(frozen=True)
class _Profile:
    """How probable characters are in one language; logarithms."""

    characters: Mapping[str, float]
    is_latin: bool


def guess_encoding(sample: bytes) -> str:
    """Guess the encoding of bytes that are not UTF-8.

    Args:
        sample: a part of the text with bytes above 127.

    Returns:
        One of `ENCODINGS`.
    """
    content = _telling_words(sample)
    scores = {name: prior + _single_byte(content, name) for name, (prior, _) in _SINGLE_BYTE.items()}
    scores |= {name: prior + _double_byte(content, name) for name, prior in _DOUBLE_BYTE.items()}
    return max(scores, key=lambda name: scores[name])  # of equals the first, so the more usual one


def _telling_words(sample: bytes) -> bytes:
    """The different words with bytes above 127, each with the byte before and after it, on its own line.

    A table may repeat one word in every row: that is no more evidence than the word alone.
    """
    found: dict[bytes, bytes] = {}
    n_bytes = 0
    for match in _WORD.finditer(sample):
        word = match.group()
        if word not in found:
            found[word] = sample[max(0, match.start() - 1) : match.end() + 1].strip(b"\r\n")
            n_bytes += len(word)
            if n_bytes > _MOST_BYTES:
                break
    return b"\n".join(found.values())


def _single_byte(content: bytes, encoding: str) -> float:
    """Logarithm of how probable the bytes above 127 are, in the language that suits them best."""
    text = content.decode(encoding, errors="replace")
    places = Counter(_places(text))
    names = _SINGLE_BYTE[encoding][1]
    return max(_sum(places, profile) for name in names for profile in _profiles(name))


def _sum(places: Mapping[_Place, int], profile: _Profile) -> float:
    """Add up the scores; a sign in its place may come often in a text (a euro in every row) or never."""
    total, signs = 0.0, Counter[str]()
    for place, count in places.items():
        before, character, after = place
        if _is_sign_in_place(before, character, after):
            signs[character] += count
        else:
            total += count * _score(place, profile)
    rare = profile.characters
    return total + sum((1 + math.log(n)) * rare.get(sign, _RARE) for sign, n in signs.items())


def _places(text: str) -> Iterator[_Place]:
    padded = f" {text} "
    for at, character in enumerate(text, start=1):
        if character > "\x7f":
            yield padded[at - 1], character, padded[at + 1]


@cache
def _profiles(language: str) -> tuple[_Profile, ...]:
    """A text of letters, and one whose characters beyond ASCII are mostly signs."""
    letters = LETTERS[language]
    is_latin = any("\x7f" < letter < _LATIN_END for letter in letters)
    mixes = ((0.9, 0.1), (0.3, 0.7)) if is_latin else ((0.95, 0.05),)
    return tuple(
        _Profile(_by_rank(letters, share) | _by_rank(PUNCTUATION, rest), is_latin) for share, rest in mixes
    )


def _by_rank(characters: str, share: float) -> dict[str, float]:
    """Logarithms of probabilities that fall with the rank and sum up to a share; capitals are rarer."""
    weights = [1 / (rank + 3) for rank in range(len(characters))]
    scale = share / sum(weights)
    found: dict[str, float] = {}
    for character, weight in zip(characters, weights, strict=True):
        found[character] = math.log(scale * weight)
        capital = character.upper()
        if capital != character and len(capital) == 1 and capital not in characters:
            found[capital] = math.log(0.1 * scale * weight)
    return found


def _score(place: _Place, profile: _Profile) -> float:
    before, character, after = place
    category = unicodedata.category(character)
    if category in ("Cc", "Cn", "Co") or character == "\ufffd":
        return _UNPRINTABLE
    value = profile.characters.get(character, _RARE)
    if category.startswith(("L", "M")):
        return value + _letter_in_place(before, character, after, profile.is_latin)
    return value + _OUT_OF_PLACE


def _letter_in_place(before: str, character: str, after: str, is_latin: bool) -> float:
    """Evidence for or against a letter from its neighbours."""
    penalty = 0.0
    neighbours = (before, after)
    if character.isupper() and before.islower():
        penalty += _OUT_OF_PLACE
    if character.islower() and before.isupper() and after.isupper():
        penalty += _OUT_OF_PLACE
    if is_latin:
        if not any(one.isalpha() for one in neighbours):
            is_beside_digit = any(one.isdigit() for one in neighbours)
            penalty += _OUT_OF_PLACE if is_beside_digit or character.isupper() else _UNUSUAL_PLACE
        elif not any(one.isascii() and one.isalpha() for one in neighbours):
            penalty += _UNUSUAL_PLACE
    elif any(one.isascii() and one.isalpha() for one in neighbours):
        penalty += _OUT_OF_PLACE
    return penalty


@lru_cache(maxsize=1 << 14)
def _is_sign_in_place(before: str, character: str, after: str) -> bool:
    """Whether a character is a sign of running text that stands where such signs stand."""
    if character not in PUNCTUATION or any(one > "\x7f" and one.isalpha() for one in (before, after)):
        return False
    if character in _INSIDE_WORDS:
        return True
    if character in _OPENING and before.isalnum():
        return False
    return not (before.isalpha() and after.isalpha())


def _double_byte(content: bytes, encoding: str) -> float:
    """The same for the encodings of East Asia, by the kinds and frequencies of characters."""
    text = content.decode(encoding, errors="replace")
    counts = Counter(character for character in text if character > "\x7f")
    n_halves = sum(byte < 128 for byte in content) - sum(character <= "\x7f" for character in text)
    probability = _east_asian(encoding)
    score = sum(count * probability.get(character, _RARE) for character, count in counts.items())
    return score + (_UNPRINTABLE - _RARE) * counts["\ufffd"] + _ASCII_BYTE * n_halves


@cache
def _east_asian(encoding: str) -> dict[str, float]:
    """Logarithms of the probabilities of characters: the usual ones by rank, the others of a kind alike."""
    usual, others = {
        "cp932": (COMMON_KANA, _characters("cp932", range(0x88, 0x98))),
        "euc_jp": (COMMON_KANA, _characters("euc_jp", range(0xB0, 0xD0))),
        "gb18030": (COMMON_SIMPLIFIED, _characters("gb2312", range(0xB0, 0xD8))),
        "big5": (COMMON_TRADITIONAL, _characters("big5", range(0xA4, 0xC7))),
        "cp949": (COMMON_HANGUL, _characters("euc_kr", range(0xB0, 0xC9))),
    }[encoding]
    found = {character: math.log(0.45 / len(others)) for character in others}
    return found | _by_rank(usual, 0.45) | _by_rank(EAST_ASIAN_PUNCTUATION, 0.1)


def _characters(encoding: str, leads: range) -> set[str]:
    """The characters of an encoding whose first byte is one of these."""
    pairs = (bytes([lead, trail]) for lead in leads for trail in range(0x40, 0xFF))
    decoded = (pair.decode(encoding, errors="replace") for pair in pairs)
    return {text for text in decoded if len(text) == 1 and text != "\ufffd"}
