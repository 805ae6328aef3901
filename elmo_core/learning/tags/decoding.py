"""The most probable legal tags of sentences, by the head of a tagger."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from elmo_core.learning.heads import TaggerHead
from elmo_core.learning.tags.token_data import TokenData

_TOKENS_PER_BLOCK = 20_000


def predict_tags(head: TaggerHead, data: TokenData) -> list[list[str]]:
    """Find the most probable legal tags of sentences, none empty."""
    found: dict[int, list[str]] = {}
    for rows, emissions, mask in emitted(head, data):
        for row, path in zip(rows, head.crf.best_paths(emissions, mask), strict=True):
            found[int(row)] = head.tags.decode(path)
    return [found[row] for row in range(len(data))]


def emitted(head: TaggerHead, data: TokenData) -> Iterator[tuple[np.ndarray, Tensor, Tensor]]:
    """Yield rows, emissions (B, T, K) and mask (B, T) of sentences, none empty, similar lengths together."""
    head.eval()
    lengths = data.lengths
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and lengths[order[end]] * (end + 1 - start) <= _TOKENS_PER_BLOCK:
            end += 1
        rows = order[start:end]
        with torch.inference_mode():
            yield rows, *head(data.take(rows))
        start = end
