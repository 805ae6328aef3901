"""A whole text read for its surprises: `read_text(elmo, text)`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from elmo_core.embedder import Elmo
from elmo_core.embedding.reading import TokenisedText, read_texts
from elmo_core.encoders.likelihoods import N_EXPECTED, SIDES, ReadSentence, Side, WordLikelihoods
from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import ConfigError, InputError, ModelError
from elmo_core.pretraining.evaluation import Perplexity, perplexity_of_loss
from elmo_core.progress import Report, share_of
from elmo_core.text.tokenisation import Place, located_sentences


@dataclass(frozen=True, eq=False)
class ReadText:
    """A text with the surprise of every word."""

    sentences: tuple[ReadSentence, ...]
    """At least one."""
    places: tuple[tuple[Place, ...], ...] = ()
    """Where each token of each sentence stands in the text; empty where the text came as tokens."""
    source: str = ""
    """The text, where it came as one string."""

    @cached_property
    def bits(self) -> np.ndarray:
        """Surprise of all tokens in order, rows as `SIDES`: float32 (3, N)."""
        return np.concatenate([sentence.bits for sentence in self.sentences], axis=1)

    @property
    def sides(self) -> tuple[Side, ...]:
        """Where the model predicts from; the bits of other sides are NaN."""
        return self.sentences[0].sides

    @property
    def n_tokens(self) -> int:
        """Tokens N of all sentences."""
        return sum(len(sentence.tokens) for sentence in self.sentences)

    @cached_property
    def perplexity(self) -> Perplexity:
        """Of the whole text: what `evaluate --state zero` says of the same tokens."""
        return perplexity_of(self.sentences)

    def spelling(self, number: int) -> list[tuple[str, str]]:
        """Return each token of a sentence as it is spelt in the text, and what stands before it there.

        Args:
            number: of the sentence.

        Returns:
            (text between the token before and this one, spelling); tokens stand between blanks where the text
            came as tokens.
        """
        tokens = self.sentences[number].tokens
        if not self.places:
            return [(" " if place else "", token) for place, token in enumerate(tokens)]
        found, at = [], self.places[number][0][0]
        for start, end in self.places[number]:
            found.append((self.source[at:start], self.source[start:end]))
            at = end
        return found

    def most_surprising(self, side: Side) -> tuple[int, int]:
        """Return the sentence, and the place in it, of the token with the most bits.

        Words outside the vocabulary count only where there are no others: their bits are those of `<UNK>`.
        """
        row = SIDES.index(side)
        known = [np.where(one.is_unknown, -1.0, one.bits[row]) for one in self.sentences]
        number = max(range(len(known)), key=lambda i: float(known[i].max()))
        return number, int(known[number].argmax())


def require_likelihoods(encoder: Encoder) -> WordLikelihoods:
    """Return what a model predicts words with.

    Raises:
        ConfigError: it is a biLM without a softmax, as all official files, or a transformer without a head.
        ModelError: it is a biLM without its vocabulary.
    """
    found = encoder.word_likelihoods()
    if found is not None:
        return found
    if not isinstance(encoder, Elmo):
        raise ConfigError(
            f"{encoder.name} cannot say how surprising a word is: it is a transformer that came without a "
            "masked-LM head; choose one with a head, such as BERT, or a biLM with a softmax."
        )
    if encoder.model.softmax is not None:
        raise ModelError(
            f"{encoder.name} has no vocabulary, so its predictions have no names; add its vocab.txt."
        )
    raise ConfigError(
        f"{encoder.name} cannot say how surprising a word is: it has no softmax (the official files hold "
        "none); choose the model that ships or one that was trained here."
    )


def read_text(
    elmo: Encoder,
    text: str | Iterable[str | Sequence[str]],
    *,
    n_expected: int = N_EXPECTED,
    language: str = "en",
    report: Report | None = None,
) -> ReadText:
    """Read a text word by word from both sides.

    Each sentence is read on its own, as `embed` does by default. The layers that a shared biLM keeps are
    used, so that of a text that is edited only the changed sentences are read again. A transformer is run
    once or more for each word, see `encoders.masked_likelihoods`.

    Args:
        elmo: a biLM with a softmax, or a transformer with a masked-LM head.
        text: running text; or its sentences, each a string or a list of tokens.
        n_expected: likeliest words to keep of each prediction.
        language: of strings, for the tokeniser.
        report: progress callback; an error that it raises stops the work, in the middle of a sentence too.

    Raises:
        InputError: there is no token, `text` is no text, or there is no tokeniser for the language.
        ConfigError: see `require_likelihoods`.
        ModelError: see there.
    """
    likelihoods = require_likelihoods(elmo)
    if isinstance(text, str):
        located = list(located_sentences(text, language))
        tokens: list[Sequence[str]] = [words for words, _ in located]
        places = tuple(tuple(found) for _, found in located)
    else:
        tokens, places = [words for item in read_texts(text, language) for words in _cut(item)], ()
    if not tokens:
        raise InputError("The text holds no word to read; type a sentence.")
    sentences = tuple(likelihoods.of(tokens, n_expected, share_of(report, "reading")))
    return ReadText(sentences, places, text if isinstance(text, str) else "")


def perplexity_of(sentences: Sequence[ReadSentence]) -> Perplexity:
    """Perplexity of at least one sentence, each read on its own.

    A biLM predicts the boundaries of sentences as well. A masked language model has a pseudo-perplexity, that
    of its predictions from both sides (Salazar et al. 2020), and none of either direction.
    """
    n_tokens = sum(len(sentence.tokens) for sentence in sentences)
    n_unknown = sum(int(sentence.is_unknown.sum()) for sentence in sentences)
    if "left" not in sentences[0].sides:
        bits = sum(float(one.bits[SIDES.index("both")].sum(dtype=np.float64)) for one in sentences)
        return Perplexity(
            forward=math.nan,
            backward=math.nan,
            n_predictions=n_tokens,
            unknown_share=n_unknown / n_tokens,
            state="masked",
            loss=bits * math.log(2) / n_tokens,
        )
    n_predicted = n_tokens + len(sentences)
    losses = np.sum([sentence.loss_sums() for sentence in sentences], axis=0) / n_predicted
    forward, backward = losses.tolist()
    return Perplexity(
        forward=perplexity_of_loss(forward),
        backward=perplexity_of_loss(backward),
        n_predictions=n_predicted,
        unknown_share=n_unknown / n_predicted,
        state="zero",
        loss=(forward + backward) / 2,
    )


def _cut(text: TokenisedText) -> Iterator[Sequence[str]]:
    """Sentences of one item of the input."""
    start = 0
    for length in text.lengths:
        yield text.tokens[start : start + length]
        start += length
