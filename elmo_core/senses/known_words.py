"""Words with a known answer, made of text without labels: words held to one sense, and mixtures of two.

A word is *held to one sense* because it is nothing that usually has several: no function word, no short word,
no name, none of the most frequent words of the text (the more frequent a word, the more senses it has; Zipf
1945), none that the caller knows to be ambiguous. Some have several senses for all that. This errs to the
safe side: a bound that few of these words exceed is exceeded by even fewer words that truly have one sense.

A *mixture of two* is the uses of two such words taken for one word (a pseudo-word; Schütze 1992). The context
vectors have not read the word itself, so they tell the two apart by nothing but their contexts.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from elmo_core.senses.groups import MIN_USES
from elmo_core.senses.uses import Use, Uses
from elmo_core.shipped import shipped
from elmo_core.tables.reading import read_table_file
from elmo_core.text.levelling import fold
from elmo_core.text.tokenisation import tokenised_sentences

MOST_FREQUENT = 100
"""The most frequent forms of the text that are left out: function words in any language."""
MIN_LETTERS = 4
MAX_NAMES = 0.2
"""Largest share of uses with a capital letter; words above it may be names."""
MIN_TOKENS, MAX_TOKENS = 5, 60
"""Length of the sentences that uses are taken from."""
UNEVEN = (0.25, 0.5)
"""Share of the second word in a mixture, drawn between these."""

_SAMPLES = {"senses": "sentence", "topics": "text", "reviews": "text"}
_LABELLED = "senses"

Place = tuple[int, int]
"""Number of a sentence, and position in it."""


@dataclass(frozen=True)
class KnownWords:
    """The words of a text that are held to one sense, and their uses."""

    text: str
    """Name of the text."""
    sentences: Sequence[Sequence[str]]
    places: dict[str, tuple[Place, ...]]
    """Uses of each word, one a sentence, in the order of the text."""

    def with_uses(self, n: int) -> list[str]:
        """Words with at least n uses."""
        return [word for word, places in self.places.items() if len(places) >= n]

    def one_sense(self, word: str, n: int, generator: random.Random) -> Uses:
        """Draw n uses of a word."""
        return self._uses(word, generator.sample(self.places[word], n))

    def mixture(self, first: str, second: str, n: int, generator: random.Random) -> Uses:
        """Draw n uses of two words together, at least as many of the first as of the second."""
        n_second = round(n * generator.uniform(*UNEVEN))
        drawn = generator.sample(self.places[first], n - n_second)
        taken = set(drawn)  # a place is one word's; a sentence may be both words'
        drawn += [place for place in generator.sample(self.places[second], n_second) if place not in taken]
        return self._uses(f"{first}, {second}", drawn)

    def _uses(self, word: str, places: Sequence[Place]) -> Uses:
        uses = [
            Use(number, sentence, position, tuple(self.sentences[sentence]), None, "", "")
            for number, (sentence, position) in enumerate(sorted(places))
        ]
        return Uses(word, len(uses), tuple(uses))


def find_known_words(
    sentences: Sequence[Sequence[str]], text: str, *, leave_out: Collection[str] = ()
) -> KnownWords:
    """Find the words of a text that are held to one sense and have enough uses to be grouped.

    Args:
        sentences: tokens of each sentence.
        text: name of the text.
        leave_out: words that are known to have several senses.
    """
    in_all, capital = Counter[str](), Counter[str]()
    places: dict[str, list[Place]] = {}
    for number, tokens in enumerate(sentences):
        is_read = MIN_TOKENS <= len(tokens) <= MAX_TOKENS
        seen = set()
        for position, token in enumerate(tokens):
            folded = fold(token)
            in_all[folded] += 1
            capital[folded] += token != token.lower()
            if is_read and folded not in seen and len(folded) >= MIN_LETTERS and folded.isalpha():
                seen.add(folded)
                places.setdefault(folded, []).append((number, position))
    frequent = {word for word, _ in in_all.most_common(MOST_FREQUENT)}
    out = frequent | ENGLISH_STOP_WORDS | {fold(word) for word in leave_out}
    kept = {
        word: tuple(found)
        for word, found in sorted(places.items())
        if len(found) >= MIN_USES and word not in out and capital[word] <= MAX_NAMES * in_all[word]
    }
    return KnownWords(text, sentences, kept)


def known_words_of_samples() -> KnownWords:
    """The words of the bundled samples, and each labelled sense of an ambiguous word as a word of its own."""
    sentences: list[list[str]] = []
    senses: dict[str, list[Place]] = {}
    for name, column in _SAMPLES.items():
        table = read_table_file(shipped(f"data/samples/{name}.csv"))
        labels = zip(table.column("word"), table.column("sense"), strict=True) if name == _LABELLED else ()
        labelled = dict(enumerate(labels))
        for row, text in enumerate(table.column(column)):
            for tokens in tokenised_sentences(text):
                if row in labelled:
                    word, sense = labelled[row]
                    at = [position for position, token in enumerate(tokens) if fold(token) == fold(word)]
                    own = senses.setdefault(f"{word} ({sense})", [])
                    own += [(len(sentences), position) for position in at[:1]]
                sentences.append(list(tokens))
    ambiguous = {name.partition(" (")[0] for name in senses}
    found = find_known_words(sentences, "the bundled samples", leave_out=ambiguous)
    labelled_senses = {name: tuple(own) for name, own in senses.items() if len(own) >= MIN_USES}
    return KnownWords(found.text, sentences, {**found.places, **labelled_senses})
