"""The encoder protocol: what every model offers, and what an analysis has to ask for.

Every encoder turns sentences into vectors of their tokens in all layers. Three abilities are optional. The
method that asks for one returns None where the model lacks it, and the analysis leaves that part out or says
in one sentence why it cannot run:

    view = encoder.context_view()           # vectors of places that have not read the word there
    words = encoder.word_predictions()      # words predicted in a place
    likely = encoder.word_likelihoods()     # how likely each word of a text is
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
from torch import Tensor

from elmo_core.embedding.result import Embedding
from elmo_core.encoders.likelihoods import WordLikelihoods
from elmo_core.exceptions import InputError
from elmo_core.progress import Progress, Report
from elmo_core.text.vocabulary import Vocabulary


class ContextView(ABC):
    """Vectors of the context alone: of places in a text, without the words that stand there."""

    width: int
    """Width P of each part."""
    n_parts: int
    """2 = what two independent directions expect, so that parts of different places can be put together;
    1 = one vector that has read both sides."""
    is_free: bool
    """Whether those of all places come with the vectors of the tokens; if not, each costs a run."""

    @abstractmethod
    def of(self, found: Sequence[Embedding], spans: Sequence[Sequence[range]]) -> list[np.ndarray]:
        """Compute the contexts of places.

        Args:
            found: what the encoder returned for n sentences.
            spans: places in each sentence, each the positions of one token or of several in a row.

        Returns:
            For each sentence float32 (its places, n_parts, P).
        """

    def beside(self, found: Embedding, spans: Sequence[range]) -> np.ndarray:
        """Compute the contexts of places in one sentence as vectors, float32 (its places, n_parts * P)."""
        (parts,) = self.of([found], [spans])
        return parts.reshape(len(spans), -1)


class WordPredictions(ABC):
    """The words that a model expects in a place."""

    words: tuple[str, ...]
    """The V words; empty strings stand for entries that are not whole words."""

    @abstractmethod
    def scores(self, expected: np.ndarray) -> Tensor:
        """Score all words in some places.

        Args:
            expected: float32 (n, P), the sum of the parts of a `ContextView`.

        Returns:
            (n, V), the logarithm of a probability but for a constant of the place.
        """


class Encoder(Protocol):
    """A model that turns tokens into contextual vectors."""

    @property
    def name(self) -> str:
        """Short name, for headings and caches."""

    @property
    def n_layers(self) -> int:
        """Layers L of a result."""

    @property
    def dim(self) -> int:
        """Width D of a result."""

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the L layers."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that the vectors depend on, in hexadecimal digits."""

    @property
    def reference(self) -> str | None:
        """The name or path under which `load_encoder` finds it again; None = it was made in memory."""

    @property
    def dtype(self) -> str:
        """Number format of its products, such as "float32"."""

    @property
    def device(self) -> str:
        """Where it runs, as torch names it."""

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The words that it has as wholes, the most frequent first; None where it has no such list."""

    def embed(
        self,
        sentences: Iterable[str | Sequence[str]],
        *,
        language: str = "en",
        progress: Progress | None = None,
    ) -> list[Embedding]:
        """Embed sentences; see `Elmo.embed`."""

    def stream(
        self,
        sentences: Iterable[str | Sequence[str]],
        *,
        language: str = "en",
        report: Report | None = None,
    ) -> Iterator[list[Embedding]]:
        """Embed any number of sentences block by block; see `Elmo.stream`."""

    def context_view(self) -> ContextView | None:
        """The view of the context without the word, where the model has one."""

    def word_predictions(self) -> WordPredictions | None:
        """The words predicted in a place, where the model predicts any."""

    def word_likelihoods(self) -> WordLikelihoods | None:
        """How likely each word of a text is, where the model predicts words."""


def each_alone(positions: Iterable[int]) -> list[range]:
    """The places of single tokens, as `ContextView.of` takes them."""
    return [range(at, at + 1) for at in positions]


def free_context_view(encoder: Encoder) -> ContextView | None:
    """The view of the context without the word, where it comes with the vectors of the tokens."""
    view = encoder.context_view()
    return view if view is not None and view.is_free else None


def require_context_view(encoder: Encoder) -> ContextView:
    """The view of the context without the word.

    Raises:
        InputError: the model has none.
    """
    view = encoder.context_view()
    if view is None:
        raise InputError(
            f"{encoder.name} cannot look at a context without its word; "
            "choose a biLM, or a transformer with a mask token."
        )
    return view
