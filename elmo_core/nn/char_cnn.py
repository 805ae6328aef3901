"""Characters of a word -> its context-free vector (Kim et al. 2016, arXiv:1508.06615; layer 0 of ELMo).

Convolutions over all character positions, maximum over them, highway layers, a projection. PAD
is an ordinary symbol with a learned vector: it takes part in the convolution and the maximum.
"""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from elmo_core.config import CharCNNConfig
from elmo_core.nn.highway import Highway
from elmo_core.nn.products import product


class _MaxConv(torch.autograd.Function):
    """Convolution as one product per width, then the maximum over positions.

    The backward pass knows that only the winning position of each filter has a gradient; autograd's
    own would carry the whole (U, positions, filters) block through several operations.
    """

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, weight: Tensor, width: int, has_gradients: bool) -> Tensor:
        n_words, n_characters, dim = vectors.shape
        positions = n_characters - width + 1
        windows = vectors.as_strided((n_words, positions, width * dim), (n_characters * dim, dim, 1))
        windows = windows.reshape(n_words * positions, width * dim)
        scores = product(None, windows, weight).view(n_words, positions, weight.shape[1])  # (U, positions, n)
        if not (has_gradients and any(ctx.needs_input_grad)):  # `needs_input_grad` does not know of no_grad
            return scores.amax(dim=1)
        best, where = scores.max(dim=1)  # (U, n)
        ctx.save_for_backward(windows, weight, where)
        ctx.shape, ctx.width = vectors.shape, width
        return best

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None]:
        windows, weight, where = ctx.saved_tensors
        n_words, n_characters, dim = ctx.shape
        positions = n_characters - ctx.width + 1
        spread = grad.new_zeros(n_words, positions, weight.shape[1])
        spread.scatter_(1, where.unsqueeze(1), grad.unsqueeze(1))
        spread = spread.view(n_words * positions, weight.shape[1])
        grad_windows = (spread @ weight.t()).view(n_words, positions, ctx.width, dim)
        grad_vectors = grad.new_zeros(ctx.shape)
        for offset in range(ctx.width):
            grad_vectors[:, offset : offset + positions] += grad_windows[:, :, offset]
        return grad_vectors, windows.t() @ spread, None, None


def _max_conv(vectors: Tensor, weight: Tensor, width: int) -> Tensor:
    return _MaxConv.apply(vectors, weight, width, torch.is_grad_enabled())  # type: ignore[no-any-return,no-untyped-call]


class CharCNN(nn.Module):
    """Words as rows of character ids -> vectors of the LSTM's input width."""

    def __init__(self, config: CharCNNConfig, output_dim: int) -> None:
        """Make the encoder.

        Args:
            config: its shape.
            output_dim: width P of a word's vector; equal to the number of filters = no projection.
        """
        super().__init__()
        self.config = config
        dim = config.embedding_dim
        self.embedding = nn.Parameter(torch.empty(config.n_characters, dim))
        self.filters = nn.ParameterList(torch.empty(width * dim, number) for width, number in config.filters)
        self.biases = nn.ParameterList(torch.zeros(number) for _, number in config.filters)
        self.highways = nn.ModuleList(Highway(config.n_filters) for _ in range(config.n_highway))
        projects = config.n_filters != output_dim
        self.projection = nn.Linear(config.n_filters, output_dim) if projects else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """The initial values of bilm-tf; the mask's row of the character table is zero."""
        config = self.config
        nn.init.uniform_(self.embedding, -1.0, 1.0)
        with torch.no_grad():
            self.embedding[0].zero_()
        for (width, _), weight in zip(config.filters, self.filters, strict=True):
            if config.activation == "relu":
                nn.init.uniform_(weight, -0.05, 0.05)
            else:
                nn.init.normal_(weight, std=(width * config.embedding_dim) ** -0.5)
        if self.projection is not None:
            nn.init.normal_(self.projection.weight, std=config.n_filters**-0.5)
            nn.init.zeros_(self.projection.bias)

    def columns_needed(self, longest: int) -> int:
        """Character columns that decide the result for words of up to `longest` characters.

        Beyond them every window holds PAD alone, and one such window per width is enough.
        """
        widest = max(width for width, _ in self.config.filters)
        return min(self.config.max_characters, longest + widest)

    def encode_words(self, characters: Tensor, lengths: Tensor, dtype: torch.dtype | None = None) -> Tensor:
        """Encode words of mixed lengths, each group with only the columns it needs.

        Args:
            characters: integer (U, max_characters) ids.
            lengths: (U,) characters in use, the two marks included.
            dtype: of the products; default that of the parameters.

        Returns:
            (U, P), the same as `forward` on all columns.
        """
        order = torch.argsort(lengths, stable=True)
        bounds = [round(len(order) * share) for share in (0.0, 0.5, 0.85, 1.0)]
        parts = []
        for start, end in itertools.pairwise(bounds):
            if start < end:
                rows = order[start:end]
                columns = self.columns_needed(int(lengths[rows[-1]]))
                parts.append(self(characters[rows, :columns], dtype))
        if not parts:
            return self(characters, dtype)  # type: ignore[no-any-return]
        return torch.cat(parts)[torch.argsort(order)]

    def forward(self, characters: Tensor, dtype: torch.dtype | None = None) -> Tensor:
        """Encode words.

        Args:
            characters: integer (U, C) ids, C at least `columns_needed`.
            dtype: of the products; default that of the parameters.

        Returns:
            (U, P).
        """
        dtype = dtype or self.embedding.dtype
        vectors = self.embedding.to(dtype)[characters.long()].contiguous()  # (U, C, e)
        activation = torch.relu if self.config.activation == "relu" else torch.tanh
        pooled = [
            activation(_max_conv(vectors, weight.to(dtype), width) + bias.to(dtype))
            for (width, _), weight, bias in zip(self.config.filters, self.filters, self.biases, strict=True)
        ]
        x = torch.cat(pooled, dim=1)  # (U, F)
        for highway in self.highways:
            x = highway(x)
        if self.projection is None:
            return x
        return product(self.projection.bias.to(dtype), x, self.projection.weight.to(dtype).t())
