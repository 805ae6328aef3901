"""A model that many sessions ask at once: it remembers layers within a budget, and joins small requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from elmo_core.embedder import Elmo, Progress, State
from elmo_core.embedding.reading import TokenisedText
from elmo_core.encoders.bilm import BiLMContexts
from elmo_core.encoders.transformer import TransformerEncoder
from elmo_core.exceptions import ConfigError
from elmo_core.models import find_transformer
from elmo_core.serving.joining import Joined
from elmo_core.serving.layer_cache import CacheUse, LayerCache
from elmo_core.weights.registry import load_model
from elmo_core.weights.store import StoredModel

_MOST_JOINED_TOKENS, _MOST_JOINED_TEXTS = 2000, 256
"""Larger requests run on their own: they report progress, and can be cancelled."""
BUDGET = 256 << 20
"""Bytes of layers that are kept where nothing else is said."""


Compute = Callable[[Sequence[TokenisedText], Progress | None], list[np.ndarray]]
"""From texts and a progress callback to their layers (L, T, D)."""


class KeptLayers:
    """The layers of texts as a model computes them, kept and joined."""

    def __init__(self, compute: Compute, budget: int) -> None:
        """Wrap a model.

        Args:
            compute: its work; the layers of a text must not depend on the texts beside it.
            budget: most bytes of layers that are kept; 0 keeps none.

        Raises:
            ConfigError: the budget is negative.
        """
        if budget < 0:
            raise ConfigError(f"The budget of kept layers must be 0 bytes or more, got {budget}.")
        self._compute, self._cache = compute, LayerCache(budget)
        self._joined = Joined[TokenisedText, np.ndarray](
            lambda texts: compute(texts, None), _MOST_JOINED_TEXTS
        )

    @property
    def use(self) -> CacheUse:
        """The fill level and the hits of the cache."""
        return self._cache.use

    def of(self, texts: Sequence[TokenisedText], progress: Progress | None) -> list[np.ndarray]:
        """The layers of texts. The arrays are read-only: they may be kept and returned again."""
        layers = {text: self._cache.find(text) for text in dict.fromkeys(texts)}
        missing = [text for text, kept in layers.items() if kept is None]
        n_all, n_missing = _n_tokens(texts), _n_tokens(missing)
        done = n_all - n_missing

        def report(n_done: int, _: int) -> None:
            if progress is not None:
                progress(done + n_done, n_all)

        if missing:
            computed = self._computed(missing, n_missing, report)
            layers |= zip(missing, computed, strict=True)
            self._keep(missing, computed)
        if n_all and not n_missing:
            report(0, 0)
        return [layers[text] for text in texts]  # type: ignore[misc]

    def _computed(self, texts: Sequence[TokenisedText], n_tokens: int, report: Progress) -> list[np.ndarray]:
        """Together with what other threads ask for, unless it is much."""
        if n_tokens > _MOST_JOINED_TOKENS or len(texts) > _MOST_JOINED_TEXTS:
            return self._compute(texts, report)
        computed = self._joined(texts)
        report(n_tokens, n_tokens)
        return computed

    def _keep(self, texts: Sequence[TokenisedText], layers: Sequence[np.ndarray]) -> None:
        if self._cache.takes(sum(one.nbytes for one in layers)):
            for text, one in zip(texts, layers, strict=True):
                self._cache.keep(text, one)


class SharedElmo(Elmo):
    """An `Elmo` whose `embed` gives the same bits, faster where texts come again or several threads ask.

    A text's vectors do not depend on what stands beside it, so they can be computed with others and kept.
    Layers that it hands out are shared: they cannot be written to; take a copy to change them.
    """

    def __init__(
        self,
        stored: StoredModel,
        *,
        device: str = "auto",
        dtype: str = "float32",
        threads: int | None = None,
        budget: int = BUDGET,
    ) -> None:
        """Make a model ready to serve.

        Args:
            stored: see `Elmo`.
            device: see `Elmo`.
            dtype: see `Elmo`.
            threads: see `Elmo`.
            budget: most bytes of layers that are kept; 0 keeps none.

        Raises:
            ConfigError: the budget is negative; others as those of `Elmo`.
            ModelError: as of `Elmo`.
        """
        super().__init__(stored, device=device, dtype=dtype, threads=threads)
        self._kept = KeptLayers(self._compute_alone, budget)
        self._contexts = super().context_view()

    @property
    def cache_use(self) -> CacheUse:
        """The fill level and the hits of the cache of layers."""
        return self._kept.use

    def context_view(self) -> BiLMContexts:
        """As `Elmo.context_view`; its weights stay as they are, so that it is made once."""
        return self._contexts

    def layers_of(
        self,
        texts: Sequence[TokenisedText],
        *,
        state: State,
        batch_size: int | None,
        progress: Progress | None,
    ) -> list[np.ndarray]:
        """As `Elmo.layers_of`, but the arrays are read-only: they may be cached and returned again."""
        if state != "zero":
            return super().layers_of(texts, state=state, batch_size=batch_size, progress=progress)
        return self._kept.of(texts, progress)

    def _compute_alone(self, texts: Sequence[TokenisedText], progress: Progress | None) -> list[np.ndarray]:
        return super().layers_of(texts, state="zero", batch_size=None, progress=progress)


class SharedTransformer(TransformerEncoder):
    """A transformer whose `embed` is faster where texts come again or several threads ask.

    Beside other texts, the vectors of a text may differ by a rounding (1e-6). Its layers are shared, as those
    of `SharedElmo`.
    """

    def __init__(self, plain: TransformerEncoder, *, budget: int = BUDGET) -> None:
        """Make a transformer ready to serve.

        Args:
            plain: the transformer; its weights are shared with it, not copied.
            budget: most bytes of layers that are kept; 0 keeps none.

        Raises:
            ConfigError: the budget is negative.
        """
        vars(self).update(vars(plain))
        self._kept = KeptLayers(lambda texts, progress: plain.layers_of(texts, progress=progress), budget)

    def layers_of(self, texts: Sequence[TokenisedText], *, progress: Progress | None) -> list[np.ndarray]:
        """As `TransformerEncoder.layers_of`, but the arrays are read-only."""
        return self._kept.of(texts, progress)


def load_shared(name_or_path: str | Path, *, budget: int = BUDGET) -> SharedElmo | SharedTransformer:
    """Load a model to serve many, on this machine's best device.

    Arguments and errors as of `load_encoder`.
    """
    transformer = find_transformer(name_or_path)
    if transformer is not None:
        return SharedTransformer(transformer, budget=budget)
    return SharedElmo(load_model(name_or_path), budget=budget)


def _n_tokens(texts: Iterable[TokenisedText]) -> int:
    return sum(len(text.tokens) for text in texts)
