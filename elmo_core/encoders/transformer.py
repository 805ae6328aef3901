"""Transformers of Hugging Face as encoders: whole words in every layer, special tokens left out.

A word's vector is made of those of its sub-words. A text that is longer than the model can read is cut into
overlapping windows; a word is taken from the window in which it stands farthest from an edge. The context
without the word is the top vector of the mask token in its place.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elmo_core.config import layer_names
from elmo_core.embedding.blocks import cut_blocks
from elmo_core.embedding.reading import TokenisedText, read_texts, streamed_length
from elmo_core.embedding.result import Embedding
from elmo_core.encoders.masked import HeadPredictions, MaskedContexts
from elmo_core.encoders.masked_likelihoods import MaskedLikelihoods
from elmo_core.encoders.protocol import ContextView, WordPredictions
from elmo_core.encoders.sub_words import Joining, SubWords, Window
from elmo_core.exceptions import ModelError
from elmo_core.memory import require_memory
from elmo_core.progress import Progress, Report, part_of, share_of
from elmo_core.text.vocabulary import Vocabulary

_PIECES_PER_RUN = 4096

Again = Callable[[str], tuple[Any, tuple[Any, ...]]]
"""From a fingerprint, a function and its arguments that load the same model once more."""


class TransformerEncoder:
    """A transformer as an `Encoder`; `elmo_core.models.load_encoder` makes one."""

    def __init__(
        self,
        name: str,
        model: Any,
        tokenizer: Any,
        *,
        longest: int,
        sub_words: Joining = "mean",
        origin: tuple[str, Again] | None = None,
    ) -> None:
        """Make a model ready to run.

        Args:
            name: short name.
            model: a `PreTrainedModel` of the library transformers, with or without a masked-LM head.
            tokenizer: its fast tokenizer.
            longest: sub-words that can be read together, special tokens included.
            sub_words: how those of a word become one vector.
            origin: the name or path under which it can be loaded again, and how; None = it cannot.
        """
        self.name, self.dtype, self.device = name, "float32", str(model.device)
        self.vocabulary: Vocabulary | None = None
        self._origin, self._turn = origin, threading.Lock()
        self._whole, self._tokenizer = model.eval(), tokenizer
        base = model.base_model
        self._model = base.get_encoder() if model.config.is_encoder_decoder else base
        self._pieces = SubWords(tokenizer, longest, sub_words)
        config = model.config.get_text_config()
        self._shape = int(config.num_hidden_layers) + 1, int(config.hidden_size)

    @property
    def n_layers(self) -> int:
        """Layers L of a result: the input vectors, which hold the position as well, and every layer."""
        return self._shape[0]

    @property
    def dim(self) -> int:
        """Width D of a result."""
        return self._shape[1]

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the L layers."""
        return layer_names(self.n_layers)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the tokenizer, the weights and how sub-words are joined, in hexadecimal digits.

        A pooler is left out: no vector depends on it, and files may lack it.
        """
        found = hashlib.sha256(self._pieces.description.encode())
        for name, weight in sorted(self._whole.state_dict().items()):
            if "pooler" not in name:
                found.update(name.encode())
                found.update(weight.detach().cpu().contiguous().numpy().tobytes())
        return found.hexdigest()

    @property
    def reference(self) -> str | None:
        """The name or path under which it can be loaded again; None = it was made in memory."""
        return self._origin[0] if self._origin else None

    @property
    def n_parameters(self) -> int:
        """Number of its weights."""
        return sum(weight.numel() for weight in self._whole.parameters())

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        """Pickle and copy as the place it was loaded from and its fingerprint.

        Raises:
            ModelError: it was made in memory.
        """
        if self._origin is None:
            raise ModelError(f"{self.name} was made in memory, so it cannot be pickled; save it first.")
        return self._origin[1](self.fingerprint)

    def save(self, folder: Path) -> None:
        """Write weights (safetensors, float32), settings and tokenizer into a folder that exists."""
        self._whole.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)

    def embed(
        self,
        sentences: Iterable[str | Sequence[str]],
        *,
        language: str = "en",
        progress: Progress | None = None,
    ) -> list[Embedding]:
        """Embed sentences.

        Args:
            sentences: lists of tokens, or strings, which are tokenised; a string is read as a whole.
            language: of strings, for the tokeniser.
            progress: called with (tokens done, tokens in all).

        Returns:
            One result for each item, in order. A token without sub-words (an empty one) has those of the
            unknown word, or zeros where the tokenizer has none.

        Raises:
            InputError: the input is not such a list, or the result would not fit into memory.
        """
        return self._embedded(read_texts(sentences, language), progress)

    def stream(
        self,
        sentences: Iterable[str | Sequence[str]],
        *,
        language: str = "en",
        report: Report | None = None,
    ) -> Iterator[list[Embedding]]:
        """Embed any number of sentences in constant memory; arguments and errors as of `Elmo.stream`."""
        n = streamed_length(sentences, is_reported=report is not None)

        def embedded() -> Iterator[list[Embedding]]:
            done = 0
            for block in cut_blocks(sentences, 4 * self.n_layers * self.dim):
                part = part_of(report, done / n, (done + len(block)) / n) if n else None
                texts = read_texts(block, language, first=done)
                yield self._embedded(texts, share_of(part, "reading the texts"))
                done += len(block)

        return embedded()

    def context_view(self) -> ContextView | None:
        """The top vector of the mask token in the place of a word; None without a mask token."""
        return (
            MaskedContexts(self._masked, self._tokenizer.mask_token, self.dim)
            if self._tokenizer.mask_token is not None
            else None
        )

    def word_predictions(self) -> WordPredictions | None:
        """The words of the masked-LM head; None without one."""
        if self._tokenizer.mask_token is None or self._whole is self._whole.base_model:
            return None
        return self._head

    def word_likelihoods(self) -> MaskedLikelihoods | None:
        """The words as its head predicts each from all others; None without a head."""
        predictions = self.word_predictions()
        if predictions is None:
            return None
        return MaskedLikelihoods(
            self._top_vectors,
            predictions,
            self._pieces,
            self._tokenizer.mask_token_id,
            n_parameters=self.n_parameters - self._whole.get_input_embeddings().weight.numel(),
            fingerprint=self.fingerprint,
        )

    @cached_property
    def _head(self) -> HeadPredictions:
        return HeadPredictions(self._whole, self._tokenizer, self._turn)

    def _embedded(self, texts: Sequence[TokenisedText], progress: Progress | None) -> list[Embedding]:
        layers = self.layers_of(texts, progress=progress)
        return [Embedding(list(text.tokens), one) for text, one in zip(texts, layers, strict=True)]

    def layers_of(self, texts: Sequence[TokenisedText], *, progress: Progress | None) -> list[np.ndarray]:
        """Compute the layers float32 (L, T, D) of texts that have been read; arguments as for `embed`."""
        total = sum(len(text.tokens) for text in texts)
        require_memory(total, self.n_layers, self.dim)
        layers = [np.zeros((self.n_layers, len(text.tokens), self.dim), np.float32) for text in texts]
        done = 0
        for window, found in self._run([text.tokens for text in texts]):
            layers[window.text][:, window.words] = self._pieces.joined(found, window)
            done += len(window.words)
            if progress is not None:
                progress(done, total)
        return layers

    def _masked(self, sentences: Sequence[Sequence[str]], places: Sequence[int]) -> np.ndarray:
        """Top vectors of one token in each of n sentences, whose other tokens are read: float32 (n, D)."""
        vectors = np.zeros((len(sentences), self.dim), np.float32)
        for window, found in self._run(sentences):
            at = np.flatnonzero(window.words == places[window.text])
            if len(at):
                vectors[window.text] = self._pieces.joined(found[-1:], window)[0, at[0]]
        return vectors

    def _run(self, texts: Sequence[Sequence[str]]) -> Iterator[tuple[Window, np.ndarray]]:
        """Each window with the vectors (L, S, D) of its sub-words, windows of like length together."""
        windows = sorted(self._pieces.windows(texts), key=lambda window: len(window.ids))
        start = 0
        while start < len(windows):
            end = start + 1
            while end < len(windows) and (end + 1 - start) * len(windows[end].ids) <= _PIECES_PER_RUN:
                end += 1
            yield from zip(windows[start:end], self._hidden(windows[start:end]), strict=True)
            start = end

    @torch.inference_mode()
    def _hidden(self, windows: Sequence[Window]) -> Iterator[np.ndarray]:
        """Vectors (L, S, D) of the sub-words of each window."""
        output = self._model(
            **self._padded([window.ids for window in windows]), output_hidden_states=True, return_dict=True
        )
        hidden = torch.stack(output.hidden_states, dim=1).float().cpu().numpy()  # (B, L, S, D)
        for row, window in enumerate(windows):
            yield hidden[row, :, : len(window.ids)]

    @torch.inference_mode()
    def _top_vectors(self, ids: Sequence[Sequence[int]], places: Sequence[int]) -> np.ndarray:
        """Top vectors of one place in each of n lists of sub-words: float32 (n, D)."""
        top = self._model(**self._padded(ids), return_dict=True).last_hidden_state  # (n, S, D)
        return top[torch.arange(len(ids)), torch.tensor(places)].float().cpu().numpy()  # type: ignore[no-any-return]

    def _padded(self, ids: Sequence[Sequence[int]]) -> dict[str, Tensor]:
        """Lists of sub-words as the model takes them."""
        padded = torch.full((len(ids), max(map(len, ids))), self._tokenizer.pad_token_id or 0)
        mask = torch.zeros_like(padded)
        for row, own in enumerate(ids):
            padded[row, : len(own)] = torch.tensor(own)
            mask[row, : len(own)] = 1
        device = self._whole.device
        return {"input_ids": padded.to(device), "attention_mask": mask.to(device)}
