"""The public entry point: sentences in, contextual vectors out.

Load a model once and call it as often as you like, from any number of threads:

    elmo = load_elmo("english-small")
    found = elmo.embed(["The bank raised rates.", ["Tokens", "as", "a", "list"]])
    found[0].tokens, found[0].layers, found[0].mix()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from elmo_core.config import BiLMConfig, layer_names
from elmo_core.embedding.blocks import cut_blocks
from elmo_core.embedding.carrying import CarriedText
from elmo_core.embedding.engine import Engine
from elmo_core.embedding.machine import choose_device, choose_dtype
from elmo_core.embedding.plan import carried, independent
from elmo_core.embedding.reading import TokenisedText, number_words, read_texts, streamed_length
from elmo_core.embedding.result import Embedding
from elmo_core.encoders.bilm import BiLMContexts, BiLMPredictions
from elmo_core.encoders.softmax_likelihoods import SoftmaxLikelihoods
from elmo_core.exceptions import ConfigError, ElmoError, InputError, ModelError
from elmo_core.memory import require_memory
from elmo_core.nn.bilm import BiLM
from elmo_core.progress import Progress, Report, part_of, share_of
from elmo_core.text.vocabulary import Vocabulary
from elmo_core.weights.fingerprint import exact_fingerprint, fingerprint
from elmo_core.weights.registry import load_model, reference
from elmo_core.weights.store import JsonValue, StoredModel

__all__ = ["Elmo", "Embedding", "Progress", "State", "load_elmo"]

State = Literal["zero", "carry"]


def load_elmo(
    name_or_path: str | Path,
    *,
    device: str = "auto",
    dtype: str = "float32",
    threads: int | None = None,
    download: bool = False,
) -> Elmo:
    """Load a model.

    Args:
        name_or_path: a name (`tiny`, a shipped or an official model), or the path of a folder, a `.zip`
            or an official options file.
        device: see `Elmo`.
        dtype: see `Elmo`.
        threads: see `Elmo`.
        download: whether an official model that is not on this machine may be fetched.

    Raises:
        ModelNotFoundError: there is no such model on this machine.
        ModelError: its files are damaged, incomplete, unsafe or do not belong together.
        DownloadError: it could not be fetched.
        ConfigError: the device, number format or number of threads is impossible.
    """
    stored = load_model(name_or_path, download=download)
    return Elmo(stored, device=device, dtype=dtype, threads=threads)


class Elmo:
    """A model that embeds; one object may serve any number of threads at a time."""

    def __init__(
        self,
        stored: StoredModel,
        *,
        device: str = "auto",
        dtype: str = "float32",
        threads: int | None = None,
    ) -> None:
        """Make a model ready to run.

        Args:
            stored: what `elmo_core.weights` read.
            device: "auto" (a graphics processor where there is one), "cpu", "cuda" or another of torch's.
            dtype: of the products: "float32", "bfloat16" (about 3 digits, twice as fast where the device
                has it) or "auto" (bfloat16 where the device has it). Results are float32 in any case.
            threads: cores for one call; None = as many as torch uses at the time of the call. The
                results have the same bits for any number.

        Raises:
            ConfigError: the device, number format or number of threads is impossible.
            ModelError: a model with word-id input came without its vocabulary.
        """
        if threads is not None and threads < 1:
            raise ConfigError(f"threads must be 1 or more, got {threads}.")
        if stored.model.word_embedding is not None and stored.vocabulary is None:
            raise ModelError(
                f"{stored.name} reads words by their numbers in a vocabulary, but came without one; "
                "put its vocab.txt beside its weights."
            )
        chosen = choose_device(device)
        self._stored, self._asked_device, self._threads = stored, device, threads
        self.name: str = stored.name
        self.model: BiLM = stored.model
        self.vocabulary: Vocabulary | None = stored.vocabulary
        self.about: dict[str, JsonValue] = stored.about
        self.device: str = str(chosen)
        self.dtype: str = choose_dtype(dtype, chosen)
        self._engine = Engine(self.model, self.vocabulary, chosen, self.dtype)

    def __reduce__(self) -> tuple[Callable[..., Elmo], tuple[Any, ...]]:
        """Pickle and copy: the same vectors to the bit, with the same device, number format and threads.

        A model that can be loaded again by its name or path, with these very weights, is pickled as that
        name and the fingerprint of its content; loading raises ModelError where the files have changed.
        Any other one is pickled with its weights.
        """
        settings = (self._asked_device, self.dtype, self._threads)
        origin, mark = self.reference, exact_fingerprint(self._stored)
        if origin is not None and _mark_of_files(origin) == mark:
            return _from_files, (origin, mark, *settings)
        return _from_memory, (self._stored, *settings)

    @property
    def config(self) -> BiLMConfig:
        """The shape of the model."""
        return self.model.config

    @property
    def n_layers(self) -> int:
        """Layers L of a result: the token vector and each biLSTM layer."""
        return self.config.n_outputs

    @property
    def dim(self) -> int:
        """Width D of a result: both directions."""
        return self.config.output_dim

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the L layers."""
        return layer_names(self.n_layers)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the weights, in hexadecimal digits; they are read once for each loaded model."""
        return fingerprint(self.model)

    @property
    def reference(self) -> str | None:
        """The name or path under which it can be loaded again; None = it was made in memory."""
        return reference(self.name, self.about)

    def context_view(self) -> BiLMContexts:
        """What the two directions expect in a place; see `elmo_core.encoders.protocol`."""
        return BiLMContexts(self.model, self.vocabulary)

    def word_predictions(self) -> BiLMPredictions | None:
        """The words of the softmax; None without one, as in the official files."""
        if self.model.softmax is None or self.vocabulary is None:
            return None
        return BiLMPredictions(self.model, self.vocabulary)

    def word_likelihoods(self) -> SoftmaxLikelihoods | None:
        """The words by the softmax, from either side and from both; None without one."""
        if self.model.softmax is None or self.vocabulary is None:
            return None
        return SoftmaxLikelihoods(self, self.model, self.vocabulary)

    def embed(
        self,
        sentences: Iterable[str | Sequence[str]],
        *,
        state: State = "zero",
        batch_size: int | None = None,
        language: str = "en",
        progress: Progress | None = None,
    ) -> list[Embedding]:
        """Embed sentences.

        With state "zero", every sentence is read on its own: its vectors are the same whatever stands beside
        it. In float32 on a CPU they are the same to the last bit where the widths of the model (cells,
        projection, filters in all) are multiples of 16, as in all models that ship or were published, and
        within 1e-6 where they are not (MKL_CBWR=COMPATIBLE, for processors of before 2008, promises neither).
        Two processors round differently: within 1e-6.

        State "carry" is the official behaviour: batches of `batch_size` consecutive sentences, the LSTM
        state kept from batch to batch, row by row. It starts from zero in each call, so a call gives the
        same result every time; hand in a whole text at once, or use `stream`.

        Args:
            sentences: lists of tokens, taken as they are (an empty token is a token), or strings, which
                are split into sentences and tokenised. A string gives one result, even where it holds
                several sentences; each of these is read on its own.
            state: see above.
            batch_size: sentences of a batch; must be given with "carry". With "zero" it changes speed alone.
            language: of strings, for the tokeniser: ISO 639-1 code or English name.
            progress: called with (tokens done, tokens in all) from the calling thread.

        Returns:
            One result for each item, in order; of shape (L, 0, D) for one without tokens.

        Raises:
            InputError: the input is not such a list, the result would not fit into memory, `state` and
                `batch_size` do not make sense, or there is no tokeniser for the language.
        """
        _check(state, batch_size)
        return self._embedded(read_texts(sentences, language), state, batch_size, progress)

    def stream(
        self,
        sentences: Iterable[str | Sequence[str]],
        *,
        state: State = "zero",
        batch_size: int | None = None,
        language: str = "en",
        report: Report | None = None,
    ) -> Iterator[list[Embedding]]:
        """Embed any number of sentences in constant memory, one block after the other.

        The vectors are those of `embed`. Where blocks end depends on the sentences alone, so a
        stream that starts at the beginning of a block is cut in the same places as the whole one.

        Args:
            sentences: as for `embed`; read as they are needed.
            state: as for `embed`; "carry" carries the LSTM state over the ends of blocks.
            batch_size: as for `embed`.
            language: as for `embed`.
            report: progress callback; it needs a collection that has a length.

        Yields:
            The results of some consecutive sentences, in order.

        Raises:
            InputError: as `embed`, or `report` was given and `sentences` has no length.
        """
        _check(state, batch_size)
        n = streamed_length(sentences, is_reported=report is not None)
        carried = self._carried_text(batch_size, language) if state == "carry" and batch_size else None

        def embedded() -> Iterator[list[Embedding]]:
            done = 0
            for block in cut_blocks(sentences, 4 * self.n_layers * self.dim):
                part = part_of(report, done / n, (done + len(block)) / n) if n else None
                progress = share_of(part, "reading the texts")
                if carried:
                    yield carried.read(block, progress=progress)
                else:
                    texts = read_texts(block, language, first=done)
                    yield self._embedded(texts, state, batch_size, progress)
                done += len(block)
            if carried:
                yield carried.read([], is_last=True)

        return embedded()

    def _embedded(
        self, texts: Sequence[TokenisedText], state: State, batch_size: int | None, progress: Progress | None
    ) -> list[Embedding]:
        layers = self.layers_of(texts, state=state, batch_size=batch_size, progress=progress)
        return [Embedding(list(text.tokens), array) for text, array in zip(texts, layers, strict=True)]

    def _carried_text(self, batch_size: int, language: str) -> CarriedText:
        n_threads = self._threads or torch.get_num_threads()
        return CarriedText(self._engine, batch_size, (self.n_layers, self.dim), n_threads, language)

    def layers_of(
        self,
        texts: Sequence[TokenisedText],
        *,
        state: State,
        batch_size: int | None,
        progress: Progress | None,
    ) -> list[np.ndarray]:
        """Compute the layers float32 (L, T, D) of texts that have been read; arguments as for `embed`."""
        require_memory(n_tokens := sum(len(text.tokens) for text in texts), self.n_layers, self.dim)
        words, parts = number_words(texts)
        rows = batch_size or self._engine.sizes.rows
        chains = carried(parts, rows) if state == "carry" else independent(parts, rows)
        layers = [np.empty((self.n_layers, len(text.tokens), self.dim), dtype=np.float32) for text in texts]

        def report(share: float) -> None:
            if progress is not None:
                progress(round(share * n_tokens), n_tokens)

        self._engine.run(words, chains, layers, self._threads or torch.get_num_threads(), report)
        return layers


def _mark_of_files(origin: str) -> str | None:
    """The fingerprint of what a name or path stands for now; None if it cannot be loaded."""
    try:
        return exact_fingerprint(load_model(origin))
    except ElmoError:
        return None


def _from_files(origin: str, mark: str, device: str, dtype: str, threads: int | None) -> Elmo:
    stored = load_model(origin)
    if exact_fingerprint(stored) != mark:
        raise ModelError(
            f"The model {origin} has changed since this was pickled; put the old files back, or make it anew."
        )
    return Elmo(stored, device=device, dtype=dtype, threads=threads)


def _from_memory(stored: StoredModel, device: str, dtype: str, threads: int | None) -> Elmo:
    return Elmo(stored, device=device, dtype=dtype, threads=threads)


def _check(state: str, batch_size: int | None) -> None:
    if state not in ("zero", "carry"):
        raise InputError(f'state must be "zero" or "carry", got {state!r}.')
    if batch_size is None and state == "carry":
        raise InputError('state="carry" depends on the size of the batches; give batch_size.')
    if batch_size is not None and (type(batch_size) is not int or batch_size < 1):
        raise InputError(f"batch_size must be a whole number from 1 up, got {batch_size!r}.")
