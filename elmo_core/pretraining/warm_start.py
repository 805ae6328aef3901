"""A biLM that starts from the static vectors of its text.

The softmax rows of a language model and word2vec's vectors learn much the same thing, the latter in
minutes. The warm start sets softmax rows to the unit vectors and fits the char CNN to the same
vectors before the LSTMs train.
"""

from __future__ import annotations

import logging

import numpy as np
import torch
from torch.nn import functional

from elmo_core.nn.bilm import BiLM
from elmo_core.pretraining.cache import TokenCache
from elmo_core.pretraining.objective import WordEncoder
from elmo_core.text.vocabulary import Vocabulary

log = logging.getLogger(__name__)
_FIT_PASSES, _FIT_WORDS, _FIT_RATE = 30, 1024, 2e-3


def warm_start(model: BiLM, cache: TokenCache, vectors: np.ndarray, seed: int) -> float:
    """Set softmax and char CNN from static vectors.

    Args:
        model: with a softmax; its LSTMs are left as they are.
        cache: the corpus, for its words.
        vectors: float32 (V, P).
        seed: seed of the order of words.

    Returns:
        Mean cosine of the fitted char CNN with the vectors, over the vocabulary's types.
    """
    centred = vectors - vectors[3:].mean(axis=0)
    unit = torch.from_numpy(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6))
    with torch.no_grad():
        model.require_softmax().weight.copy_(unit)
    return _fit_words(model, cache, unit * (vectors.shape[1] ** 0.5 / 2), seed)


def _fit_words(model: BiLM, cache: TokenCache, wanted: torch.Tensor, seed: int) -> float:
    """Fit the word encoder to vectors (V, P) by regression; returns the mean cosine of the last steps."""
    n_words = len(wanted)
    encode = WordEncoder(model, cache.types[:n_words], Vocabulary(cache.types[:n_words]))
    parameters = [
        p for name, p in model.named_parameters() if name.startswith(("char_cnn", "word_embedding"))
    ]
    optimiser = torch.optim.AdamW(parameters, fused=True)
    generator = np.random.default_rng([seed, 7])
    cosines = []
    n_steps = max(100, _FIT_PASSES * n_words // _FIT_WORDS)
    for step in range(n_steps):
        for group in optimiser.param_groups:
            group["lr"] = _FIT_RATE * min(1.0, (step + 1) / 50, 2 * (1 - step / n_steps))
        # half of each batch by rank, log-uniformly: frequent words are most of what the LSTMs will read
        frequent = np.exp(generator.random(_FIT_WORDS // 2) * np.log(n_words - 3)).astype(np.int64) + 2
        ids = np.concatenate([frequent, generator.integers(3, n_words, _FIT_WORDS // 2)])
        made, target = encode(ids, torch.float32), wanted[ids].to(encode.device)
        loss = functional.mse_loss(made, target)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        cosines.append(float(functional.cosine_similarity(made, target).mean().detach()))
    fitted = float(np.mean(cosines[-20:]))
    log.info("char CNN fitted to word2vec: cosine %.2f", fitted)
    return fitted
