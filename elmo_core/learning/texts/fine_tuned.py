"""A copy of a biLM that has learned to classify: a regression on pooled vectors, windows of long texts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from elmo_core.elmo_layer import ElmoLayer
from elmo_core.embedder import Elmo
from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import ConfigError, ModelError
from elmo_core.nn.bilm import BACKWARD, FORWARD
from elmo_core.nn.random_numbers import drop
from elmo_core.progress import Report

WINDOW = 200
"""Tokens that are read without a break."""
_DROPOUT = 0.5
_READ_TOKENS = 2_000
"""Tokens that are read at once where nothing is learned."""

Tokens = Sequence[str]


def require_bilm(model: Encoder) -> Elmo:
    """Return a model that can be fine-tuned.

    Raises:
        ConfigError: it is no biLM.
    """
    if isinstance(model, Elmo):
        return model
    raise ConfigError(f"Only a biLM can be fine-tuned, and {model.name} is none; set fine_tune=False.")


class FineTuned(nn.Module):
    """Uniform mixture of a biLM's layers -> mean and maximum over the tokens -> logits of K classes."""

    def __init__(self, elmo: Elmo, n_classes: int) -> None:
        """Start from the weights of a model; the class is undecided."""
        super().__init__()
        self.layer = ElmoLayer(elmo, dropout=0.0).requires_grad_(False)
        width = 2 * self.layer.dim
        self.centre: Tensor
        self.scale: Tensor
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))
        self.output = nn.Linear(width, n_classes)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)
        self.eval()

    def logits(self, texts: Sequence[str], report: Report | None = None) -> np.ndarray:
        """Logits float64 (n, K) of texts, their tokens with blanks between them; the mean over windows."""
        return self._read([text.split() for text in texts], self, report).astype(np.float64)

    def pooled_texts(self, texts: Sequence[Tokens], report: Report | None = None) -> np.ndarray:
        """What the regression reads, before it is standardised: float32 (n, 2D), the mean over windows."""
        return self._read(texts, self._pooled, report)

    def forward(self, windows: Sequence[Tokens]) -> Tensor:
        """Windows -> logits (B, K)."""
        inputs = (self._pooled(windows) - self.centre) / self.scale
        return self.output(drop(inputs, _DROPOUT, self.training))  # type: ignore[no-any-return]

    def layers_from_top(self) -> list[list[nn.Parameter]]:
        """The parameters of each LSTM layer, both directions together, the highest layer first."""
        pairs = zip(*(self.layer.bilm.lstms(way) for way in (FORWARD, BACKWARD)), strict=True)
        layers = [[weight for lstm in pair for weight in lstm.parameters()] for pair in pairs]
        return layers[::-1]

    def own_tensors(self) -> dict[str, Tensor]:
        """All that fine-tuning may have changed; the token encoder is that of the biLM."""
        return {name: one for name, one in self.state_dict().items() if _is_own(name)}

    def fill(self, tensors: Mapping[str, Tensor]) -> None:
        """Take up what `own_tensors` gave.

        Raises:
            ModelError: they are of another model.
        """
        expected = {name: one.shape for name, one in self.own_tensors().items()}
        if {name: one.shape for name, one in tensors.items()} != expected:
            raise ModelError(
                "The fine-tuned weights of this classifier do not fit its biLM; use an undamaged copy."
            )
        self.load_state_dict(dict(tensors), strict=False)

    def _pooled(self, windows: Sequence[Tokens]) -> Tensor:
        """Mean and maximum over the tokens, zeros for a window without any: (B, 2D)."""
        (mixed,), mask = self.layer(windows)  # (B, T, D), (B, T)
        n_tokens = mask.sum(dim=1, keepdim=True)
        highest = mixed.masked_fill(~mask[..., None] & (n_tokens > 0)[..., None], -math.inf)
        highest = highest.amax(dim=1) if mask.shape[1] else mixed.sum(dim=1)
        return torch.cat([mixed.sum(dim=1) / n_tokens.clamp(min=1), highest], dim=1)

    def _read(
        self,
        texts: Sequence[Tokens],
        compute: Callable[[Sequence[Tokens]], Tensor],
        report: Report | None,
    ) -> np.ndarray:
        """Mean of what is computed for the windows of each text: float32 (n, width)."""
        windows = [(row, part) for row, text in enumerate(texts) for part in _windows(text)]
        found: np.ndarray | None = None
        n_read = 0
        with torch.inference_mode():
            lengths = np.array([len(part) for _, part in windows])
            for batch in cut_batches(lengths, np.argsort(lengths, kind="stable"), _READ_TOKENS):
                if report is not None:
                    report("reading the texts", n_read / len(windows))
                n_read += len(batch)
                values = compute([windows[index][1] for index in batch]).numpy()
                found = np.zeros((len(texts), values.shape[1]), np.float32) if found is None else found
                np.add.at(found, [windows[index][0] for index in batch], values)
        assert found is not None, "there is at least one text"
        counts = np.bincount([row for row, _ in windows], minlength=len(texts))
        return np.asarray(found / counts[:, None], dtype=np.float32)


def cut_batches(
    lengths: np.ndarray, order: np.ndarray, most_tokens: int, most_texts: int = 256
) -> Iterator[np.ndarray]:
    """Cut an order of texts into batches that hold no more tokens, padding included, or one text."""
    start, longest = 0, 0
    for at, row in enumerate(order.tolist()):
        longest = max(longest, int(lengths[row]))
        if at > start and ((at - start + 1) * longest > most_tokens or at - start >= most_texts):
            yield order[start:at]
            start, longest = at, int(lengths[row])
    if len(order):
        yield order[start:]


def _windows(text: Tokens) -> list[Tokens]:
    """The windows of a text, of nearly the same length; at least one."""
    n = max(1, math.ceil(len(text) / WINDOW))
    bounds = [round(len(text) * index / n) for index in range(n + 1)]
    return [text[start:end] for start, end in pairwise(bounds)]


def _is_own(name: str) -> bool:
    return not name.startswith("layer.bilm.") or name.startswith("layer.bilm.directions.")
