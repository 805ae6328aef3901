"""What a masked language model offers: contexts of masked places, and the words expected there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elmo_core.embedding.result import Embedding
from elmo_core.encoders.protocol import ContextView, WordPredictions

_PLACES_PER_CALL = 256
_WORD_STARTS = ("\u0120", "\u2581")  # of byte-level and of SentencePiece vocabularies

Masked = Callable[[Sequence[Sequence[str]], Sequence[int]], np.ndarray]
"""Returns the top vectors float32 (n, D) of one token in each of n sentences."""


class MaskedContexts(ContextView):
    """The top vector of a mask token in the place of a word; one run of the model for each place."""

    n_parts, is_free = 1, False

    def __init__(self, top_vectors: Masked, mask: str, width: int) -> None:
        """Take what runs the model.

        Args:
            top_vectors: runs it.
            mask: its mask token.
            width: of the vectors.
        """
        self.width, self._top_vectors, self._mask = width, top_vectors, mask

    def of(self, found: Sequence[Embedding], spans: Sequence[Sequence[range]]) -> list[np.ndarray]:
        """As `ContextView.of`; several tokens in a row become one mask token."""
        sentences, places = [], []
        for one, own in zip(found, spans, strict=True):
            for span in own:
                sentences.append([*one.tokens[: span[0]], self._mask, *one.tokens[span[-1] + 1 :]])
                places.append(span[0])
        vectors = [np.empty((0, self.width), np.float32)]
        for start in range(0, len(sentences), _PLACES_PER_CALL):
            part = slice(start, start + _PLACES_PER_CALL)
            vectors.append(self._top_vectors(sentences[part], places[part]))
        ends = np.cumsum([len(own) for own in spans])[:-1]
        return np.split(np.concatenate(vectors)[:, None], ends)


class HeadPredictions(WordPredictions):
    """The masked-LM head, applied to top vectors that have been computed."""

    def __init__(self, model: Any, tokenizer: Any, turn: threading.Lock) -> None:
        """Take a `PreTrainedModel` with a masked-LM head, its tokenizer, and a lock of the model's own."""
        self._model, self._turn = model, turn
        self._filler = tokenizer.mask_token_id
        pieces = tokenizer.convert_ids_to_tokens(list(range(model.config.get_text_config().vocab_size)))
        self.words = tuple(map(_whole_word(pieces), pieces))

    @torch.inference_mode()
    def scores(self, expected: np.ndarray) -> Tensor:
        """As `WordPredictions.scores`.

        What a head is made of differs between architectures. So the whole model reads one token for each
        place, and a hook puts the wanted vectors in the place of those that the head would get.
        """
        device = self._model.device
        vectors = torch.from_numpy(expected).to(device)[:, None]

        def replace(_: Any, __: Any, output: Any) -> Any:
            output.last_hidden_state = vectors
            return output

        with self._turn:
            hook = self._model.base_model.register_forward_hook(replace)
            try:
                ids = torch.full((len(expected), 1), self._filler, device=device)
                logits = self._model(input_ids=ids, return_dict=True).logits
            finally:
                hook.remove()
        return logits[:, 0].float().cpu()  # type: ignore[no-any-return]


def _whole_word(pieces: Sequence[str | None]) -> Callable[[str | None], str]:
    """A function that returns the word of a sub-word, and nothing for one that continues a word."""
    known = [piece for piece in pieces if piece is not None]
    marks = [mark for mark in _WORD_STARTS if any(piece.startswith(mark) for piece in known)]
    if marks:
        return lambda piece: piece[1:] if piece is not None and piece.startswith(marks[0]) else ""
    return lambda piece: "" if piece is None or piece.startswith("##") else piece
