"""ELMo as a layer of one's own network: token lists in, mixtures with gradients out.

    layer = ElmoLayer("english-small", n_mixtures=2, dropout=0.5)
    mixtures, mask = layer([["The", "bank", "raised", "rates"], ["They", "bank", "here"]])
    mixtures[0]  # (2, 4, layer.dim), zeros where mask is False

It offers what the module `Elmo` of AllenNLP did. The differences: the state is zero unless asked otherwise,
so a sentence has the same vectors in every call, and layer norm looks at the words alone, as in bilm-tf.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from elmo_core.embedder import Elmo, State, load_elmo
from elmo_core.embedding.reading import END, START, number_words, read_texts
from elmo_core.exceptions import ConfigError, InputError
from elmo_core.nn.bilm import BACKWARD, FORWARD, BiLM
from elmo_core.nn.lstm import LSTMState
from elmo_core.nn.scalar_mix import ScalarMix
from elmo_core.text.characters import MASK, PAD, SENTENCE_END, SENTENCE_START, words_to_ids
from elmo_core.text.tagged import split_tags
from elmo_core.weights.assembly import skeleton

Words = Sequence[Sequence[str]] | Tensor
"""Token lists, or integer character ids (B, T, C) with rows of zeros for padding."""


class ElmoOutput(NamedTuple):
    """What one call of an `ElmoLayer` returns for B sentences, padded to T tokens."""

    mixtures: list[Tensor]
    """One tensor (B, T, D) for each mixture; zeros in the place of padding."""
    mask: Tensor
    """bool (B, T), False for padding."""


class ElmoLayer(nn.Module):
    """Scalar mixtures of a biLM's layers, as a module with gradients (Peters et al. 2018, equation 1).

    The module owns a copy of the biLM without its softmax. Parts of it can be frozen or released with
    `layer.bilm.requires_grad_`; a biLM without anything to learn runs without the cost of gradients.
    """

    def __init__(
        self,
        elmo: Elmo | str | Path,
        n_mixtures: int = 1,
        *,
        trainable: bool = False,
        dropout: float = 0.5,
        layer_norm: bool = False,
        l2: float = 0.0,
        keep_sentence_boundaries: bool = False,
        state: State = "zero",
    ) -> None:
        """Make a layer with uniform mixtures.

        Args:
            elmo: a loaded model, or anything that `load_elmo` takes.
            n_mixtures: independent mixtures, each with its own weights and gamma.
            trainable: whether gradients go into the biLM as well.
            dropout: of the mixed vectors, while training.
            layer_norm: whether to normalise each layer over all tokens of the batch before it is mixed.
            l2: lambda of `penalty`, which pulls the mixtures towards uniform ones.
            keep_sentence_boundaries: whether the vectors of `<S>` and `</S>` are returned as well.
            state: "zero" reads every sentence on its own; "carry" starts row b of a batch with the LSTM
                state that row b of the last batch ended in, in both directions, as the official code does.
                Gradients stop at the start of a batch. See `reset_state`.

        Raises:
            ConfigError: a number is out of range, or there is no such state.
            ModelNotFoundError: there is no such model on this machine.
            ModelError: its files are damaged.
        """
        super().__init__()
        if isinstance(n_mixtures, bool) or not isinstance(n_mixtures, int) or n_mixtures < 1:
            raise ConfigError(f"n_mixtures must be a whole number from 1 up, got {n_mixtures!r}.")
        if not 0 <= dropout < 1:
            raise ConfigError(f"dropout must be at least 0 and less than 1, got {dropout!r}.")
        if state not in ("zero", "carry"):
            raise ConfigError(f'state must be "zero" or "carry", got {state!r}.')
        if not isinstance(elmo, Elmo):
            elmo = load_elmo(elmo, device="cpu")
        self.config, self.vocabulary = elmo.config, elmo.vocabulary
        self.bilm = _copy(elmo.model).requires_grad_(trainable)
        self.mixtures = nn.ModuleList(
            ScalarMix(elmo.n_layers, layer_norm=layer_norm, dropout=dropout, l2=l2) for _ in range(n_mixtures)
        )
        self.keep_sentence_boundaries, self.state = keep_sentence_boundaries, state
        self._carried: dict[int, list[LSTMState]] = {}

    @property
    def dim(self) -> int:
        """Width D of a mixture: both directions."""
        return self.config.output_dim

    def penalty(self) -> Tensor:
        """The L2 term of all mixtures, to be added to the task's loss: a scalar."""
        return torch.stack([mixture.penalty() for mixture in self.mixtures]).sum()  # type: ignore[operator]

    def reset_state(self) -> None:
        """Forget the carried LSTM state; the next batch starts from zero."""
        self._carried.clear()

    def character_ids(self, sentences: Sequence[Sequence[str]]) -> Tensor:
        """Character ids of token lists, for data loaders that hand over tensors.

        Args:
            sentences: B lists of tokens.

        Returns:
            int16 (B, T, C), rows of zeros for padding; AllenNLP's `batch_to_ids` gives the same numbers.

        Raises:
            InputError: `sentences` is not such a list, or the model does not read characters.
        """
        if self.config.char_cnn is None or self.config.tags:
            raise InputError("This model does not read characters alone; hand in token lists.")
        texts = read_texts(_token_lists(sentences))
        width = self.config.char_cnn.max_characters
        ids = np.full(
            (len(texts), max((len(text.tokens) for text in texts), default=0), width), MASK, np.int16
        )
        for row, text in enumerate(texts):
            ids[row, : len(text.tokens)] = words_to_ids(text.tokens, width)
        return torch.from_numpy(ids)

    def forward(self, words: Words) -> ElmoOutput:
        """Embed a batch.

        Args:
            words: B lists of tokens, or character ids (B, T, C) as `character_ids` makes them.

        Returns:
            The mixtures and the mask. T is the length of the longest sentence (of the tensor, where one was
            given), and 2 more with `keep_sentence_boundaries`.

        Raises:
            InputError: the input is neither; or its padding does not follow the words.
        """
        with torch.set_grad_enabled(torch.is_grad_enabled() and self._learns()):
            layers, lengths = self._layers(words)  # (L, B, T + 2, D), (B,)
        if not self.keep_sentence_boundaries:
            layers, lengths = layers[:, :, 1:-1], lengths - 2
        places = torch.arange(layers.shape[2], device=layers.device)
        mask = places < lengths.to(layers.device)[:, None]  # (B, T)
        mixed = [mixture(layers, mask) for mixture in self.mixtures]
        return ElmoOutput([mixture.masked_fill(~mask[..., None], 0.0) for mixture in mixed], mask)

    def _learns(self) -> bool:
        return any(parameter.requires_grad for parameter in self.bilm.parameters())

    def _layers(self, words: Words) -> tuple[Tensor, Tensor]:
        """All layers (L, B, T + 2, D), boundaries included, and lengths (B,) with them."""
        read = self._from_characters if isinstance(words, Tensor) else self._from_tokens
        vectors, numbers, lengths = read(words)  # type: ignore[arg-type]
        if not len(numbers):
            empty = vectors.new_zeros(self.config.n_outputs, 0, numbers.shape[1], self.dim)
            return empty, lengths
        places = torch.arange(numbers.shape[1])
        mirrored = torch.where(places < lengths[:, None], lengths[:, None] - 1 - places, places)  # (B, T + 2)
        mirrored = mirrored.to(vectors.device)
        tokens = vectors[numbers]  # (B, T + 2, P)
        forward = self._run(FORWARD, tokens, lengths)
        rows = torch.arange(len(numbers), device=vectors.device)[:, None]
        backward = [one[rows, mirrored] for one in self._run(BACKWARD, tokens[rows, mirrored], lengths)]
        pairs = zip([tokens, *forward], [tokens, *backward], strict=True)
        return torch.stack([torch.cat(pair, dim=-1) for pair in pairs]), lengths

    def _run(self, direction: int, tokens: Tensor, lengths: Tensor) -> list[Tensor]:
        """Outputs (B, T + 2, P) of each LSTM layer of one direction, in its order of reading."""
        packed = pack_padded_sequence(tokens, lengths, batch_first=True, enforce_sorted=False)
        order = packed.sorted_indices
        states = [
            LSTMState(*(part[order] for part in state)) for state in self._start(direction, len(tokens))
        ]
        sizes = packed.batch_sizes.tolist()
        outputs, ends = self.bilm.run_direction(direction, packed.data, sizes, states)
        if self.state == "carry":
            for old, new in zip(self._carried[direction], ends, strict=True):
                for kept, part in zip(old, new, strict=True):
                    kept[order] = part.detach()
        shape = packed.batch_sizes, order, packed.unsorted_indices
        return [
            pad_packed_sequence(PackedSequence(output, *shape), batch_first=True)[0] for output in outputs
        ]

    def _start(self, direction: int, n_rows: int) -> list[LSTMState]:
        """The states (n_rows, ...) before a batch; rows that were never used are zero."""
        zero = self.bilm.zero_states(n_rows)
        if self.state == "zero":
            return zero
        carried = self._carried.get(direction, zero)
        n_kept = len(carried[0].output)
        self._carried[direction] = [
            LSTMState(
                *(torch.cat([part.to(new), new[n_kept:]]) for part, new in zip(old, empty, strict=True))
            )
            for old, empty in zip(carried, zero, strict=True)
        ]
        return [LSTMState(*(part[:n_rows] for part in state)) for state in self._carried[direction]]

    def _from_tokens(self, sentences: Sequence[Sequence[str]]) -> tuple[Tensor, Tensor, Tensor]:
        """Vectors (U, P) of the distinct words, their numbers (B, T + 2), and lengths (B,)."""
        words, read = number_words(read_texts(_token_lists(sentences)))
        lengths = torch.tensor([len(sentence.words) + 2 for sentence in read], dtype=torch.int64)
        numbers = torch.full((len(read), int(lengths.max()) if len(read) else 2), START)
        for row, sentence in enumerate(read):
            numbers[row, 1 : len(sentence.words) + 1] = torch.from_numpy(sentence.words)
            numbers[row, len(sentence.words) + 1] = END
        plain, tags = split_tags(words, self.config.tags)
        if self.config.char_cnn is not None:
            ids = torch.from_numpy(words_to_ids(plain, self.config.char_cnn.max_characters))
        else:
            assert self.vocabulary is not None  # `Elmo` refuses such a model without it
            ids = torch.from_numpy(self.vocabulary.ids_of(plain))
        return self._encode(ids, torch.from_numpy(tags)), numbers.to(self._device), lengths

    def _from_characters(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The same of character ids (B, T, C)."""
        cnn = self.config.char_cnn
        if cnn is None or self.config.tags:
            raise InputError("This model does not read characters alone; hand in token lists.")
        is_integer = not (ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool)
        if ids.dim() != 3 or ids.shape[2] != cnn.max_characters or not is_integer:
            raise InputError(
                f"Character ids must be integers of shape (sentences, tokens, {cnn.max_characters}), "
                f"got {ids.dtype} of shape {tuple(ids.shape)}."
            )
        ids = ids.cpu().long()
        if ids.numel() and not 0 <= int(ids.min()) <= int(ids.max()) < cnn.n_characters:
            raise InputError(f"Character ids must be at least 0 and less than {cnn.n_characters}.")
        is_word = (ids != MASK).any(dim=2)  # (B, T)
        lengths = is_word.sum(dim=1)
        if not torch.equal(is_word, torch.arange(ids.shape[1]) < lengths[:, None]):
            raise InputError("Character ids must have their padding, rows of zeros, after the words.")
        marks = torch.from_numpy(words_to_ids([SENTENCE_START, SENTENCE_END], cnn.max_characters)).long()
        words, found = torch.unique(torch.cat([marks, ids[is_word]]), dim=0, return_inverse=True)
        numbers = found[START].repeat(len(ids), ids.shape[1] + 2)
        numbers[:, 1:-1][is_word] = found[2:]
        numbers[torch.arange(len(ids)), lengths + 1] = found[END]
        return self._encode(words, None), numbers.to(self._device), lengths + 2

    def _encode(self, ids: Tensor, tags: Tensor | None) -> Tensor:
        """Token vectors (U, P) of word ids (U,) or character ids (U, C), without columns of no effect."""
        if self.bilm.char_cnn is not None and len(ids):
            longest = int((ids != PAD).sum(dim=1).max())
            ids = ids[:, : self.bilm.char_cnn.columns_needed(longest)]
        return self.bilm.encode(ids.to(self._device), tags=None if tags is None else tags.to(self._device))

    @property
    def _device(self) -> torch.device:
        return next(self.bilm.parameters()).device


def _copy(model: BiLM) -> BiLM:
    """A biLM with weights of its own and without a softmax."""
    copy = skeleton(dataclasses.replace(model.config, has_softmax=False))
    weights = model.state_dict()
    copy.load_state_dict({name: weights[name].clone() for name in copy.state_dict()}, assign=True)
    return copy


def _token_lists(sentences: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    """Refuse untokenised sentences: a layer returns one row for each token that was handed in."""
    if not isinstance(sentences, str) and any(isinstance(item, str) for item in sentences):
        raise InputError("ElmoLayer takes lists of tokens; split strings into tokens first.")
    return sentences
