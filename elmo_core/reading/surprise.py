"""The probability of each word of a sentence by the full softmax, and the likeliest words in its place.

Three predictions are made of every place, each a distribution over the whole vocabulary:

    left    p(w | the words before it), by the forward direction
    right   p(w | the words after it), by the backward direction
    both    p(w | left) p(w | right) / p(w), divided by its sum over the vocabulary

The surprise of a word in bits is -log2 of its probability; a word outside the vocabulary has that of `<UNK>`.

`both` asks what fits on both sides. The product counts twice how frequent a word is anyway, so it is divided
by p(w) once; with the outputs f and b of the two directions it is the softmax of (f + b) W + c (see
`senses.substitutes`). The mean of the two surprises would be simpler, but it adds what one side cannot have
foreseen to what the other can: of words that were swapped at random it finds far fewer
(`python -m bench.swapped_words`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from elmo_core.embedder import Elmo
from elmo_core.encoders.bilm import edge_outputs
from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import ConfigError, ModelError
from elmo_core.nn.bilm import BACKWARD, FORWARD
from elmo_core.nn.softmax import WordSoftmax
from elmo_core.progress import Progress
from elmo_core.text.tagged import split_tags
from elmo_core.text.vocabulary import Vocabulary

Side = Literal["left", "right", "both"]
SIDES: tuple[Side, ...] = ("left", "right", "both")
N_EXPECTED = 10
"""Likeliest words kept of each prediction."""

_LOGITS_PER_BLOCK = 1 << 22
_TOKENS_PER_BLOCK = 512


class Expected(NamedTuple):
    """A word that was likely in some place."""

    word: str
    """As in the vocabulary: `<UNK>` is any word outside it, `<S>` and `</S>` are boundaries of sentences."""
    probability: float


@dataclass(frozen=True, eq=False)
class ReadSentence:
    """The predictions of one sentence of T tokens; rows are in the order of `SIDES`."""

    tokens: tuple[str, ...]
    bits: np.ndarray
    """float32 (3, T): surprise of each token."""
    boundary_bits: np.ndarray
    """float32 (2,): surprise of the sentence's end from the left, and of its start from the right."""
    is_unknown: np.ndarray
    """bool (T,): whether a token is outside the vocabulary, so that `<UNK>` was predicted in its place."""
    likeliest: np.ndarray
    """int64 (3, T, k): ids of the likeliest words, the likeliest first."""
    probabilities: np.ndarray
    """float32 (3, T, k): of these words."""
    vocabulary: Vocabulary

    def expected(self, side: Side, place: int, n: int = N_EXPECTED) -> list[Expected]:
        """Return the likeliest words in the place of a token, the likeliest first.

        Args:
            side: what was read when they were predicted.
            place: of the token in the sentence.
            n: most words.
        """
        row = SIDES.index(side)
        pairs = zip(
            self.likeliest[row, place, :n].tolist(), self.probabilities[row, place, :n].tolist(), strict=True
        )
        return [Expected(self.vocabulary[number], probability) for number, probability in pairs]

    def loss_sums(self) -> np.ndarray:
        """Sum of the losses of each direction in nats, the boundary included: float64 (2,)."""
        return (self.bits[:2].sum(axis=1, dtype=np.float64) + self.boundary_bits) * math.log(2)  # type: ignore[no-any-return]


def require_predictions(elmo: Encoder) -> tuple[Elmo, WordSoftmax, Vocabulary]:
    """Return a biLM, and what it predicts words with.

    Raises:
        ConfigError: it is no biLM, or has no softmax, as all official files.
        ModelError: it came without its vocabulary.
    """
    if not isinstance(elmo, Elmo):
        raise ConfigError(
            f"{elmo.name} cannot say how surprising a word is: it is a transformer, which reads both sides "
            "of a word at once and the word itself; choose a biLM with a softmax."
        )
    softmax = elmo.model.softmax
    if softmax is None:
        raise ConfigError(
            f"{elmo.name} cannot say how surprising a word is: it has no softmax (the official files hold "
            "none); choose the model that ships or one that was trained here."
        )
    if elmo.vocabulary is None:
        raise ModelError(
            f"{elmo.name} has no vocabulary, so its predictions have no names; add its vocab.txt."
        )
    return elmo, softmax, elmo.vocabulary


