"""What learns on top of the layers: a linear head, attention over tokens, a biLSTM with a CRF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from elmo_core.exceptions import InputError
from elmo_core.learning.tags.crf import LinearChainCRF
from elmo_core.learning.tags.tag_set import TagSet
from elmo_core.learning.tags.token_data import TokenData
from elmo_core.learning.text_layers import TextLayers
from elmo_core.learning.word_vectors import WordVectors, look_up
from elmo_core.nn.random_numbers import Dropout
from elmo_core.nn.scalar_mix import ScalarMix

_TEXTS_PER_BATCH = 256
_SAMPLED_TOKENS = 20_000
_CLASS_DIM = 16


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
    """Multinomial logistic regression on the mean of the mixed tokens, and on their maximum if wanted."""

    def __init__(
        self,
        n_layers: int,
        dim: int,
        n_classes: int,
        chosen: Sequence[int],
        *,
        learns_mix: bool,
        has_maxima: bool = False,
    ) -> None:
        """Make a head that says the same of every text; arguments as `Head`, and these.

        Args:
            n_layers: L.
            dim: D.
            n_classes: K.
            chosen: numbers of the layers that are mixed.
            learns_mix: whether the weights of the mix are learned.
            has_maxima: whether the maximum over the tokens stands beside their mean.
        """
        width = 2 * dim if has_maxima else dim
        super().__init__(n_layers, width, chosen, learns_mix=learns_mix)
        self.has_maxima = has_maxima
        self.mix.gamma.requires_grad_(False)  # it would only undo the penalty of the output's weights
        self.output = nn.Linear(width, n_classes)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def fit_scale(self, texts: TextLayers) -> None:
        """Standardise by these texts."""
        self.standardise_to(self._pooled(texts))

    def inputs(self, texts: TextLayers) -> Tensor:
        """Texts -> the standardised vectors that are mixed, (chosen layers, n, D or 2D)."""
        return self.standardised(self._pooled(texts))

    def forward(self, texts: TextLayers) -> Tensor:
        """Texts -> logits (n, K)."""
        return self.output(self.mix(self.inputs(texts)))  # type: ignore[no-any-return]

    def _pooled(self, texts: TextLayers) -> np.ndarray:
        """Vectors (n, L, D), or (n, L, 2D) with the maxima."""
        return np.concatenate([texts.means, texts.maxima], axis=2) if self.has_maxima else texts.means


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
        self.dropout = Dropout(dropout)

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


@dataclass(frozen=True)
class TaggerShape:
    """Everything that the parameters of a head depend on."""

    n_layers: int
    """Layers L of the biLM."""
    dim: int
    """Their width D."""
    chosen: tuple[int, ...]
    """Numbers of the layers that are mixed; empty = the biLM is not asked."""
    learns_mix: bool
    static_dim: int
    """Width of the static vectors; 0 = none."""
    word_classes: tuple[str, ...]
    """Classes that are a further input; empty = none."""
    is_recurrent: bool
    """A biLSTM reads the sentence; otherwise each token is tagged by g(h_t, w_t) alone."""
    hidden: int
    dropout: float


class TaggerHead(Head):
    """Mixed layers h_t, static vectors w_t and word classes p_t -> emissions -> CRF.

    Recurrent: a biLSTM over [h_t; w_t; p_t] (Peters et al. 2018, after Lample et al. 2016). Otherwise
    g(h_t, w_t, p_t) is one hidden layer on each token: the context comes from the biLM alone.
    """

    def __init__(self, shape: TaggerShape, tags: TagSet, static: WordVectors | None) -> None:
        """Make a head that has learned nothing.

        Args:
            shape: see there.
            tags: what it chooses from.
            static: the static vectors.
        """
        super().__init__(shape.n_layers, shape.dim, shape.chosen, learns_mix=shape.learns_mix)
        self.shape, self.tags, self.static = shape, tags, static
        self.static_centre: Tensor
        self.static_scale: Tensor
        self.register_buffer("static_centre", torch.zeros(shape.static_dim))
        self.register_buffer("static_scale", torch.ones(shape.static_dim))
        self.unknown = nn.Parameter(torch.zeros(shape.static_dim))
        self._class_numbers = {name: number for number, name in enumerate(shape.word_classes, start=1)}
        self.classes = nn.Embedding(len(self._class_numbers) + 1, _CLASS_DIM) if shape.word_classes else None
        width = (shape.dim if shape.chosen else 0) + shape.static_dim + _CLASS_DIM * bool(shape.word_classes)
        self.encoder: nn.Module
        if shape.is_recurrent:
            self.encoder = nn.LSTM(width, shape.hidden, batch_first=True, bidirectional=True)
        else:
            self.encoder = nn.Sequential(nn.Linear(width, 2 * shape.hidden), nn.ReLU())
        self.output = nn.Linear(2 * shape.hidden, len(tags.tags))
        self.dropout = Dropout(shape.dropout)
        self.crf = LinearChainCRF(tags.legal())

    def fit_scale(self, data: TokenData) -> None:
        """Standardise by these sentences."""
        if self.chosen:
            self.standardise_to_tokens(_layers(data))
        if self.static is not None:
            words = sorted({word for sentence in data.words for word in sentence})
            vectors, is_known = look_up(self.static, words, self.shape.static_dim)
            if is_known.sum() > 1:
                deviation, mean = torch.std_mean(torch.from_numpy(vectors[is_known]), dim=0, correction=0)
                self.static_centre.copy_(mean)
                self.static_scale.copy_(deviation.clamp(min=1e-6))

    def forward(self, data: TokenData) -> tuple[Tensor, Tensor]:
        """Sentences, none empty -> emissions (B, T, K) and mask (B, T)."""
        lengths = torch.from_numpy(data.lengths)
        mask = torch.arange(int(lengths.max())) < lengths[:, None]  # (B, T)
        inputs = self.dropout(self._inputs(data))  # (N, width)
        padded = pad_sequence(inputs.split(data.lengths.tolist()), batch_first=True)
        if isinstance(self.encoder, nn.LSTM):
            packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
            hidden, _ = pad_packed_sequence(self.encoder(packed)[0], batch_first=True)
        else:
            hidden = self.encoder(padded)
        return self.output(self.dropout(hidden)), mask

    def loss(self, data: TokenData, codes: Sequence[Sequence[int]]) -> Tensor:
        """Mean negative log-likelihood of the sentences' tags, given as numbers."""
        emissions, mask = self(data)
        tags = pad_sequence([torch.tensor(row) for row in codes], batch_first=True)
        loss: Tensor = self.crf.loss(emissions, tags, mask)
        return loss

    def _inputs(self, data: TokenData) -> Tensor:
        """What is known of each token, one after the other: (N, width)."""
        parts = []
        if self.chosen:
            texts = _layers(data)
            parts.append(self.mix(self.standardised(texts.token_vectors(texts.token_rows()))))
        words = [word for sentence in data.words for word in sentence]
        if self.static is not None:
            vectors, is_known = look_up(self.static, words, self.shape.static_dim)
            scaled = (torch.from_numpy(vectors) - self.static_centre) / self.static_scale
            parts.append(torch.where(torch.from_numpy(is_known)[:, None], scaled, self.unknown))
        if self.classes is not None:
            if data.word_classes is None:
                raise InputError(
                    "This tagger has learned from word classes; give them, with embed_tokens(..., "
                    "word_classes=...)."
                )
            numbers = [self._class_numbers.get(one, 0) for row in data.word_classes for one in row]
            parts.append(self.classes(torch.from_numpy(np.array(numbers, dtype=np.int64))))
        return torch.cat(parts, dim=1)


def _layers(data: TokenData) -> TextLayers:
    if data.layers is None:
        raise InputError("These sentences come without the layers of a biLM; embed them with one.")
    return data.layers
