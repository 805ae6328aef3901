"""The probability of each word by a biLM's full softmax: from the left, from the right, and from both sides.

    both    p(w | left) p(w | right) / p(w), divided by its sum over the vocabulary

`both` asks what fits on both sides. The product counts twice how frequent a word is anyway, so it is divided
by p(w) once; with the outputs f and b of the two directions it is the softmax of (f + b) W + c (see
`senses.substitutes`). The mean of the two surprises would be simpler, but it adds what one side cannot have
foreseen to what the other can: of words that were swapped at random it finds far fewer
(`python -m bench.swapped_words`).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from elmo_core.encoders.bilm import edge_outputs
from elmo_core.encoders.likelihoods import (
    N_EXPECTED,
    SIDES,
    ReadSentence,
    WordLikelihoods,
    sentence_blocks,
)
from elmo_core.encoders.protocol import Encoder
from elmo_core.nn.bilm import BACKWARD, FORWARD, BiLM
from elmo_core.progress import Progress
from elmo_core.text.tagged import split_tags
from elmo_core.text.vocabulary import Vocabulary

_LOGITS_PER_BLOCK = 1 << 22
_WORDS_PER_S = 7e6  # of the vocabulary, for one word of a text


class SoftmaxLikelihoods(WordLikelihoods):
    """The full softmax of a biLM; every sentence is read from a state of zeros."""

    sides = SIDES

    def __init__(self, encoder: Encoder, model: BiLM, vocabulary: Vocabulary) -> None:
        """Take a model that has a softmax.

        Args:
            encoder: runs it.
            model: its modules.
            vocabulary: the words of its softmax.
        """
        self.words = vocabulary.words
        self.seconds_per_word = len(self.words) / _WORDS_PER_S
        self._encoder, self._model, self._vocabulary = encoder, model, vocabulary
        self._softmax = model.require_softmax()

    @property
    def fingerprint(self) -> str:
        """As `WordLikelihoods.fingerprint`."""
        found = hashlib.sha256(self._encoder.fingerprint.encode())
        for parameter in (self._softmax.weight, self._softmax.bias):
            found.update(parameter.detach().cpu().half().contiguous().numpy().tobytes())
        found.update("\n".join(self.words).encode("utf-8", "surrogatepass"))
        return found.hexdigest()

    def of(
        self,
        sentences: Sequence[Sequence[str]],
        n_expected: int = N_EXPECTED,
        progress: Progress | None = None,
    ) -> Iterator[ReadSentence]:
        """As `WordLikelihoods.of`; progress is that of the predictions."""
        edges = edge_outputs(self._model, self._vocabulary)
        done, n_in_all = 0, sum(len(SIDES) * len(sentence) + 2 for sentence in sentences)

        def advance(n: int) -> None:
            nonlocal done
            done += n
            if progress is not None:
                progress(done, n_in_all)

        for block in sentence_blocks(sentences):
            for found in self._encoder.embed(block):
                words, _ = split_tags(found.tokens, self._model.config.tags)
                yield self._predict(edges, words, found.layers[-1], min(n_expected, len(self.words)), advance)

    def _predict(
        self,
        edges: np.ndarray,  # (2, P)
        words: Sequence[str],
        top: np.ndarray,  # (T, 2P)
        n_expected: int,
        advance: Callable[[int], object],
    ) -> ReadSentence:
        n, width = len(words), edges.shape[1]
        vocabulary = self._vocabulary
        ids = vocabulary.ids_of(words)
        forward = np.concatenate([edges[FORWARD : FORWARD + 1], top[:, :width]])  # has read words[:i]
        backward = np.concatenate([top[:, width:], edges[BACKWARD : BACKWARD + 1]])  # has read words[i:]
        contexts = np.concatenate([forward, backward[1:], backward[:1], forward[:-1] + backward[1:]])
        targets = np.concatenate([ids, [vocabulary.end_id], ids, [vocabulary.start_id], ids])
        bits, best, probabilities = self._distributions(
            torch.from_numpy(contexts), torch.from_numpy(targets), n_expected, advance
        )
        is_boundary = np.isin(np.arange(len(targets)), (n, 2 * n + 1))
        return ReadSentence(
            tokens=tuple(words),
            bits=bits[~is_boundary].reshape(len(SIDES), n),
            boundary_bits=bits[is_boundary],
            is_unknown=ids == vocabulary.unknown_id,
            likeliest=best[~is_boundary].reshape(len(SIDES), n, n_expected),
            probabilities=probabilities[~is_boundary].reshape(len(SIDES), n, n_expected),
            words=self.words,
        )

    @torch.inference_mode()
    def _distributions(
        self, contexts: Tensor, targets: Tensor, n_expected: int, advance: Callable[[int], object]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of N contexts (N, P) the bits of N targets, and the k likeliest words with their probabilities.

        Never more than a block of the (N, V) logits is in memory.
        """
        step = max(1, _LOGITS_PER_BLOCK // len(self.words))
        bits, best, probabilities = [], [], []
        for start in range(0, len(targets), step):
            logits = self._softmax(contexts[start : start + step])
            total = logits.logsumexp(dim=1, keepdim=True)
            own = logits.gather(1, targets[start : start + step, None])
            bits.append(((total - own) / math.log(2)).squeeze(1))
            top, ids = logits.topk(n_expected, dim=1)
            best.append(ids)
            probabilities.append((top - total).exp())
            advance(len(logits))
        return torch.cat(bits).numpy(), torch.cat(best).numpy(), torch.cat(probabilities).numpy()
