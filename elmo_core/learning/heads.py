"""What learns on top of the layers: a linear head over means, and attention over tokens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from elmo_core.learning.text_layers import TextLayers
from elmo_core.nn.scalar_mix import ScalarMix

_TEXTS_PER_BATCH = 256
_SAMPLED_TOKENS = 20_000


class Head(nn.Module):
    """Layers -> logits: each dimension to mean 0 and variance 1, then a mix of the layers, then the rest."""

    def __init__(self, n_layers: int, dim: int, chosen: Sequence[int], *, learns_mix: bool) -> None:
        """Make a head.

        Args:
            n_layers: layers L of the texts.
            dim: their width D.
            chosen: numbers of the layers that are mixed.
            learns_mix: whether the weights of the mix are learned; otherwise they stay equal.
        """
        super().__init__()
        self.chosen, self.n_layers = tuple(chosen), n_layers
        self.centre: Tensor
        self.scale: Tensor
        self.register_buffer("centre", torch.zeros(len(self.chosen), dim))
        self.register_buffer("scale", torch.ones(len(self.chosen), dim))
        self.mix = ScalarMix(len(self.chosen)).requires_grad_(learns_mix)

    @property
    def layer_weights(self) -> tuple[float, ...]:
        """The weight s_j of each of the L layers; 0 for those that are not mixed."""
        weights = dict(zip(self.chosen, self.mix.normalised_weights().detach().tolist(), strict=True))
        return tuple(weights.get(layer, 0.0) for layer in range(self.n_layers))

    def standardise_to(self, vectors: np.ndarray) -> None:
        """Take centre and scale of vectors (n, L, D)."""
        values = torch.from_numpy(np.ascontiguousarray(vectors[:, list(self.chosen)], dtype=np.float32))
        deviation, mean = torch.std_mean(values, dim=0, correction=0)
        self.centre.copy_(mean)
        self.scale.copy_(torch.where(deviation > 1e-6, deviation, torch.ones_like(deviation)))

    def standardise_to_tokens(self, texts: TextLayers) -> None:
        """Take centre and scale of some tokens of texts."""
        rows = texts.token_rows()
        step = max(1, len(rows) // _SAMPLED_TOKENS)
        self.standardise_to(texts.token_vectors(rows[::step]))

    def standardised(self, vectors: np.ndarray) -> Tensor:
        """Vectors (n, L, D) -> (chosen layers, n, D)."""
        values = torch.from_numpy(vectors[:, list(self.chosen)]).float()
        return ((values - self.centre) / self.scale).transpose(0, 1)

    def logits(self, texts: TextLayers) -> np.ndarray:
        """Logits float64 (n, K) of texts, a block at a time."""
        self.eval()
        blocks = [
            range(at, min(at + _TEXTS_PER_BATCH, len(texts))) for at in range(0, len(texts), _TEXTS_PER_BATCH)
        ]
        with torch.inference_mode():
            return np.concatenate([self(texts.take(block)).double().numpy() for block in blocks])


class LinearHead(Head):
    """Multinomial logistic regression on the mean of the mixed tokens."""

    def __init__(
        self, n_layers: int, dim: int, n_classes: int, chosen: Sequence[int], *, learns_mix: bool
    ) -> None:
        """Make a head that says the same of every text; arguments as `Head`, and the K classes."""
        super().__init__(n_layers, dim, chosen, learns_mix=learns_mix)
        self.mix.gamma.requires_grad_(False)  # it would only undo the penalty of the output's weights
        self.output = nn.Linear(dim, n_classes)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def fit_scale(self, texts: TextLayers) -> None:
        """Standardise by these texts."""
        self.standardise_to(texts.means)

    def forward(self, texts: TextLayers) -> Tensor:
        """Texts -> logits (n, K)."""
        return self.output(self.mix(self.standardised(texts.means)))  # type: ignore[no-any-return]


class AttentionHead(Head):
    """Several attentions over the mixed tokens, beside their mean and maximum."""

    def __init__(
        self,
        n_layers: int,
        dim: int,
        n_classes: int,
        chosen: Sequence[int],
        *,
        learns_mix: bool,
        hidden: int = 128,
        n_attentions: int = 4,
        dropout: float = 0.3,
    ) -> None:
        """Make a head; arguments as `Head`, and these.

        Args:
            n_layers: L.
            dim: D.
            n_classes: K.
            chosen: numbers of the layers that are mixed.
            learns_mix: whether the weights of the mix are learned.
            hidden: width of a token after the first layer.
            n_attentions: weighted means of the tokens.
            dropout: of the mixed tokens, and of the pooled vector.
        """
        super().__init__(n_layers, dim, chosen, learns_mix=learns_mix)
        self.inner = nn.Linear(dim, hidden)
        self.scores = nn.Linear(hidden, n_attentions)
        self.output = nn.Linear((n_attentions + 2) * hidden, n_classes)
        self.dropout = nn.Dropout(dropout)

    def fit_scale(self, texts: TextLayers) -> None:
        """Standardise by some tokens of these texts."""
        self.standardise_to_tokens(texts)

    def forward(self, texts: TextLayers) -> Tensor:
        """Texts -> logits (n, K)."""
        vectors = texts.token_vectors(texts.token_rows())
        mixed = self.dropout(self.mix(self.standardised(vectors)))  # (N, D)
        packed = torch.relu(self.inner(mixed))
        lengths = torch.from_numpy(np.maximum(texts.lengths, 1))
        mask = torch.arange(int(lengths.max())) < lengths[:, None]  # (n, T)
        filled = mask & torch.from_numpy(texts.lengths > 0)[:, None]
        hidden = packed.new_zeros(*mask.shape, packed.shape[1]).masked_scatter(filled[..., None], packed)
        scores = self.scores(hidden).masked_fill(~mask[..., None], -torch.inf)
        attended = torch.einsum("nta,nth->nah", scores.softmax(dim=1), hidden).flatten(1)
        mean = hidden.sum(dim=1) / lengths[:, None]
        pooled = torch.cat([attended, mean, hidden.amax(dim=1)], dim=1)  # padding is 0, as small as any
        return self.output(self.dropout(pooled))  # type: ignore[no-any-return]