def read_sentences(
    elmo: Encoder,
    sentences: Sequence[Sequence[str]],
    n_expected: int = N_EXPECTED,
    progress: Progress | None = None,
) -> Iterator[ReadSentence]:
    """Read sentences one after the other, each from a state of zeros; beside the results in constant memory.

    Args:
        elmo: a model with a softmax and a vocabulary.
        sentences: lists of tokens, at least one each.
        n_expected: likeliest words to keep of each prediction, at most the vocabulary.
        progress: called with (predictions made, predictions in all), several times in a long sentence.

    Yields:
        Each sentence as soon as it is read.

    Raises:
        ConfigError: see `require_predictions`.
        ModelError: see there.
    """
    bilm, softmax, vocabulary = require_predictions(elmo)
    edges = edge_outputs(bilm.model, vocabulary)
    n_expected = min(n_expected, len(vocabulary))
    done, n_in_all = 0, sum(len(SIDES) * len(sentence) + 2 for sentence in sentences)

    def advance(n: int) -> None:
        nonlocal done
        done += n
        if progress is not None:
            progress(done, n_in_all)

    for block in _blocks(sentences):
        for found in bilm.embed(block):
            words, _ = split_tags(found.tokens, bilm.config.tags)
            yield _predict(softmax, vocabulary, edges, words, found.layers[-1], n_expected, advance)


def _blocks(sentences: Sequence[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    """Sentences in groups of some hundred tokens."""
    block: list[Sequence[str]] = []
    n_tokens = 0
    for sentence in sentences:
        block.append(sentence)
        n_tokens += len(sentence)
        if n_tokens >= _TOKENS_PER_BLOCK:
            yield block
            block, n_tokens = [], 0
    if block:
        yield block


def _predict(
    softmax: WordSoftmax,
    vocabulary: Vocabulary,
    edges: np.ndarray,  # (2, P)
    words: Sequence[str],
    top: np.ndarray,  # (T, 2P)
    n_expected: int,
    advance: Callable[[int], object],
) -> ReadSentence:
    n, width = len(words), edges.shape[1]
    ids = vocabulary.ids_of(words)
    forward = np.concatenate([edges[FORWARD : FORWARD + 1], top[:, :width]])  # has read words[:i]
    backward = np.concatenate([top[:, width:], edges[BACKWARD : BACKWARD + 1]])  # has read words[i:]
    contexts = np.concatenate([forward, backward[1:], backward[:1], forward[:-1] + backward[1:]])
    targets = np.concatenate([ids, [vocabulary.end_id], ids, [vocabulary.start_id], ids])
    bits, best, probabilities = _distributions(
        softmax, torch.from_numpy(contexts), torch.from_numpy(targets), n_expected, advance
    )
    is_boundary = np.isin(np.arange(len(targets)), (n, 2 * n + 1))
    return ReadSentence(
        tokens=tuple(words),
        bits=bits[~is_boundary].reshape(len(SIDES), n),
        boundary_bits=bits[is_boundary],
        is_unknown=ids == vocabulary.unknown_id,
        likeliest=best[~is_boundary].reshape(len(SIDES), n, n_expected),
        probabilities=probabilities[~is_boundary].reshape(len(SIDES), n, n_expected),
        vocabulary=vocabulary,
    )


@torch.inference_mode()
def _distributions(
    softmax: WordSoftmax,
    contexts: Tensor,
    targets: Tensor,
    n_expected: int,
    advance: Callable[[int], object],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of N contexts (N, P) the bits of N targets, and the k likeliest words with their probabilities.

    Never more than a block of the (N, V) logits is in memory.
    """
    step = max(1, _LOGITS_PER_BLOCK // len(softmax.bias))
    bits, best, probabilities = [], [], []
    for start in range(0, len(targets), step):
        logits = softmax(contexts[start : start + step])
        total = logits.logsumexp(dim=1, keepdim=True)
        own = logits.gather(1, targets[start : start + step, None])
        bits.append(((total - own) / math.log(2)).squeeze(1))
        top, ids = logits.topk(n_expected, dim=1)
        best.append(ids)
        probabilities.append((top - total).exp())
        advance(len(logits))
    return torch.cat(bits).numpy(), torch.cat(best).numpy(), torch.cat(probabilities).numpy()
