"""The bidirectional language model of ELMo (Peters et al. 2018, section 3.1): its parts, wired.

Two independent stacks of LSTMs read the same token vectors, one forward, one backward, and share
the softmax. This module runs one direction over packed tokens; how sentences are batched, where
their boundaries are and how the layers are put together is the business of its callers.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from elmo_core.config import BiLMConfig
from elmo_core.exceptions import ConfigError
from elmo_core.nn.char_cnn import CharCNN
from elmo_core.nn.lstm import LSTMState, ProjectedLSTM
from elmo_core.nn.random_numbers import drop
from elmo_core.nn.softmax import WordSoftmax

FORWARD, BACKWARD = 0, 1
_TAG_STD = 0.1


class BiLM(nn.Module):
    """A biLM with character or word-id input."""

    def __init__(self, config: BiLMConfig) -> None:
        """Make a model with random weights."""
        super().__init__()
        self.config = config
        dim = config.projection_dim
        self.char_cnn = CharCNN(config.char_cnn, dim) if config.char_cnn else None
        self.word_embedding = None if config.char_cnn else nn.Embedding(config.n_words, dim)
        # 0 = no tag, or one that the model does not know
        self.tag_embedding = nn.Embedding(len(config.tags) + 1, dim) if config.tags else None
        if self.tag_embedding is not None:
            nn.init.normal_(self.tag_embedding.weight, std=_TAG_STD)
        self.directions = nn.ModuleList(
            nn.ModuleList(
                ProjectedLSTM(
                    dim,
                    config.lstm_dim,
                    dim if config.has_projection else None,
                    config.cell_clip,
                    config.projection_clip,
                )
                for _ in range(config.n_layers)
            )
            for _ in (FORWARD, BACKWARD)
        )
        self.softmax = WordSoftmax(config.n_words, dim) if config.has_softmax else None

    def encode(self, ids: Tensor, dtype: torch.dtype | None = None, tags: Tensor | None = None) -> Tensor:
        """Token vectors (layer 0 of one direction).

        Args:
            ids: character ids (U, C) or, for word-id input, word ids (U,).
            dtype: of the products; default that of the parameters.
            tags: int64 (U,) numbers of the tags, for a model that is told of them (see
                `text.tagged.split_tags`); None = no token has one.

        Returns:
            (U, P).
        """
        if self.char_cnn is not None:
            vectors = self.char_cnn(ids, dtype)
        else:
            assert self.word_embedding is not None
            vectors = self.word_embedding(ids.long())
        return self.add_tags(vectors.to(dtype or vectors.dtype), tags)

    def add_tags(self, vectors: Tensor, tags: Tensor | None) -> Tensor:
        """Tell a model with tags of them: x_t + E c_t, so that h_t = f(w_t, h_{t-1}, c_t).

        Args:
            vectors: (U, P) of the words alone.
            tags: as for `encode`.
        """
        if self.tag_embedding is None:
            return vectors
        if tags is None:
            tags = torch.zeros(len(vectors), dtype=torch.int64, device=vectors.device)
        return vectors + self.tag_embedding(tags).to(vectors.dtype)  # type: ignore[no-any-return]

    def zero_states(self, batch: int, dtype: torch.dtype | None = None) -> list[LSTMState]:
        """The state of each layer of one direction before any token, for `batch` rows."""
        return [layer.zero_state(batch, dtype) for layer in self.lstms(FORWARD)]

    def run_direction(
        self,
        direction: int,
        tokens: Tensor,
        sizes: Sequence[int],
        states: Sequence[LSTMState],
        dropout: float = 0.0,
    ) -> tuple[list[Tensor], list[LSTMState]]:
        """Run the LSTMs of one direction over packed tokens.

        Args:
            direction: FORWARD or BACKWARD; for the latter the caller packs reversed rows.
            tokens: (N, P) packed token vectors.
            sizes: rows alive at each step, never rising.
            states: one per layer.
            dropout: of each layer's input, the residual path included (as in bilm-tf), when training.

        Returns:
            The output (N, P) of each layer, residual included, and the new states.
        """
        outputs, new_states = [], []
        for index, (layer, state) in enumerate(zip(self.lstms(direction), states, strict=True)):
            tokens = drop(tokens, dropout, self.training)
            output, state = layer(tokens, sizes, state)
            tokens = output + tokens if index > 0 and self.config.use_skip_connections else output
            outputs.append(tokens)
            new_states.append(state)
        return outputs, new_states

    def pack(self) -> None:
        """Bring the weights of the recurrence and of the highways into the order they are computed in.

        The others are used for many rows at once, where it would gain little. It cannot be trained then.
        """
        for layer in (*self.lstms(FORWARD), *self.lstms(BACKWARD)):
            layer.pack("weight_hidden", *(["weight_projection"] if layer.has_projection else []))
        for highway in self.char_cnn.highways if self.char_cnn is not None else ():
            highway.pack("weight_carry", "weight_transform")  # type: ignore[operator]

    def lstms(self, direction: int) -> list[ProjectedLSTM]:
        """The layers of FORWARD or BACKWARD, the lowest first."""
        return list(self.directions[direction])  # type: ignore[call-overload,no-any-return]

    def require_softmax(self) -> WordSoftmax:
        """The softmax.

        Raises:
            ConfigError: this model has none (official weight files never hold one).
        """
        if self.softmax is None:
            raise ConfigError(
                "This model has no softmax and cannot predict words (the official weight files hold none); "
                "use one that was trained here."
            )
        return self.softmax
